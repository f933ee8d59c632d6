// Puts a set of values of one argument into the comparisons that profiles have, any one of which is enough.
import { ConversionError } from '../../util/errors.js';
import type { Condition } from '../../policy/policy.js';
import { FULL, type WordSet } from '../prove/words.js';
import { isEveryValue, type ArgumentSet } from './argument-set.js';

/** Values from low to high, both included. */
interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

/** Values of which the bits under the mask are known. */
interface Pattern {
  readonly mask: bigint;
  readonly value: bigint;
}

/** Comparisons that one argument may take; a profile of more is not meant to be read. */
const MAX_ALTERNATIVES = 128;
/** Ranges of up to so many values are listed. */
const SHORT_RANGE = 8n;

const WORD_BITS = 32n;
const WORD_ALL = 0xffffffffn;

/**
 * Comparisons of an argument that together hold for exactly the values of a set; undefined where every value is in it.
 *
 * One rule cannot hold both ends of a range, as a repeated argument means OR: an inner range becomes patterns of leading
 * bits. Throws ConversionError (`not-expressible`) for a set that looks at the upper half of a 32-bit argument, or needs
 * too many comparisons; `where` names the call.
 */
export function conditionsOf(
  set: ArgumentSet,
  arg: number,
  width: 32 | 64,
  where: string,
): readonly Condition[] | undefined {
  if (isEveryValue(set)) return undefined;
  const { intervals, patterns } = width === 32 ? partsOfWords(set, arg, where) : partsOfRegisters(set, where);
  const all = (1n << BigInt(width)) - 1n;
  const ranges = merged(intervals);
  if (ranges[0]?.low === 0n && ranges[0].high === all) return undefined;
  const conditions = [
    ...ofIntervals(ranges, arg, width),
    ...patterns.map(pattern => ofPattern(pattern, arg, width)),
  ];
  if (conditions.length > MAX_ALTERNATIVES) throw tooMany(where);
  return conditions;
}

/** A set as ranges and patterns, any of which a value may be in. */
interface Parts {
  readonly intervals: readonly Interval[];
  readonly patterns: readonly Pattern[];
}

/** Of an argument of 32 bits, whose upper half no condition can look at. */
function partsOfWords(set: ArgumentSet, arg: number, where: string): Parts {
  if (set.some(({ high }) => high !== FULL)) {
    throw new ConversionError(
      'not-expressible',
      `${where} depends on the upper half of argument ${arg}, which has 32 bits there`,
    );
  }
  const words = set.map(({ low }) => low);
  return {
    intervals: words.filter(isRanges).flatMap(rangesOf),
    patterns: words.filter(word => !isRanges(word)).flatMap(word => patternsOf(word, where)),
  };
}

/** Of an argument of 64 bits: ranges where the halves together make some, patterns otherwise. */
function partsOfRegisters(set: ArgumentSet, where: string): Parts {
  const intervals: Interval[] = [];
  const patterns: Pattern[] = [];
  /** Of the low word, whatever the high one. */
  const lowRanges: Interval[] = [];
  for (const { high, low } of set) {
    if (low === FULL && isRanges(high)) {
      for (const range of rangesOf(high))
        intervals.push({ low: range.low << WORD_BITS, high: (range.high << WORD_BITS) | WORD_ALL });
    } else if (isOneValue(high) && isRanges(low)) {
      const upper = BigInt(high.ranges[0] ?? 0) << WORD_BITS;
      for (const range of rangesOf(low)) intervals.push({ low: upper | range.low, high: upper | range.high });
    } else if (high === FULL && isRanges(low)) {
      lowRanges.push(...rangesOf(low));
    } else {
      for (const upper of patternsOf(high, where)) {
        for (const lower of patternsOf(low, where)) {
          patterns.push({
            mask: (upper.mask << WORD_BITS) | lower.mask,
            value: (upper.value << WORD_BITS) | lower.value,
          });
        }
      }
      if (patterns.length > MAX_ALTERNATIVES) throw tooMany(where);
    }
  }
  for (const range of merged(lowRanges)) patterns.push(...patternsOfRange(range, WORD_ALL));
  return { intervals, patterns };
}

const tooMany = (where: string): ConversionError =>
  new ConversionError(
    'not-expressible',
    `${where} depends on its arguments in a way that takes more than ${MAX_ALTERNATIVES} rules to say`,
  );

const isRanges = ({ facts }: WordSet): boolean => facts.length === 0;

const isOneValue = (word: WordSet): boolean =>
  isRanges(word) && word.ranges.length === 2 && word.ranges[0] === word.ranges[1];

const rangesOf = ({ ranges }: WordSet): readonly Interval[] =>
  ranges.flatMap((low, index) =>
    index % 2 === 0 ? [{ low: BigInt(low), high: BigInt(ranges[index + 1] ?? low) }] : [],
  );

/** The same values as patterns of 32 bits. */
function patternsOf(word: WordSet, where: string): readonly Pattern[] {
  let patterns = rangesOf(word).flatMap(range => patternsOfRange(range, WORD_ALL));
  if (patterns.length > MAX_ALTERNATIVES) throw tooMany(where);
  for (const { mask, value, equal } of word.facts) {
    const fact = { mask: BigInt(mask), value: BigInt(value) };
    const facts = equal ? [fact] : complement(fact);
    patterns = patterns.flatMap(pattern => facts.flatMap(other => both(pattern, other)));
    if (patterns.length > MAX_ALTERNATIVES) throw tooMany(where);
  }
  return patterns;
}

/** The values that differ from a pattern: one bit is the first to differ. */
function complement({ mask, value }: Pattern): readonly Pattern[] {
  const patterns: Pattern[] = [];
  let before = 0n;
  for (let bit = 1n; bit <= mask; bit <<= 1n) {
    if ((mask & bit) === 0n) continue;
    patterns.push({ mask: before | bit, value: (value & before) | (~value & bit) });
    before |= bit;
  }
  return patterns;
}

/** The values of both patterns: one pattern, or none where they contradict each other. */
const both = (a: Pattern, b: Pattern): readonly Pattern[] =>
  ((a.value ^ b.value) & a.mask & b.mask) === 0n ? [{ mask: a.mask | b.mask, value: a.value | b.value }] : [];

/** A range as its values where they are few, or as blocks of equal leading bits. `all` has every bit of the width. */
function patternsOfRange({ low, high }: Interval, all: bigint): readonly Pattern[] {
  const patterns: Pattern[] = [];
  const listed = high - low < SHORT_RANGE;
  for (let start = low; start <= high;) {
    let size = 1n;
    while (!listed && (start & (2n * size - 1n)) === 0n && start + 2n * size - 1n <= high) size *= 2n;
    patterns.push({ mask: all & ~(size - 1n), value: start });
    start += size;
  }
  return patterns;
}

/** Ascending, neither overlapping nor touching. */
function merged(intervals: readonly Interval[]): readonly Interval[] {
  const result: { low: bigint; high: bigint }[] = [];
  for (const { low, high } of [...intervals].sort((a, b) => (a.low < b.low ? -1 : Number(a.low > b.low)))) {
    const last = result.at(-1);
    if (last === undefined || low > last.high + 1n) result.push({ low, high });
    else if (high > last.high) last.high = high;
  }
  return result;
}

function ofIntervals(intervals: readonly Interval[], arg: number, width: 32 | 64): readonly Condition[] {
  const all = (1n << BigInt(width)) - 1n;
  const [first, second, ...others] = intervals;
  if (first?.low === 0n && second?.high === all && others.length === 0 && second.low === first.high + 2n) {
    return [{ op: 'SCMP_CMP_NE', arg, width, value: first.high + 1n }];
  }
  return intervals.flatMap(({ low, high }): readonly Condition[] => {
    if (low !== high && low === 0n) return [{ op: 'SCMP_CMP_LE', arg, width, value: high }];
    if (low !== high && high === all) return [{ op: 'SCMP_CMP_GE', arg, width, value: low }];
    return patternsOfRange({ low, high }, all).map(pattern => ofPattern(pattern, arg, width));
  });
}

function ofPattern({ mask, value }: Pattern, arg: number, width: 32 | 64): Condition {
  const all = (1n << BigInt(width)) - 1n;
  return mask === all
    ? { op: 'SCMP_CMP_EQ', arg, width, value }
    : { op: 'SCMP_CMP_MASKED_EQ', arg, width, mask, value };
}
