// Reads lists element by element, by own properties only.
import { UsageError } from './errors.js';
import { own } from './own.js';

/**
 * The elements of a list, each read once. A hole is undefined, whatever Array.prototype holds, and an iterator that the
 * list brings along is not asked. Throws UsageError (`bad-argument`) for a list of more than a million.
 */
export function ownElements<Item>(list: readonly Item[]): Item[] {
  const { length } = list;
  if (length > MAX_LENGTH)
    throw new UsageError('bad-argument', `a list of ${length} elements is too long`, 'Pass a shorter one');
  return Array.from({ length }, (_, index) => own(list, index) as Item);
}

/** So that a hostile length costs nothing. */
const MAX_LENGTH = 1_000_000;
