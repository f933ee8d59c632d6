// Conditions of any form in text formats, and their conversion to alternatives of comparisons on one ABI.
import { argumentIndex, argumentNames } from '../../../kernel/arguments/parameter-names.js';
import { parseValue } from '../../../kernel/arguments/named-values.js';
import { parameterOf, type Parameter } from '../../../kernel/arguments/signatures.js';
import { ABIS } from '../../../kernel/abi.js';
import type { AbiName } from '../../../kernel/architectures.js';
import type { Condition, Operator } from '../../../policy/policy.js';
import { type Location } from '../../../util/errors.js';
import { hasOwn, own } from '../../../util/own.js';
import { didYouMean, quote } from '../../../util/suggest.js';
import { WorkBudget } from '../../../util/work.js';
import { type Scanner, placed, failAt } from './scanner.js';

/** A number, whose names and signs are resolved for each ABI. */
export type Constant =
  | { readonly kind: 'number'; readonly value: bigint }
  | {
      /** Input of `parseValue`: a name, or a number that may be negative. */
      readonly kind: 'text';
      readonly text: string;
      readonly at: Location;
    }
  | { readonly kind: '|' | '&' | '<<'; readonly of: readonly [Constant, Constant] }
  | { readonly kind: '~'; readonly of: Constant };

/** A comparison operator. */
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A condition on the arguments of a call. */
export type Expression =
  | {
      readonly kind: 'compare';
      readonly comparison: Comparison;
      /** Its name, `arg0`, or its index. */
      readonly argument: string | number;
      /** The bits to compare: 32 for the low half, `register` for all; if absent, `widthOf` of the topic decides. */
      readonly width?: 32 | 'register';
      /** Compare only these bits; only for `==` and `!=`. */
      readonly mask?: Constant;
      readonly value: Constant;
      readonly at: Location;
    }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'always' };

/** The context of an expression. */
export interface Topic {
  readonly abi: AbiName;
  readonly syscall: string;
  /** The bits of an argument to compare if an expression does not specify them. */
  readonly widthOf: (arg: number) => 32 | 64;
  readonly budget: WorkBudget;
}

/** Conditions combined with AND. */
export type Conjunction = readonly Condition[];

/** The maximum number of conditions of one policy. Docker's default has a few dozen. */
const MAX_CONDITIONS = 400_000;

/** Limits the conditions of one policy. */
export const expressionBudget = (at: Location): WorkBudget =>
  new WorkBudget(MAX_CONDITIONS, () => {
    try {
      return failAt(
        at,
        'too-many-rules',
        `the conditions have more than ${MAX_CONDITIONS} comparisons`,
        'Write fewer alternatives within each other',
      );
    } catch (error) {
      return error as Error;
    }
  });

/**
 * Alternatives of which one holds exactly if the expression holds (with `negated`, if it does not): an empty list if it
 * never does, one alternative without conditions if it always does. Throws ProfileError (`unknown-argument`,
 * `unknown-constant`, `bad-value`, `not-expressible`, `too-many-rules`).
 */
export function alternativesOf(
  expression: Expression,
  topic: Topic,
  negated = false,
): readonly Conjunction[] {
  switch (expression.kind) {
    case 'always':
      return negated ? [] : [[]];
    case 'not':
      return alternativesOf(expression.of, topic, !negated);
    case 'compare':
      return comparisonOf(expression, topic, negated);
    case 'and':
    case 'or': {
      const parts = expression.of.map(part => alternativesOf(part, topic, negated));
      return (expression.kind === 'and') === negated ? either(parts) : both(parts, topic.budget);
    }
  }
}

/** Alternatives for the disjunction of several lists of alternatives. */
function either(parts: readonly (readonly Conjunction[])[]): readonly Conjunction[] {
  const all = parts.flat();
  return all.some(({ length }) => length === 0) ? [[]] : all;
}

/** Alternatives for the conjunction of several lists of alternatives. */
export function both(parts: readonly (readonly Conjunction[])[], budget: WorkBudget): readonly Conjunction[] {
  let product: readonly Conjunction[] = [[]];
  for (const part of parts) {
    for (const first of product) for (const second of part) budget.spend(1 + first.length + second.length);
    product = product.flatMap(first => part.map(second => [...first, ...second]));
  }
  return product;
}

/** Alternatives for the negation of alternatives. */
export const noneOf = (alternatives: readonly Conjunction[], budget: WorkBudget): readonly Conjunction[] =>
  both(
    alternatives.map(conjunction => conjunction.flatMap(opposite)),
    budget,
  );

const INVERSE = {
  SCMP_CMP_EQ: 'SCMP_CMP_NE',
  SCMP_CMP_NE: 'SCMP_CMP_EQ',
  SCMP_CMP_LT: 'SCMP_CMP_GE',
  SCMP_CMP_LE: 'SCMP_CMP_GT',
  SCMP_CMP_GE: 'SCMP_CMP_LT',
  SCMP_CMP_GT: 'SCMP_CMP_LE',
} as const;

function opposite(condition: Condition): readonly Conjunction[] {
  const { arg, width, value } = condition;
  if (condition.op !== 'SCMP_CMP_MASKED_EQ') return [[{ ...condition, op: INVERSE[condition.op] }]];
  return masksOf(condition.mask, width).flatMap(mask => unequal(arg, width, mask, value & mask));
}

const LOW_WORD = 0xffff_ffffn;

/** Alternatives for masked bits of an argument that differ from `value`. The bits must be contiguous. */
function unequal(arg: number, width: 32 | 64, mask: bigint, value: bigint): readonly Conjunction[] {
  const part = mask <= LOW_WORD ? 32 : width;
  const all = (1n << BigInt(part)) - 1n;
  const below = all & ~mask;
  // Without unmasked bits above, the values with equal masked bits are a range.
  if ((below & (below + 1n)) === 0n) {
    return [
      ...(value > 0n ? [[Object.freeze({ op: 'SCMP_CMP_LT', arg, width: part, value } as const)]] : []),
      ...(value < mask
        ? [[Object.freeze({ op: 'SCMP_CMP_GT', arg, width: part, value: value | below } as const)]]
        : []),
    ];
  }
  return bitsOf(mask).map(bit => [
    Object.freeze({ op: 'SCMP_CMP_MASKED_EQ', arg, width, mask: bit, value: bit & ~value } as const),
  ]);
}

/** Splits a mask: the highest contiguous bits of each word, and the other bits. */
function masksOf(mask: bigint, width: 32 | 64): readonly bigint[] {
  const words = width === 32 ? [mask] : [mask & LOW_WORD, mask & ~LOW_WORD];
  return words
    .flatMap((word, index) => {
      let top = 0n;
      for (let bit = 1n << BigInt(index * 32 + 31); (word & bit) !== 0n; bit >>= 1n) top |= bit;
      return [top, word & ~top];
    })
    .filter(part => part !== 0n);
}

/** Splits a mask into its bits. */
function bitsOf(mask: bigint): readonly bigint[] {
  const bits: bigint[] = [];
  for (let bit = 1n; bit <= mask; bit <<= 1n) if ((mask & bit) !== 0n) bits.push(bit);
  return bits;
}

const OPERATORS: Readonly<Record<Comparison, Exclude<Operator, 'SCMP_CMP_MASKED_EQ'>>> = {
  '==': 'SCMP_CMP_EQ',
  '!=': 'SCMP_CMP_NE',
  '<': 'SCMP_CMP_LT',
  '<=': 'SCMP_CMP_LE',
  '>': 'SCMP_CMP_GT',
  '>=': 'SCMP_CMP_GE',
};

/** Reads a C comparison operator. Throws ProfileError (`policy-syntax`). */
export function readComparison(scanner: Scanner): Comparison {
  const { text } = scanner.peek();
  if (!isComparison(text)) return scanner.unexpected('a comparison', 'Write ==, !=, <, <=, > or >=');
  scanner.next();
  return text;
}

/** Whether a word is a C comparison operator. */
export const isComparison = (text: string): text is Comparison => hasOwn(OPERATORS, text);

function comparisonOf(
  expression: Extract<Expression, { kind: 'compare' }>,
  topic: Topic,
  negated: boolean,
): readonly Conjunction[] {
  const { abi, syscall, budget } = topic;
  const { comparison, at } = expression;
  const arg = indexOf(expression.argument, topic, at);
  const parameter = parameterOf(abi, syscall, arg);
  const register = ABIS[abi].width;
  const asked = own(expression, 'width');
  const width = asked === 'register' ? register : (asked ?? (register === 32 ? 32 : topic.widthOf(arg)));
  const value = constantValue(expression.value, abi, parameter);
  const masked = own(expression, 'mask');
  budget.spend(1);
  const all = (1n << BigInt(width)) - 1n;
  if (masked !== undefined) {
    if (comparison !== '==' && comparison !== '!=') {
      failAt(
        at,
        'not-expressible',
        `some bits of an argument are compared by ${quote(comparison)}, which policies cannot express`,
        'Compare them with == or !=',
      );
    }
    // Bits that an argument does not have are always clear.
    const mask = constantValue(masked, abi, parameter) & all;
    const positive = (comparison === '==') !== negated;
    if ((value & ~mask) !== 0n) return positive ? [] : [[]];
    if (mask === 0n) return positive ? [[]] : [];
    const condition = Object.freeze({ op: 'SCMP_CMP_MASKED_EQ', arg, width, mask, value } as const);
    return positive ? [[condition]] : opposite(condition);
  }
  const op = negated ? INVERSE[OPERATORS[comparison]] : OPERATORS[comparison];
  if (value > all) {
    // Every argument is smaller than this value.
    return op === 'SCMP_CMP_NE' || op === 'SCMP_CMP_LT' || op === 'SCMP_CMP_LE' ? [[]] : [];
  }
  return [[Object.freeze({ op, arg, width, value })]];
}

function indexOf(argument: string | number, { abi, syscall }: Topic, at: Location): number {
  const index = typeof argument === 'number' ? argument : argumentIndex(abi, syscall, argument);
  if (index !== undefined && index >= 0 && index < 6) return index;
  const names = argumentNames(abi, syscall);
  return failAt(
    at,
    'unknown-argument',
    `${syscall} of ${abi} has no argument ${quote(String(argument))}`,
    didYouMean(
      String(argument),
      names,
      names.length === 0 ? 'Write arg0 to arg5' : `It has ${names.join(', ')}; arg0 to arg5 do as well`,
    ),
  );
}

/** The unsigned value of a constant on an ABI, for a comparison with this parameter. Throws ProfileError. */
function constantValue(constant: Constant, abi: AbiName, parameter: Parameter | undefined): bigint {
  switch (constant.kind) {
    case 'number':
      return constant.value;
    case 'text':
      return placed(constant.at, () => parseValue(constant.text, parameter, abi));
    case '~': {
      const width = BigInt(ABIS[abi].width);
      return BigInt.asUintN(Number(width), ~constantValue(constant.of, abi, parameter));
    }
    default: {
      const [first, second] = constant.of.map(part => constantValue(part, abi, parameter));
      return combined(constant.kind, first ?? 0n, second ?? 0n, ABIS[abi].width);
    }
  }
}

function combined(kind: '|' | '&' | '<<', first: bigint, second: bigint, width: number): bigint {
  if (kind === '|') return first | second;
  if (kind === '&') return first & second;
  return second >= BigInt(width) ? 0n : BigInt.asUintN(width, first << second);
}
