// Reads lists element by element, by own properties only.
import { UsageError } from './errors.js';
import { own } from './own.js';

/**
 * The elements of a list, each read once. A hole is undefined, even if Array.prototype has that index, and the list's
 * own iterator is not used. Throws UsageError (`bad-argument`) for more than a million elements.
 */
export function ownElements<Item>(list: readonly Item[]): Item[] {
  const { length } = list;
  if (length > MAX_LENGTH)
    throw new UsageError('bad-argument', `a list of ${length} elements is too long`, 'Pass a shorter one');
  return Array.from({ length }, (_, index) => own(list, index) as Item);
}

/** Keeps a hostile length from costing time or memory. */
const MAX_LENGTH = 1_000_000;
