// Sets of 32-bit values after a chain of tests: disjoint ranges, and facts about masked bits.
import { CompileError } from '../../util/errors.js';
import type { WorkBudget } from '../../util/work.js';

/** The fact `(x & mask) === value`, or its negation. */
interface MaskFact {
  readonly mask: number;
  readonly value: number;
  readonly equal: boolean;
}

/** A non-empty set of unsigned 32-bit values: members of the ranges for which every fact is true. */
export interface WordSet {
  /** Ascending, disjoint, inclusive: low, high, low, high, … */
  readonly ranges: readonly number[];
  readonly facts: readonly MaskFact[];
}

/** A test of `x & mask` in a program. `set` tests whether any bit of `k` is set. */
export interface WordTest {
  readonly op: 'eq' | 'gt' | 'ge' | 'set';
  readonly mask: number;
  readonly k: number;
}

/** The members that pass a test and those that fail it; undefined if there are none. */
interface Split {
  readonly yes: WordSet | undefined;
  readonly no: WordSet | undefined;
}

const ALL = 0xffffffff;
/** The maximum number of attempts to find a member; real filters need one or two. */
const SEARCH_BUDGET = 20_000;

export const FULL: WordSet = { ranges: [0, ALL], facts: [] };

/** The values from low to high, inclusive. */
export const interval = (low: number, high: number): WordSet => ({ ranges: [low, high], facts: [] });

/**
 * Divides a set by a test. Throws CompileError (`undecidable-program`) for an ordered comparison under a mask that is
 * not a prefix. Counts its steps, and the size of the new sets, on `work`.
 */
export function split(set: WordSet, test: WordTest, work?: WorkBudget): Split {
  const { op, mask, k } = test;
  work?.spend(1 + sizeOf(set));
  if (op === 'set') {
    const bits = (mask & k) >>> 0;
    if (bits === 0) return { yes: undefined, no: set };
    const { yes, no } = split(set, { op: 'eq', mask: bits, k: 0 }, work);
    return { yes: no, no: yes };
  }
  if (op === 'gt')
    return k === ALL ? { yes: undefined, no: set } : split(set, { op: 'ge', mask, k: k + 1 }, work);
  if (op === 'ge') return splitOrdered(set, mask, k, work);
  if ((k & ~mask) !== 0) return { yes: undefined, no: set };
  if (mask === ALL) return splitEqual(set, k, work);
  if (mask === 0) return { yes: set, no: undefined };
  const unit = prefixUnit(mask);
  if (unit !== undefined) return splitBlock(set, k, k + unit - 1, work);
  return {
    yes: withFact(set, { mask, value: k, equal: true }, work),
    no: withFact(set, { mask, value: k, equal: false }, work),
  };
}

function splitOrdered(set: WordSet, mask: number, k: number, work?: WorkBudget): Split {
  if (k === 0) return { yes: set, no: undefined };
  // Clearing low bits keeps the order: (x & mask) >= k exactly when x >= k rounded up to a multiple of the lowest mask bit.
  const unit = prefixUnit(mask);
  if (unit === undefined) {
    throw new CompileError(
      'undecidable-program',
      `the program compares bits 0x${mask.toString(16)} of a word with < or >, which cannot be analysed`,
    );
  }
  const threshold = Math.ceil(k / unit) * unit;
  if (threshold > ALL) return { yes: undefined, no: set };
  return { yes: clip(set, threshold, ALL, work), no: clip(set, 0, threshold - 1, work) };
}

/** The lowest bit of a mask of contiguous highest bits; undefined for other masks. */
function prefixUnit(mask: number): number | undefined {
  const unit = (mask & -mask) >>> 0;
  return mask !== 0 && (mask | (unit - 1)) >>> 0 === ALL ? unit : undefined;
}

/** Splits by equal leading bits, which form a range: ranges are easier to decide than masks. */
function splitBlock(set: WordSet, low: number, high: number, work?: WorkBudget): Split {
  const below = low === 0 ? [] : clipped(set.ranges, 0, low - 1);
  const above = high === ALL ? [] : clipped(set.ranges, high + 1, ALL);
  return { yes: clip(set, low, high, work), no: nonEmpty([...below, ...above], set.facts, work) };
}

function splitEqual(set: WordSet, k: number, work?: WorkBudget): Split {
  const { ranges, facts } = set;
  const at = rangeOf(ranges, k);
  if (at < 0 || !satisfies(k, facts)) return { yes: undefined, no: set };
  const low = ranges[at] ?? 0;
  const high = ranges[at + 1] ?? 0;
  const rest: number[] = ranges.slice(0, at);
  if (low < k) rest.push(low, k - 1);
  if (k < high) rest.push(k + 1, high);
  rest.push(...ranges.slice(at + 2));
  return { yes: interval(k, k), no: nonEmpty(rest, facts, work) };
}

/** Index of the range that contains k, or -1. */
function rangeOf(ranges: readonly number[], k: number): number {
  for (let index = 0; index < ranges.length; index += 2) {
    if (k < (ranges[index] ?? 0)) return -1;
    if (k <= (ranges[index + 1] ?? 0)) return index;
  }
  return -1;
}

const clip = (set: WordSet, low: number, high: number, work?: WorkBudget): WordSet | undefined =>
  nonEmpty(clipped(set.ranges, low, high), set.facts, work);

/** The parts of ascending ranges from low to high. */
function clipped(ranges: readonly number[], low: number, high: number): readonly number[] {
  const parts: number[] = [];
  for (let index = 0; index < ranges.length; index += 2) {
    const from = Math.max(ranges[index] ?? 0, low);
    const to = Math.min(ranges[index + 1] ?? 0, high);
    if (from <= to) parts.push(from, to);
  }
  return parts;
}

/** The intersection of two lists of ascending ranges. */
function commonRanges(a: readonly number[], b: readonly number[]): readonly number[] {
  const parts: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [aHigh, bHigh] = [a[i + 1] ?? 0, b[j + 1] ?? 0];
    const low = Math.max(a[i] ?? 0, b[j] ?? 0);
    const high = Math.min(aHigh, bHigh);
    if (low <= high) parts.push(low, high);
    if (aHigh <= bHigh) i += 2;
    if (bHigh <= aHigh) j += 2;
  }
  return parts;
}

const sizeOf = ({ ranges, facts }: WordSet): number => (ranges.length >>> 2) + facts.length;

/** The intersection of two sets; undefined if it is empty. Spends its steps on `work`. */
export function intersection(a: WordSet, b: WordSet, work?: WorkBudget): WordSet | undefined {
  if (a === FULL || b === FULL) return a === FULL ? b : a;
  work?.spend(1 + sizeOf(a) + sizeOf(b) + ((a.facts.length * b.facts.length) >>> 3));
  const facts = [...a.facts, ...b.facts.filter(fact => !a.facts.some(other => sameFact(fact, other)))];
  return nonEmpty(commonRanges(a.ranges, b.ranges), facts, work);
}

const sameFact = (a: MaskFact, b: MaskFact): boolean =>
  a.mask === b.mask && a.value === b.value && a.equal === b.equal;

const withFact = (set: WordSet, fact: MaskFact, work?: WorkBudget): WordSet | undefined =>
  nonEmpty(
    set.ranges,
    set.facts.some(other => sameFact(fact, other)) ? set.facts : [...set.facts, fact],
    work,
  );

function nonEmpty(
  ranges: readonly number[],
  facts: readonly MaskFact[],
  work?: WorkBudget,
): WordSet | undefined {
  const set = { ranges, facts };
  return member(set, work) === undefined ? undefined : set;
}

const satisfies = (x: number, facts: readonly MaskFact[]): boolean =>
  facts.every(({ mask, value, equal }) => ((x & mask) >>> 0 === value) === equal);

/** A member, the smallest one if the set has no facts; undefined if there is none. */
export function member(set: WordSet, work?: WorkBudget): number | undefined {
  if (set.facts.length === 0) return set.ranges[0];
  let mask = 0;
  let bits = 0;
  const excluded: MaskFact[] = [];
  for (const fact of set.facts) {
    if (!fact.equal) excluded.push(fact);
    else if (((bits ^ fact.value) & mask & fact.mask) !== 0) return undefined;
    else {
      mask = (mask | fact.mask) >>> 0;
      bits = (bits | fact.value) >>> 0;
    }
  }
  const budget = { left: SEARCH_BUDGET };
  for (let index = 0; index < set.ranges.length; index += 2) {
    const found = search(
      set.ranges[index] ?? 0,
      set.ranges[index + 1] ?? 0,
      mask,
      bits,
      excluded,
      budget,
      work,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Some x from low to high with `(x & mask) === bits` that no excluded fact matches. */
function search(
  low: number,
  high: number,
  mask: number,
  bits: number,
  excluded: readonly MaskFact[],
  budget: { left: number },
  work: WorkBudget | undefined,
): number | undefined {
  work?.spend(1 + (excluded.length >>> 3));
  if (budget.left-- <= 0) {
    throw new CompileError(
      'undecidable-program',
      'the program tests more overlapping bit masks of a word than can be decided',
    );
  }
  const x = nextWithBits(low, mask, bits);
  if (x === undefined || x > high) return undefined;
  const hit = excluded.findIndex(fact => (x & fact.mask) >>> 0 === fact.value);
  const fact = excluded[hit];
  if (fact === undefined) return x;
  // One bit of the excluded pattern must differ. Fixing the bits before it keeps the cases disjoint.
  const others = excluded.filter((_, index) => index !== hit);
  let fixedMask = mask;
  let fixedBits = bits;
  for (let free = (fact.mask & ~mask) >>> 0; free !== 0;) {
    const bit = (free & -free) >>> 0;
    free = (free ^ bit) >>> 0;
    fixedMask = (fixedMask | bit) >>> 0;
    const found = search(low, high, fixedMask, (fixedBits | (~fact.value & bit)) >>> 0, others, budget, work);
    if (found !== undefined) return found;
    fixedBits = (fixedBits | (fact.value & bit)) >>> 0;
  }
  return undefined;
}

/** The smallest x >= low with `(x & mask) === bits`. */
function nextWithBits(low: number, mask: number, bits: number): number | undefined {
  if ((low & mask) >>> 0 === bits) return low;
  // x shares the bits of low above some position, has a 1 there where low has a 0, and is minimal below.
  for (let position = 0; position < 32; position++) {
    const bit = (1 << position) >>> 0;
    const above = position === 31 ? 0 : (ALL << (position + 1)) >>> 0;
    if ((low & bit) !== 0) continue;
    if ((mask & bit) !== 0 && (bits & bit) === 0) continue;
    if (((low ^ bits) & mask & above) !== 0) continue;
    return ((low & above) | bit | (bits & (bit - 1))) >>> 0;
  }
  return undefined;
}

/** A key that is equal for sets that were narrowed to the same ranges and facts. */
export const wordSetKey = (set: WordSet): string =>
  `${set.ranges.join(',')}${set.facts.map(({ mask, value, equal }) => `${equal ? '=' : '!'}${mask}:${value}`).join('')}`;
