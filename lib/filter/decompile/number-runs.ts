// Splits the numbers of calls into the longest runs with the same remaining function.
import { WORD } from '../../bpf/program.js';
import { levelOf, type Bdd, type Node } from '../meaning/bdd.js';

/** Numbers from `low` to `high`, inclusive, with the same remaining function: `rest`. */
export interface NumberRun {
  readonly low: number;
  readonly high: number;
  readonly rest: Node;
}

/** The steps that a run counts for, because each is kept in memory. */
const RUN_STEPS = 4;

/**
 * All runs from `low` to `high`, ascending. `section` is a function of number, arguments and instruction pointer.
 * Undefined if there are more than `limit`.
 */
export function numberRuns(
  bdd: Bdd,
  section: Node,
  low: number,
  high: number,
  limit: number,
): readonly NumberRun[] | undefined {
  const first = levelOf(WORD.nr, 31);
  const runs: { low: number; high: number; readonly rest: Node }[] = [];
  const visit = (node: Node, level: number, base: number): boolean => {
    const size = 2 ** (first + 32 - level);
    if (base > high || base + size <= low) return true;
    bdd.spend(RUN_STEPS);
    if (bdd.level(node) >= first + 32) {
      const [from, to] = [Math.max(base, low), Math.min(base + size - 1, high)];
      const last = runs.at(-1);
      if (last?.rest === node) last.high = to;
      else runs.push({ low: from, high: to, rest: node });
      return runs.length <= limit;
    }
    const asked = bdd.level(node) === level;
    return (
      visit(asked ? bdd.low(node) : node, level + 1, base) &&
      visit(asked ? bdd.high(node) : node, level + 1, base + size / 2)
    );
  };
  return visit(section, first, 0) ? runs : undefined;
}
