// Converts the stdio of a child to a list, so that the package's own descriptors can follow.
import type { IOType, StdioOptions } from 'node:child_process';
import { optionError, oneOf } from '../../../util/options.js';
import { ownElements } from '../../../util/own-elements.js';

/** One item per descriptor. */
export type StdioList = Extract<StdioOptions, unknown[]>;

/** Converts `stdio` to a list of at least three items, as Node does. Throws UsageError (`bad-option`). */
export function stdioList(stdio: StdioOptions | null | undefined, standard: IOType = 'pipe'): StdioList {
  const given = stdio ?? standard;
  if (typeof given === 'string') {
    oneOf('stdio', given, ['pipe', 'overlapped', 'ignore', 'inherit']);
    return [given, given, given];
  }
  if (!Array.isArray(given)) {
    throw optionError('stdio is neither a string nor a list', 'See node:child_process');
  }
  // Holes become undefined.
  const list = ownElements(given);
  while (list.length < 3) list.push(undefined);
  return list;
}
