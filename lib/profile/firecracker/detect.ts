// Tells the files of Firecracker's seccompiler from profiles.
import type { JsonValue } from '../json.js';

/** Whether a document has the actions of such a filter, or is an object of objects one of which has. */
export const isFirecracker = (root: JsonValue): boolean =>
  root.kind === 'object' &&
  [root, ...Array.from(root.members.values(), ({ value }) => value)].some(
    value =>
      value.kind === 'object' && ['default_action', 'filter_action'].some(key => value.members.has(key)),
  );
