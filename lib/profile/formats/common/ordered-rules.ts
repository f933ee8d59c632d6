// Policies with one ordered list of rules for all calls: the first match applies.
import type { Abi } from '../../../kernel/abi.js';
import type { Action } from '../../../kernel/action.js';
import {
  abiPolicy,
  defaultOf,
  MAX_CALLS,
  ownNumbers,
  type AnsweredRun,
  type AbiTable,
} from '../../../policy/abi-table.js';
import { nativeFirst, type AbiPolicy, type Policy, type SyscallPolicy } from '../../../policy/policy.js';
import { ConversionError, type Location } from '../../../util/errors.js';
import { own } from '../../../util/own.js';
import type { WorkBudget } from '../../../util/work.js';
import type { WrittenContext } from '../../profile.js';
import { firstCase, type CallCase } from './cases.js';
import { alternativesOf, type Comparison, type Constant, type Expression } from './expression.js';
import { failAt } from './scanner.js';

/** Ascending, disjoint ranges of call numbers, inclusive. */
export type Ranges = readonly (readonly [low: number, high: number])[];

export interface OrderedRule {
  /** The calls to which the rule applies. */
  readonly numbers: Ranges;
  /** An additional condition. */
  readonly when: Expression;
  readonly action: Action;
  readonly at: Location;
}

/** Numbers with the same outcome. */
interface OrderedRun extends AnsweredRun {
  readonly part: SyscallPolicy;
}

const LAST = 0xffffffff;
export const ALWAYS: Expression = { kind: 'always' };
export const ALL_NUMBERS: Ranges = [[0, LAST]];

/** The numbers outside of the ranges. */
export function without(ranges: Ranges): Ranges {
  const gaps: [number, number][] = [];
  let from = 0;
  for (const [low, high] of ranges) {
    if (low > from) gaps.push([from, low - 1]);
    from = high + 1;
  }
  return from <= LAST ? [...gaps, [from, LAST]] : gaps;
}

/** The ranges of single numbers. */
export const valuesOf = (numbers: Iterable<number>): Ranges =>
  [...new Set(numbers)].sort((a, b) => a - b).map(number => [number, number]);

/** The numbers in both. */
export function common(first: Ranges, second: Ranges): Ranges {
  const shared: [number, number][] = [];
  let [a, b] = [0, 0];
  for (let [one, other] = [first[a], second[b]]; one !== undefined && other !== undefined;) {
    const [low, high] = [Math.max(one[0], other[0]), Math.min(one[1], other[1])];
    if (low <= high) shared.push([low, high]);
    if (one[1] < other[1]) one = first[++a];
    else other = second[++b];
  }
  return shared;
}

/** The numbers for which a comparison holds. */
export function compared(comparison: Comparison, value: number): Ranges {
  const below = (end: number): Ranges => (end < 0 ? [] : [[0, end]]);
  switch (comparison) {
    case '==':
      return [[value, value]];
    case '!=':
      return without([[value, value]]);
    case '<':
      return below(value - 1);
    case '<=':
      return below(value);
    case '>':
      return without(below(value));
    case '>=':
      return without(below(value - 1));
  }
}

/**
 * Compares the low half of an argument, or its masked bits, with a number. An order comparison with a mask, which policies cannot
 * express, becomes equality of bits.
 */
export function lowCompared(
  argument: number,
  mask: bigint | undefined,
  comparison: Comparison,
  value: bigint,
  at: Location,
): Expression {
  const part = { argument, width: 32, at } as const;
  const number = (bits: bigint): Constant => ({ kind: 'number', value: bits });
  if (mask === undefined) return { kind: 'compare', comparison, ...part, value: number(value) };
  const equal = (bits: bigint, to: bigint): Expression => ({
    kind: 'compare',
    comparison: '==',
    ...part,
    mask: number(bits),
    value: number(to),
  });
  /** The argument is greater: it has a bit that `limit` lacks, and is equal above that bit. */
  const above = (limit: bigint): Expression => {
    const of: Expression[] = [];
    for (let bit = 1n << 31n; bit > 0n; bit >>= 1n) {
      const higher = ~(2n * bit - 1n);
      if ((limit & bit) === 0n && (mask & bit) !== 0n)
        of.push(equal(mask & (higher | bit), (limit & higher) | bit));
      // If the mask lacks a bit of the limit, every masked value is smaller from there on.
      if ((limit & bit) !== 0n && (mask & bit) === 0n) break;
    }
    return { kind: 'or', of };
  };
  const not = (of: Expression): Expression => ({ kind: 'not', of });
  switch (comparison) {
    case '==':
      return equal(mask, value);
    case '!=':
      return not(equal(mask, value));
    case '>':
      return above(value);
    case '>=':
      return value === 0n ? ALWAYS : above(value - 1n);
    case '<':
      return value === 0n ? not(ALWAYS) : not(above(value - 1n));
    case '<=':
      return not(above(value));
  }
}

/**
 * The numbers of one ABI with the outcomes of rules. The last rule matches every call. Throws ProfileError as
 * `alternativesOf` does.
 */
export function orderedTable(
  abi: Abi,
  rules: readonly OrderedRule[],
  budget: WorkBudget,
): AbiTable<OrderedRun> {
  const [first, last] = ownNumbers(abi);
  for (const { numbers } of rules) budget.spend(numbers.length);
  const ends = rules.flatMap(({ numbers }) => numbers.flatMap(([low, high]) => [low, high + 1]));
  const starts = [first, ...ends].filter(number => number >= first && number <= last);
  const runs = [...new Set(starts)]
    .sort((a, b) => a - b)
    .map((low, index, all) => ({
      low,
      high: (all[index + 1] ?? last + 1) - 1,
      cases: [] as CallCase[],
      at: undefined as Location | undefined,
      closed: false,
    }));
  const topic = { abi: abi.name, syscall: '', widthOf: () => abi.width, budget };
  for (const { numbers, when, action, at } of rules) {
    let alternatives: CallCase['alternatives'] | undefined;
    let index = 0;
    for (const [low, high] of numbers) {
      index = firstFrom(runs, low, index);
      for (; (runs[index]?.low ?? Infinity) <= high; index++) {
        const run = runs[index];
        budget.spend(1);
        if (run === undefined || run.closed) continue;
        alternatives ??= alternativesOf(when, topic);
        run.cases.push({ action, alternatives, at });
        run.at ??= at;
        run.closed = alternatives.some(({ length }) => length === 0);
      }
    }
  }
  return {
    abi,
    runs: runs.map(({ low, high, cases, at }) => {
      const end = cases.at(-1);
      if (end === undefined || at === undefined)
        throw new Error('unreachable: the last rule matches every call');
      const part = firstCase(cases, end.action, at, budget);
      return { low, high, part, answer: part.rules.length === 0 ? part.otherwise : undefined };
    }),
  };
}

/** The index of the first run that begins at this number or above it. */
function firstFrom(runs: readonly { readonly low: number }[], low: number, from: number): number {
  let [start, end] = [from, runs.length];
  while (start < end) {
    const middle = (start + end) >>> 1;
    if ((runs[middle]?.low ?? Infinity) < low) start = middle + 1;
    else end = middle;
  }
  return start;
}

/**
 * The policy for several ABIs, the native one first. An ABI is omitted if all of its calls have the action for other
 * architectures. `stated` is the text's action for calls without a rule. Throws ProfileError (`not-expressible`).
 */
export function orderedPolicy(
  tables: readonly AbiTable<OrderedRun>[],
  stated: Action,
  foreign: Action,
  { target, badArch = foreign }: Pick<WrittenContext, 'target' | 'badArch'>,
): Omit<Policy, 'warnings'> {
  const used = tables.filter(
    ({ runs }, index) => index === 0 || runs.some(({ answer }) => answer !== badArch),
  );
  // If rules give most numbers another action, that one becomes the default, because a list of them would be too long.
  const defaultAction = [stated, defaultOf(used)].find(action => isShort(used, action));
  if (defaultAction === undefined) return tooLong(used, stated);
  return {
    target,
    defaultAction,
    badArch,
    abis: nativeFirst(used.map(table => listed(table, defaultAction))),
    flags: Object.freeze([]),
  };
}

const listed = (table: AbiTable<OrderedRun>, defaultAction: Action): AbiPolicy =>
  abiPolicy(table, defaultAction, ({ part }) => part);

function isShort(tables: readonly AbiTable<OrderedRun>[], defaultAction: Action): boolean {
  try {
    for (const table of tables) listed(table, defaultAction);
    return true;
  } catch (error) {
    if (error instanceof ConversionError) return false;
    throw error;
  }
}

function tooLong(tables: readonly AbiTable<OrderedRun>[], stated: Action): never {
  const [largest] = tables
    .flatMap(({ abi, runs }) => runs.map(run => ({ abi, ...run })))
    .filter(({ answer }) => answer !== stated)
    .toSorted((a, b) => b.high - b.low - (a.high - a.low));
  const at = largest && own(largest.part, 'at');
  if (largest === undefined || at === undefined)
    throw new Error('unreachable: some numbers get another action');
  return failAt(
    at,
    'not-expressible',
    `the numbers ${largest.low} to ${largest.high} of ${largest.abi.name} have another action than the rest, but a policy lists at most ${MAX_CALLS}`,
    'Name the calls of this rule',
  );
}
