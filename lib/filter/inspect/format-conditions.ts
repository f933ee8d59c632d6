// Formats conditions and actions in words, with the names of arguments and constants.
import { ABIS } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { actionName, type Action } from '../../kernel/action.js';
import { SCMP_ACT_ALLOW } from '../../kernel/constants.js';
import { nameValue } from '../../kernel/arguments/named-values.js';
import { argumentName } from '../../kernel/arguments/parameter-names.js';
import type { Actions, Conditions, Term } from '../meaning/actions.js';
import type { NumberRange, NumberTest } from '../meaning/number-sets.js';
import type { Numbers } from '../meaning/sections.js';
import { hasOwn } from '../../util/own.js';

/** The call for names; without one, arguments and values are numbers. */
export interface Topic {
  readonly abi: AbiName;
  readonly syscall: string;
}

/** `allowed if domain is AF_UNIX; otherwise ERRNO(EPERM)`, or only the action if there are no conditions. */
export function formatActions({ cases, otherwise }: Actions<Action>, topic?: Topic): string {
  const [only] = cases;
  if (only === undefined) return actionName(otherwise);
  if (cases.length === 1 && otherwise === SCMP_ACT_ALLOW)
    return `allowed unless ${formatConditions(only.when, topic)}; then ${actionName(only.action)}`;
  const parts = cases.map(({ action, when }) => `${verb(action)} if ${formatConditions(when, topic)}`);
  return `${parts.join('; ')}; otherwise ${verb(otherwise)}`;
}

const verb = (action: Action): string => (action === SCMP_ACT_ALLOW ? 'allowed' : actionName(action));

/** `domain is AF_UNIX and (type & 0xf) == 2, or domain is AF_INET`. */
export function formatConditions(conditions: Conditions | undefined, topic?: Topic): string {
  if (conditions === undefined) return 'one of more conditions holds than can be listed';
  return conditions
    .map(terms => formatTerms(terms, topic))
    .join(conditions.some(terms => terms.length > 1) ? ', or ' : ' or ');
}

const formatTerms = (terms: readonly Term[], topic: Topic | undefined): string =>
  terms
    .map(term => {
      const text = formatTerm(term, topic);
      return terms.length > 1 && text.includes(' or ') ? `(${text})` : text;
    })
    .join(' and ');

/** `domain is AF_UNIX or AF_INET`. */
function formatTerm({ of, width, anyOf }: Term, topic?: Topic): string {
  const subject = subjectOf(of, width, anyOf, topic);
  const name: Namer = (value, mask) => {
    if (topic === undefined || of === 'instructionPointer') return undefined;
    const words = nameValue(topic.abi, topic.syscall, of, value, mask);
    // If only some of the bits have names, the number is more readable.
    return words === undefined || /(?:^|\|)0x/.test(words) ? undefined : words;
  };
  return anyOf.map(test => formatTest(test, subject, width, name)).join(' or ');
}

/** The name of a value, or of some of its bits. */
type Namer = (value: bigint, mask?: bigint) => string | undefined;

/** The maximum size of a range that is listed by names. */
const SHORT_RANGE = 4n;

function subjectOf(
  of: Term['of'],
  width: 32 | 64,
  tests: readonly NumberTest[],
  topic: Topic | undefined,
): string {
  if (of === 'instructionPointer') return 'the instruction pointer';
  const name = topic === undefined ? `arg${of}` : argumentName(topic.abi, topic.syscall, of);
  // By default, a condition compares the whole register, as in profiles.
  const wide = topic === undefined || ABIS[topic.abi].width === 64;
  // A mask already shows which bits are compared.
  const masked = tests.every(({ op }) => op === 'maskedEqual' || op === 'maskedUnequal');
  return wide && width === 32 && !masked ? `the low half of ${name}` : name;
}

function formatTest(test: NumberTest, subject: string, width: 32 | 64, name: Namer): string {
  const show = (value: bigint, mask?: bigint): string => name(value, mask) ?? formatNumber(value);
  if (hasOwn(test, 'mask')) {
    const { mask, value } = test;
    const bits = show(mask);
    const sign = test.op === 'maskedEqual' ? '==' : '!=';
    const shown = value === 0n ? '0' : value === mask ? bits : show(value, mask);
    return `(${subject} & ${bits.includes('|') ? `(${bits})` : bits}) ${sign} ${shown}`;
  }
  const inside = test.op === 'in';
  const ranges = test.ranges.flatMap(range => spelledOut(range, name));
  const [only] = ranges;
  if (only !== undefined && ranges.length === 1 && only[0] !== only[1]) {
    const [low, high] = only;
    if (low === 0n) return `${subject} ${inside ? '<=' : '>'} ${show(high)}`;
    if (high === 2n ** BigInt(width) - 1n) return `${subject} ${inside ? '>=' : '<'} ${show(low)}`;
    return `${subject} is ${inside ? 'in' : 'outside of'} ${formatRange(only, show)}`;
  }
  const values = ranges.map(range => formatRange(range, show));
  if (inside) return `${subject} is ${listed(values, 'or')}`;
  if (values.length === 1) return `${subject} is not ${values.join('')}`;
  return values.length === 2
    ? `${subject} is neither ${values.join(' nor ')}`
    : `${subject} is none of ${listed(values, 'and')}`;
}

/** Splits a short range into its values if all of them have names. */
function spelledOut([low, high]: NumberRange, name: Namer): readonly NumberRange[] {
  if (high - low >= SHORT_RANGE) return [[low, high]];
  const values = Array.from({ length: Number(high - low) + 1 }, (_, index) => low + BigInt(index));
  return values.every(value => name(value) !== undefined)
    ? values.map((value): NumberRange => [value, value])
    : [[low, high]];
}

const formatRange = ([low, high]: NumberRange, show: (value: bigint) => string): string =>
  low === high ? show(low) : `${show(low)}..${show(high)}`;

/** Formats numbers: `336..423, 467`, `all but 3`. */
export function formatNumbers({ allOf }: Pick<Numbers, 'allOf'>): string {
  if (allOf === undefined) return 'more than can be listed';
  return allOf.map(anyOf => anyOf.map(formatNumberTest).join(' or ')).join(' and ');
}

function formatNumberTest(test: NumberTest): string {
  if (hasOwn(test, 'mask')) return formatTest(test, 'number', 32, () => undefined);
  const ranges = test.ranges.map(range => formatRange(range, formatNumber)).join(', ');
  if (test.op === 'notIn') return `all but ${ranges}`;
  return ranges === ALL_NUMBERS ? 'all' : ranges;
}

const ALL_NUMBERS = '0..0xffffffff';

/** `a, b or c`. */
const listed = (words: readonly string[], last: string): string =>
  words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} ${last} ${words[words.length - 1] ?? ''}`;

/** Formats small numbers, such as counts and descriptors, in decimal, others in hexadecimal. */
export const formatNumber = (value: bigint): string =>
  value < 1024n ? `${value}` : `0x${value.toString(16)}`;
