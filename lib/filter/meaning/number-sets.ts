// Describes sets of numbers in the shortest of several exact forms: values and ranges, their complement, or masked
// bits.
import { EVERY, LEVELS, NONE, type Bdd, type Node } from './bdd.js';

/** Numbers from the first to the second, inclusive. */
export type NumberRange = readonly [low: bigint, high: bigint];

/** A test of a number `x`; all numbers are unsigned. */
export type NumberTest =
  | {
      /** Whether the number is in one of the ranges. */
      readonly op: 'in' | 'notIn';
      /** Ascending and disjoint. */
      readonly ranges: readonly NumberRange[];
    }
  | {
      /** The test `(x & mask) === value`, or its negation. */
      readonly op: 'maskedEqual' | 'maskedUnequal';
      /** The compared bits. */
      readonly mask: bigint;
      /** Their value. */
      readonly value: bigint;
    };

/** A set of numbers: those that pass at least one test of each list. */
export interface NumberSet {
  readonly allOf: readonly (readonly NumberTest[])[];
  /** The length of the text. */
  readonly cost: number;
}

/** The maximum number of tests that are tried first, because finding many is slow. */
const FEW = 32;
/** The maximum number of tests of one set. */
const MANY = 4096;
/** The steps that a mask counts for, because each stays in memory for a while. */
const MASK_STEPS = 8;
/** The steps that a node counts for when ranges or paths are counted, because each stays in memory for a while. */
const COUNT_STEPS = 2;
/** A set of at most this cost is described as values or one mask, without a search for a shorter form. */
const PLAIN = 8;
/** The cost of a negation. */
const NEGATION = 0.5;

/**
 * Describes a set of numbers with `width` bits, whose highest bit is at level `first`. With `prefer`, ranges are used
 * if possible. Undefined if no form describes the set in 4096 tests.
 */
export function describeNumbers(
  bdd: Bdd,
  set: Node,
  first: number,
  width: number,
  prefer?: 'ranges',
): NumberSet | undefined {
  const [direct] = rangesForm(bdd, 'in', set, first, width, 1);
  if (direct !== undefined && direct.cost <= 1) return direct;
  const inverse = bdd.not(set);
  const ranges = (limit: number): readonly NumberSet[] => [
    ...rangesForm(bdd, 'in', set, first, width, limit),
    ...rangesForm(bdd, 'notIn', inverse, first, width, limit),
  ];
  const masks = (limit: number): readonly NumberSet[] => [
    ...masksForm(bdd, set, first, width, limit, tests => [tests]),
    ...masksForm(bdd, inverse, first, width, limit, tests => tests.map(test => [negated(test)])),
  ];
  if (prefer === 'ranges') return cheapest(ranges(MANY)) ?? cheapest(masks(MANY));
  const plain = [
    ...ranges(FEW),
    ...maskForm(bdd, 'maskedEqual', set, first, width),
    ...maskForm(bdd, 'maskedUnequal', inverse, first, width),
  ];
  const simple = cheapest(plain);
  if (simple !== undefined && simple.cost <= PLAIN) return simple;
  return cheapest([...plain, ...masks(FEW)]) ?? cheapest(ranges(MANY)) ?? cheapest(masks(MANY));
}

const cheapest = (forms: readonly NumberSet[]): NumberSet | undefined =>
  forms.reduce<NumberSet | undefined>(
    (best, form) => (best === undefined || form.cost < best.cost ? form : best),
    undefined,
  );

function rangesForm(
  bdd: Bdd,
  op: 'in' | 'notIn',
  set: Node,
  first: number,
  width: number,
  limit: number,
): readonly NumberSet[] {
  const ranges = rangesOf(bdd, set, first, width, limit);
  if (ranges === undefined) return [];
  const last = 2n ** BigInt(width) - 1n;
  const rangeCost = ([low, high]: NumberRange): number =>
    low === 0n && high === last ? 0 : low === high || low === 0n || high === last ? 1 : 1.5;
  const cost = ranges.reduce((sum, range) => sum + rangeCost(range), op === 'in' ? 0 : NEGATION);
  return [{ allOf: [[{ op, ranges }]], cost }];
}

function maskForm(
  bdd: Bdd,
  op: 'maskedEqual' | 'maskedUnequal',
  set: Node,
  first: number,
  width: number,
): readonly NumberSet[] {
  let [mask, value] = [0n, 0n];
  let node = set;
  for (; node !== EVERY;) {
    const level = bdd.level(node);
    if (level === LEVELS) return [];
    const [low, high] = [bdd.low(node), bdd.high(node)];
    if (low !== NONE && high !== NONE) return [];
    const bit = 1n << BigInt(first + width - 1 - level);
    mask |= bit;
    if (low === NONE) value |= bit;
    node = low === NONE ? high : low;
  }
  return [{ allOf: [[{ op, mask, value }]], cost: op === 'maskedEqual' ? 2 : 2 + NEGATION }];
}

function masksForm(
  bdd: Bdd,
  set: Node,
  first: number,
  width: number,
  limit: number,
  arrange: (tests: readonly NumberTest[]) => NumberSet['allOf'],
): readonly NumberSet[] {
  const masks = masksOf(bdd, set, set, first, width, limit);
  if (masks === undefined) return [];
  const all = 2n ** BigInt(width) - 1n;
  const tests = masks.map(({ mask, value }): NumberTest =>
    mask === all ? { op: 'in', ranges: [[value, value]] } : { op: 'maskedEqual', mask, value },
  );
  const cost = tests.reduce((sum, { op }) => sum + (op === 'in' ? 1 : 2), 0);
  const allOf = arrange(tests);
  return [{ allOf, cost: allOf.length > 1 ? cost + NEGATION * tests.length : cost }];
}

function negated(test: NumberTest): NumberTest {
  switch (test.op) {
    case 'in':
    case 'notIn':
      return { ...test, op: test.op === 'in' ? 'notIn' : 'in' };
    case 'maskedEqual':
    case 'maskedUnequal':
      return { ...test, op: test.op === 'maskedEqual' ? 'maskedUnequal' : 'maskedEqual' };
  }
}

/** The longest ranges of a set of numbers, ascending; undefined if there are more than `limit`. */
export function rangesOf(
  bdd: Bdd,
  set: Node,
  first: number,
  width: number,
  limit: number,
): readonly NumberRange[] | undefined {
  if (countRanges(bdd, set, first) > limit) return undefined;
  const ranges: [bigint, bigint][] = [];
  const visit = (node: Node, level: number, base: bigint): void => {
    if (node === NONE) return;
    const size = 1n << BigInt(first + width - level);
    if (node === EVERY) {
      const last = ranges[ranges.length - 1];
      if (last !== undefined && last[1] + 1n === base) last[1] += size;
      else ranges.push([base, base + size - 1n]);
      return;
    }
    const asked = bdd.level(node) === level;
    visit(asked ? bdd.low(node) : node, level + 1, base);
    visit(asked ? bdd.high(node) : node, level + 1, base + size / 2n);
  };
  visit(set, first, 0n);
  return ranges;
}

/** The number of ranges in a set of numbers. A bit that is not tested doubles the ranges below it. */
export function countRanges(bdd: Bdd, set: Node, first: number): number {
  interface Shape {
    readonly ranges: number;
    /** Whether the lowest number is in the set, and the highest. */
    readonly lowest: boolean;
    readonly highest: boolean;
  }
  const joined = (a: Shape, b: Shape): Shape => ({
    ranges: a.ranges + b.ranges - (a.highest && b.lowest ? 1 : 0),
    lowest: a.lowest,
    highest: b.highest,
  });
  const known = new Map<Node, Shape>();
  const visit = (node: Node, level: number): Shape => {
    if (node === NONE || node === EVERY)
      return { ranges: node, lowest: node === EVERY, highest: node === EVERY };
    let shape = known.get(node);
    if (shape === undefined) {
      bdd.spend(COUNT_STEPS);
      const next = bdd.level(node) + 1;
      shape = joined(visit(bdd.low(node), next), visit(bdd.high(node), next));
      known.set(node, shape);
    }
    for (let above = bdd.level(node); above > level; above--) shape = joined(shape, shape);
    return shape;
  };
  return visit(set, first).ranges;
}

/** The numbers whose bits under a mask equal those of a value. */
export interface Mask {
  readonly mask: bigint;
  readonly value: bigint;
}

class TooMany extends Error {}

/**
 * Masks that cover `all` and nothing outside of `allowed`, none of them superfluous; undefined if there are more than
 * `limit`. Method: S. Minato, "Fast generation of prime-irredundant covers from binary decision diagrams", 1993.
 */
export function masksOf(
  bdd: Bdd,
  all: Node,
  allowed: Node,
  first: number,
  width: number,
  limit: number,
): readonly Mask[] | undefined {
  interface Cover {
    readonly masks: readonly Mask[];
    readonly node: Node;
  }
  const known = new Map<string, Cover>();
  const cover = (must: Node, may: Node): Cover => {
    if (must === NONE) return { masks: [], node: NONE };
    if (may === EVERY) return { masks: [{ mask: 0n, value: 0n }], node: EVERY };
    const key = `${must},${may}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const level = Math.min(bdd.level(must), bdd.level(may));
    const at = (node: Node, child: 'low' | 'high'): Node =>
      bdd.level(node) === level ? bdd[child](node) : node;
    const [must0, must1, may0, may1] = [at(must, 'low'), at(must, 'high'), at(may, 'low'), at(may, 'high')];
    const low = cover(bdd.minus(must0, may1), may0);
    const high = cover(bdd.minus(must1, may0), may1);
    const rest = bdd.or(bdd.minus(must0, low.node), bdd.minus(must1, high.node));
    const either = cover(rest, bdd.and(may0, may1));
    const bit = 1n << BigInt(first + width - 1 - level);
    const masks = [
      ...either.masks,
      ...low.masks.map(({ mask, value }) => ({ mask: mask | bit, value })),
      ...high.masks.map(({ mask, value }) => ({ mask: mask | bit, value: value | bit })),
    ];
    if (masks.length > limit) throw new TooMany();
    bdd.spend(MASK_STEPS * masks.length);
    const node = bdd.or(either.node, bdd.node(level, low.node, high.node));
    const result = { masks, node };
    known.set(key, result);
    return result;
  };
  try {
    return cover(all, allowed).masks;
  } catch (error) {
    if (error instanceof TooMany) return undefined;
    throw error;
  }
}

/**
 * Disjoint masks that cover a set: one for each path of the diagram. For ranges, these are blocks of leading bits, and fewer
 * than `masksOf` finds. Undefined if there are more than `limit`.
 */
export function disjointMasksOf(
  bdd: Bdd,
  set: Node,
  first: number,
  width: number,
  limit: number,
): readonly Mask[] | undefined {
  if (countPaths(bdd, set) > limit) return undefined;
  const visit = (node: Node, mask: bigint, value: bigint): readonly Mask[] => {
    if (node === NONE) return [];
    if (node === EVERY) return [{ mask, value }];
    const bit = 1n << BigInt(first + width - 1 - bdd.level(node));
    return [...visit(bdd.low(node), mask | bit, value), ...visit(bdd.high(node), mask | bit, value | bit)];
  };
  return visit(set, 0n, 0n);
}

/** The number of paths of a diagram that lead into the set. */
export function countPaths(bdd: Bdd, set: Node): number {
  const known = new Map<Node, number>([
    [NONE, 0],
    [EVERY, 1],
  ]);
  const visit = (node: Node): number => {
    const before = known.get(node);
    if (before !== undefined) return before;
    bdd.spend(COUNT_STEPS);
    const paths = visit(bdd.low(node)) + visit(bdd.high(node));
    known.set(node, paths);
    return paths;
  };
  return visit(set);
}
