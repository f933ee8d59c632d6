// Describes in few words the calls that get one action: the step from the many ways through a program to rules.
import { CompileError } from '../../util/errors.js';
import { WorkBudget } from '../../util/work.js';
import type { Action } from '../../kernel/action.js';
import {
  EVERY_VALUE,
  includes,
  isEveryValue,
  meets,
  simplify,
  type ArgumentSet,
  type WordPair,
} from './argument-set.js';

/** One way through a program for one number: the arguments that take it, each independent of the others. */
export interface Path {
  readonly action: Action;
  /** Six, by index. */
  readonly cells: readonly WordPair[];
}

/** Calls whose six arguments are in these sets. */
export type Box = readonly ArgumentSet[];

/** Comparisons of cells that one program is worth; real filters need some thousands. */
const COVER_STEPS = 4_000_000;

/** The budget of the covers of one program. Exceeding it throws CompileError (`undecidable-program`). */
export const coverBudget = (): WorkBudget =>
  new WorkBudget(
    COVER_STEPS,
    () =>
      new CompileError(
        'undecidable-program',
        'the ways through the program are too many to be put into rules',
      ),
  );

/**
 * Boxes that together hold the calls of an action, and none of another one. `paths` are disjoint and hold every call.
 *
 * Each box starts as a path and is widened as long as it meets no path of another action; a path that lies in a box
 * needs none of its own. Throws CompileError (`undecidable-program`) where the budget does not suffice.
 */
export function cover(paths: readonly Path[], action: Action, work: WorkBudget): readonly Box[] {
  const own = paths.filter(path => path.action === action);
  const others = paths.filter(path => path.action !== action);
  work.spend(paths.length);
  const spend = (box: Box, times: number): void => {
    work.spend(times * box.reduce((cells, set) => cells + set.length, 0));
  };
  const isOwn = (box: Box): boolean => {
    spend(box, others.length);
    return !others.some(({ cells }) => box.every((set, arg) => meets(set, cellOf(cells, arg), work)));
  };
  const holds = (box: Box, { cells }: Path): boolean => {
    spend(box, 1);
    return box.every((set, arg) => includes(set, cellOf(cells, arg), work));
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
        if (!includes(wide, cell, work) && isOwn(box.with(arg, [cell]))) wide = [...wide, cell];
      }
      box = box.with(arg, simplify(wide, work));
    }
    return box;
  };

  const boxes: { readonly box: Box; readonly held: ReadonlySet<Path> }[] = [];
  for (const path of own) {
    work.spend(boxes.length);
    if (boxes.some(({ held }) => held.has(path))) continue;
    const box = widen(path);
    boxes.push({ box, held: new Set(own.filter(other => holds(box, other))) });
  }
  // A later box may hold all that an earlier one was made for.
  const needed = boxes
    .filter(({ held }, index) =>
      [...held].some(path => {
        work.spend(boxes.length - index);
        return !boxes.some((other, place) => place > index && other.held.has(path));
      }),
    )
    .map(({ box }) => box);
  return trimmed(needed, spend, work);
}

/** The boxes without those values of an argument that another box allows in the same company. */
function trimmed(
  boxes: readonly Box[],
  spend: (box: Box, times: number) => void,
  work: WorkBudget,
): readonly Box[] {
  let result = boxes;
  for (const index of boxes.keys()) {
    const others = result.filter((_, place) => place !== index);
    const trim = (box: Box, arg: number): Box => {
      const set = box[arg] ?? EVERY_VALUE;
      if (isEveryValue(set) || set.length === 1) return box;
      const rest = set.filter(cell => {
        for (const other of others) spend(other, 1);
        return !others.some(other => contains(other, box.with(arg, [cell]), work));
      });
      return box.with(arg, rest);
    };
    const box = result[index];
    if (box !== undefined) result = result.with(index, [0, 1, 2, 3, 4, 5].reduce(trim, box));
  }
  return result;
}

/** Whether every call of the second box is in the first. */
const contains = (outer: Box, inner: Box, work: WorkBudget): boolean =>
  outer.every((set, arg) => (inner[arg] ?? []).every(cell => includes(set, cell, work)));

const cellOf = (cells: readonly WordPair[], arg: number): WordPair => {
  const cell = cells[arg];
  if (cell === undefined) throw new RangeError(`a path has no argument ${arg}`);
  return cell;
};
