// Converts a set of values of one argument to alternative comparisons of a profile.
import type { Condition } from '../../policy/policy.js';
import { EVERY, NONE, type Bdd, type Node } from '../meaning/bdd.js';
import { firstLevel } from '../meaning/cover.js';
import {
  countPaths,
  countRanges,
  disjointMasksOf,
  masksOf,
  rangesOf,
  type Mask,
  type NumberRange,
} from '../meaning/number-sets.js';
import { conditionSet } from '../meaning/policy-meaning.js';

/** The maximum number of comparisons of one argument; a profile with more would be unreadable. */
const MAX_ALTERNATIVES = 128;
/** The maximum size of a range that may be listed value by value. */
const SHORT_RANGE = 8n;

/** An argument and the width of its comparisons. */
interface Argument {
  readonly arg: 0 | 1 | 2 | 3 | 4 | 5;
  readonly width: 32 | 64;
}

/** Reading costs: people read four values faster than a mask and its value. */
const MASK_COST = 4.6;
const NEXT_VALUE_COST = 0.75;

/** The reading cost of conditions: successive values cost less, masks more. */
const costOf = (conditions: readonly Condition[]): number =>
  conditions.reduce((sum, { op, value }, index) => {
    if (op === 'SCMP_CMP_MASKED_EQ') return sum + MASK_COST;
    const before = conditions[index - 1];
    return (
      sum + (op === 'SCMP_CMP_EQ' && before?.op === op && before.value + 1n === value ? NEXT_VALUE_COST : 1)
    );
  }, 0);

/** An estimate of the reading cost of a set of values, which is computed much faster than its comparisons. */
export const estimate = (bdd: Bdd, first: number, calls: Node): number =>
  Math.min(countRanges(bdd, calls, first), MASK_COST * countPaths(bdd, calls));

/**
 * As few comparisons of an argument as can be found that hold for all values in `must` and only for values in `may`.
 * `width` is the number of compared bits. Undefined for a set that depends on other arguments, or that needs too many
 * comparisons.
 *
 * One rule cannot compare with both ends of a range, because a repeated argument means OR. An inner range becomes its
 * values, or masks.
 */
export function conditionsBetween(
  bdd: Bdd,
  arg: Argument['arg'],
  width: 32 | 64,
  must: Node,
  may: Node,
): readonly Condition[] | undefined {
  const first = firstLevel(arg) + 64 - width;
  if (bdd.level(must) < first || bdd.level(may) < first) return undefined;
  const argument: Argument = { arg, width };
  const listed = (calls: Node): readonly Condition[] | undefined => {
    const ranges = rangesOf(bdd, calls, first, width, MAX_ALTERNATIVES);
    return ranges && ofRanges(ranges, argument);
  };
  const ends = endsOf(bdd, may, first, argument);
  const disjoint: MaskCover = rest => disjointMasksOf(bdd, rest, first, width, MAX_ALTERNATIVES);
  const irredundant: MaskCover = rest => masksOf(bdd, rest, may, first, width, MAX_ALTERNATIVES);
  const masked = (some: readonly Condition[], cover: MaskCover): readonly Condition[] | undefined => {
    const rest = some.reduce((left, end) => bdd.minus(left, conditionSet(bdd, end)), must);
    const masks = cover(rest);
    return masks && [...some, ...masks.map(({ mask, value }) => ofMask(mask, value, argument))];
  };
  const choices: readonly (() => readonly Condition[] | undefined)[] = [
    ...ends.map(end => () => (bdd.minus(must, conditionSet(bdd, end)) === NONE ? [end] : undefined)),
    () => listed(may),
    () => (must === may ? undefined : listed(must)),
    () => masked([], disjoint),
    () => (ends.length === 0 ? undefined : masked(ends, disjoint)),
    () => masked([], irredundant),
    () => (ends.length === 0 ? undefined : masked(ends, irredundant)),
  ];
  let best: Alternatives | undefined;
  for (const choice of choices) {
    const conditions = choice();
    if (conditions === undefined || conditions.length > MAX_ALTERNATIVES) continue;
    const cost = costOf(conditions);
    if (best === undefined || cost < best.cost) best = { conditions, cost };
    // Only an order comparison could be cheaper than one mask, and these were tried before.
    if (cost <= MASK_COST) break;
  }
  return best?.conditions;
}

/** Masks for the rest of a set; undefined if there are too many. */
type MaskCover = (rest: Node) => readonly Mask[] | undefined;

interface Alternatives {
  readonly conditions: readonly Condition[];
  readonly cost: number;
}

/**
 * Order comparisons that hold only for values in the set: those up to the first value outside of it, and those after
 * the last.
 */
function endsOf(bdd: Bdd, calls: Node, first: number, { arg, width }: Argument): readonly Condition[] {
  const all = (1n << BigInt(width)) - 1n;
  const values = (side: 'low' | 'high'): bigint => {
    let [node, count] = [calls, 0n];
    for (let bit = width - 1; bit >= 0; bit--) {
      const asked = bdd.level(node) === first + width - 1 - bit;
      const [low, high] = asked ? [bdd.low(node), bdd.high(node)] : [node, node];
      const [near, far] = side === 'low' ? [low, high] : [high, low];
      if (near === EVERY) count += 1n << BigInt(bit);
      node = near === EVERY ? far : near;
    }
    return node === EVERY ? count + 1n : count;
  };
  const [below, above] = [values('low'), values('high')];
  return [
    ...(below > 1n ? [{ op: 'SCMP_CMP_LE', arg, width, value: below - 1n } as const] : []),
    ...(above > 1n ? [{ op: 'SCMP_CMP_GE', arg, width, value: all - above + 1n } as const] : []),
  ];
}

/** Ranges as order comparisons, and inner ranges as their values; undefined if an inner range is too long. */
function ofRanges(
  ranges: readonly NumberRange[],
  { arg, width }: Argument,
): readonly Condition[] | undefined {
  const all = (1n << BigInt(width)) - 1n;
  const [first, second, ...others] = ranges;
  if (first?.[0] === 0n && second?.[1] === all && others.length === 0 && second[0] === first[1] + 2n)
    return [{ op: 'SCMP_CMP_NE', arg, width, value: first[1] + 1n }];
  const conditions: Condition[] = [];
  for (const [low, high] of ranges) {
    if (low !== high && low === 0n) conditions.push({ op: 'SCMP_CMP_LE', arg, width, value: high });
    else if (low !== high && high === all) conditions.push({ op: 'SCMP_CMP_GE', arg, width, value: low });
    else if (high - low >= SHORT_RANGE) return undefined;
    else
      for (let value = low; value <= high; value++) conditions.push({ op: 'SCMP_CMP_EQ', arg, width, value });
  }
  return conditions;
}

const ofMask = (mask: bigint, value: bigint, { arg, width }: Argument): Condition =>
  mask === (1n << BigInt(width)) - 1n
    ? { op: 'SCMP_CMP_EQ', arg, width, value }
    : { op: 'SCMP_CMP_MASKED_EQ', arg, width, mask, value };
