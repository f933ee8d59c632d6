// Tells the files of Firecracker's seccompiler from profiles.
import type { JsonValue } from '../json.js';
import { ACTION_KEYS } from './schema.js';

/** Whether a document has the actions of such a filter, or is an object of objects one of which has. */
export const isFirecracker = (root: JsonValue): boolean =>
  root.kind === 'object' &&
  [root, ...Array.from(root.members.values(), ({ value }) => value)].some(
    value => value.kind === 'object' && ACTION_KEYS.some(key => value.members.has(key)),
  );
