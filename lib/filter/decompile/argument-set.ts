// Sets of values of one argument, as the two words of a register: what decompiling computes with.
import type { WorkBudget } from '../../util/work.js';
import { difference, FULL, intersection, type WordSet } from '../prove/words.js';

/** Registers whose high word is in one set and whose low word is in another. */
export interface WordPair {
  readonly high: WordSet;
  readonly low: WordSet;
}

/** A union of cells, which may overlap. */
export type ArgumentSet = readonly WordPair[];

const EVERY_CELL: WordPair = { high: FULL, low: FULL };

/** Every value. */
export const EVERY_VALUE: ArgumentSet = [EVERY_CELL];

/** Whether a set was never narrowed. */
export const isEveryValue = (set: ArgumentSet): boolean =>
  set.some(({ high, low }) => high === FULL && low === FULL);

/** Whether a value is in both. As all of these, it counts its steps on `work`. */
export const meets = (set: ArgumentSet, cell: WordPair, work?: WorkBudget): boolean =>
  set.some(
    ({ high, low }) =>
      intersection(high, cell.high, work) !== undefined && intersection(low, cell.low, work) !== undefined,
  );

/** Whether every value of the cell is in the set. */
export function includes(set: ArgumentSet, cell: WordPair, work?: WorkBudget): boolean {
  work?.spend(set.length);
  const [first, ...rest] = set;
  if (first === undefined) return false;
  if (first.high === FULL && first.low === FULL) return true;
  const high = intersection(first.high, cell.high, work);
  if (high === undefined || intersection(first.low, cell.low, work) === undefined)
    return includes(rest, cell, work);
  return (
    difference(cell.high, first.high, work).every(part =>
      includes(rest, { high: part, low: cell.low }, work),
    ) && difference(cell.low, first.low, work).every(part => includes(rest, { high, low: part }, work))
  );
}

/**
 * The same values in cells of which those about masks say as little as possible: what only tells one cell from another
 * is left out. Cells without masks stay, as their ranges join those of others.
 */
export function simplify(set: ArgumentSet, work?: WorkBudget): ArgumentSet {
  let cells = set;
  for (const [index, { high, low }] of set.entries()) {
    if (high.facts.length === 0 && low.facts.length === 0) continue;
    for (const word of ['high', 'low'] as const) {
      for (const wider of relaxed(cells[index]?.[word] ?? FULL)) {
        const cell = cells[index] ?? EVERY_CELL;
        const wide = { ...cell, [word]: wider(cell[word]) };
        if (includes(cells, wide, work)) cells = cells.with(index, wide);
      }
    }
  }
  return cells.filter(
    (cell, index) =>
      !cells.some(
        (other, place) => includes([other], cell, work) && (place < index || !includes([cell], other, work)),
      ),
  );
}

/** Ways to ask less of a word: nothing at all, nothing about its order, nothing about one of its masks. */
const relaxed = ({ facts }: WordSet): readonly ((word: WordSet) => WordSet)[] => [
  () => FULL,
  word => (word.facts.length === 0 ? FULL : { ranges: FULL.ranges, facts: word.facts }),
  ...facts.map(fact => (word: WordSet) => ({
    ranges: word.ranges,
    facts: word.facts.filter(other => other !== fact),
  })),
];
