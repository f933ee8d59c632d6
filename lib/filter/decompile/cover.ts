// Describes in few words the calls that get one action: the step from the many ways through a program to rules.
import { CompileError } from '../../errors.js';
import type { Action } from '../../policy/action.js';
import {
  EVERY_VALUE,
  includes,
  isEveryValue,
  meets,
  simplify,
  type ArgumentSet,
  type Cell,
} from './argument-set.js';

/** One way through a program for one number: the arguments that take it, each independent of the others. */
export interface Path {
  readonly action: Action;
  /** Six, by index. */
  readonly cells: readonly Cell[];
}

/** Calls whose six arguments are in these sets. */
export type Box = readonly ArgumentSet[];

/** What is left of the work that one program is worth. */
export interface CoverBudget {
  /** Comparisons of cells. */
  comparisons: number;
}

/** Real filters need some thousands. */
export const coverBudget = (): CoverBudget => ({ comparisons: 4_000_000 });

/**
 * Boxes that together hold the calls of an action, and none of another one. `paths` are disjoint and hold every call.
 *
 * Each box starts as a path and is widened as long as it meets no path of another action; a path that lies in a box
 * needs none of its own. Throws CompileError (`undecidable-program`) where the budget does not suffice.
 */
export function cover(paths: readonly Path[], action: Action, budget: CoverBudget): readonly Box[] {
  const own = paths.filter(path => path.action === action);
  const others = paths.filter(path => path.action !== action);
  const spend = (box: Box, times: number): void => {
    budget.comparisons -= times * box.reduce((cells, set) => cells + set.length, 0);
    if (budget.comparisons < 0)
      throw new CompileError(
        'undecidable-program',
        'the ways through the program are too many to be put into rules',
      );
  };
  const isOwn = (box: Box): boolean => {
    spend(box, others.length);
    return !others.some(({ cells }) => box.every((set, arg) => meets(set, cellOf(cells, arg))));
  };
  const holds = (box: Box, { cells }: Path): boolean => {
    spend(box, 1);
    return box.every((set, arg) => includes(set, cellOf(cells, arg)));
  };

  const widen = (path: Path): Box => {
    let box: Box = path.cells.map(cell => [cell]);
    for (const arg of box.keys()) {
      const wider = box.with(arg, EVERY_VALUE);
      if (isOwn(wider)) box = wider;
    }
    for (const [arg, set] of box.entries()) {
      if (isEveryValue(set)) continue;
      let wide = set;
      for (const { cells } of own) {
        const cell = cellOf(cells, arg);
        if (!includes(wide, cell) && isOwn(box.with(arg, [cell]))) wide = [...wide, cell];
      }
      box = box.with(arg, simplify(wide));
    }
    return box;
  };

  const boxes: { readonly box: Box; readonly held: readonly Path[] }[] = [];
  for (const path of own) {
    if (boxes.some(({ held }) => held.includes(path))) continue;
    const box = widen(path);
    boxes.push({ box, held: own.filter(other => holds(box, other)) });
  }
  // A later box may hold all that an earlier one was made for.
  const needed = boxes
    .filter(({ held }, index) =>
      held.some(path => !boxes.some((other, place) => place > index && other.held.includes(path))),
    )
    .map(({ box }) => box);
  return trimmed(needed, spend);
}

/** The boxes without those values of an argument that another box allows in the same company. */
function trimmed(boxes: readonly Box[], spend: (box: Box, times: number) => void): readonly Box[] {
  let result = boxes;
  for (const index of boxes.keys()) {
    const others = result.filter((_, place) => place !== index);
    const trim = (box: Box, arg: number): Box => {
      const set = box[arg] ?? EVERY_VALUE;
      if (isEveryValue(set) || set.length === 1) return box;
      const rest = set.filter(cell => {
        for (const other of others) spend(other, 1);
        return !others.some(other => contains(other, box.with(arg, [cell])));
      });
      return box.with(arg, rest);
    };
    const box = result[index];
    if (box !== undefined) result = result.with(index, [0, 1, 2, 3, 4, 5].reduce(trim, box));
  }
  return result;
}

/** Whether every call of the second box is in the first. */
const contains = (outer: Box, inner: Box): boolean =>
  outer.every((set, arg) => (inner[arg] ?? []).every(cell => includes(set, cell)));

const cellOf = (cells: readonly Cell[], arg: number): Cell => {
  const cell = cells[arg];
  if (cell === undefined) throw new RangeError(`a path has no argument ${arg}`);
  return cell;
};
