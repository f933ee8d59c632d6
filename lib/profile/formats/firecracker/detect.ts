// Distinguishes the files of Firecracker's seccompiler from profiles.
import type { JsonObject, JsonValue } from '../../json.js';

/** The keys of the two actions: Firecracker's, and those of rust-vmm's crate, which also accepts Firecracker's. */
export const DEFAULT_ACTION = ['default_action', 'mismatch_action'] as const;
export const FILTER_ACTION = ['filter_action', 'match_action'] as const;

/** Whether an object is a filter. */
export const hasActions = ({ members }: JsonObject): boolean =>
  [...DEFAULT_ACTION, ...FILTER_ACTION].some(key => members.has(key));

/** Whether a document has the actions of a filter, or contains an object that has them. */
export const isFirecracker = (root: JsonValue): boolean =>
  root.kind === 'object' &&
  [root, ...Array.from(root.members.values(), ({ value }) => value)].some(
    value => value.kind === 'object' && hasActions(value),
  );
