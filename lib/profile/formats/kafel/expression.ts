// Conditions of kafel: C expressions without arithmetic. Source: README.md and src/parser.y of kafel.
import { hasOwn, own } from '../../../util/own.js';
import type { Location } from '../../../util/errors.js';
import {
  readComparison,
  isComparison,
  type Comparison,
  type Constant,
  type Expression,
} from '../common/expression.js';
import { checkDepth, failAt, type Scanner } from '../common/scanner.js';

/** Resolves the names in a condition. */
export interface Names {
  /** `#define`d numbers. */
  readonly constants: ReadonlyMap<string, bigint>;
  /** The names of arguments that the rule declares, in order. */
  readonly parameters: readonly string[];
}

const FLIPPED: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** Reads alternatives separated by commas, up to `}` or `)`. Throws ProfileError. */
export function readConditions(scanner: Scanner, names: Names, depth = 0): Expression {
  const of: Expression[] = [];
  do {
    do {
      const all: Expression[] = [];
      do all.push(readPrimary(scanner, names, depth));
      while (scanner.accept('&&'));
      of.push({ kind: 'and', of: all });
    } while (scanner.accept('||'));
  } while (scanner.accept(','));
  return { kind: 'or', of };
}

function readPrimary(scanner: Scanner, names: Names, depth: number): Expression {
  const { at } = scanner.peek();
  checkDepth(depth, 'conditions', at);
  if (scanner.accept('!')) return { kind: 'not', of: readPrimary(scanner, names, depth + 1) };
  if (scanner.peek().text === '(' && holdsCondition(scanner)) {
    scanner.next();
    const inner = readConditions(scanner, names, depth + 1);
    scanner.expect(')');
    return inner;
  }
  const left = readSide(scanner, names, depth);
  const text = readComparison(scanner);
  const right = readSide(scanner, names, depth);
  const [subject, value, comparison] = hasOwn(left, 'argument')
    ? [left, right, text]
    : [right, left, FLIPPED[text]];
  if (!hasOwn(subject, 'argument') || hasOwn(value, 'argument'))
    return failAt(
      at,
      'not-expressible',
      'one argument is compared with one number, and this is something else',
      'Compare an argument with a number',
    );
  const { argument } = subject;
  const mask = own(subject, 'mask');
  return {
    kind: 'compare',
    comparison,
    argument,
    ...(mask !== undefined && { mask }),
    value: value.constant,
    at,
  };
}

/** Whether the parentheses that open here contain whole comparisons. */
function holdsCondition(scanner: Scanner): boolean {
  let depth = 0;
  for (let ahead = 0; ; ahead++) {
    const { text } = scanner.peek(ahead);
    if (text === '(') depth++;
    else if (text === ')') depth--;
    else if (text === '' || text === '}' || text === '{') return true;
    else if (isComparison(text) || text === '&&' || text === '||' || text === '!') return true;
    if (depth === 0) return false;
  }
}

/** One side of a comparison: a number, or an argument with an optional mask. */
type Side =
  { readonly constant: Constant } | { readonly argument: string | number; readonly mask?: Constant };

function readSide(scanner: Scanner, names: Names, depth: number): Side {
  const { at } = scanner.peek();
  const first = readOperand(scanner, names, depth);
  if (!scanner.accept('&')) return first;
  const second = readOperand(scanner, names, depth);
  const [subject, bits] = hasOwn(first, 'argument') ? [first, second] : [second, first];
  if (hasOwn(bits, 'argument'))
    return failAt(at, 'not-expressible', 'two arguments are combined', 'Combine an argument with a number');
  if (!hasOwn(subject, 'argument')) return { constant: { kind: '&', of: [subject.constant, bits.constant] } };
  if (own(subject, 'mask') !== undefined)
    return failAt(at, 'not-expressible', 'an argument has two masks', 'Write one number for both');
  return { argument: subject.argument, mask: bits.constant };
}

function readOperand(scanner: Scanner, names: Names, depth: number): Side {
  checkDepth(depth, 'values', scanner.peek().at);
  if (scanner.accept('(')) {
    const inner = readSide(scanner, names, depth + 1);
    scanner.expect(')');
    return inner;
  }
  const first = readName(scanner, names);
  if (hasOwn(first, 'argument')) return first;
  let { constant } = first;
  while (scanner.accept('|')) {
    const { at } = scanner.peek();
    const next = readName(scanner, names);
    if (hasOwn(next, 'argument'))
      return failAt(at, 'not-expressible', 'an argument is combined with |', 'Combine numbers');
    constant = { kind: '|', of: [constant, next.constant] };
  }
  return { constant };
}

function readName(scanner: Scanner, { constants, parameters }: Names): Side {
  const { text, at } = scanner.peek();
  if (/^-?\d/.test(text)) {
    scanner.next();
    return { constant: { kind: 'number', value: numberOf(text, at) } };
  }
  if (!/^[A-Za-z_]\w*$/.test(text)) return scanner.unexpected('an argument or a number');
  scanner.next();
  const defined = constants.get(text);
  if (defined !== undefined) return { constant: { kind: 'number', value: defined } };
  const index = parameters.indexOf(text);
  if (index !== -1) return { argument: index };
  // Constants of C headers have upper-case names, arguments do not.
  return /^[A-Z][A-Z\d_]*$/.test(text) ? { constant: { kind: 'text', text, at } } : { argument: text };
}

/** Parses a decimal, hexadecimal, octal or binary number. Throws ProfileError (`bad-value`). */
export function numberOf(text: string, at: Location): bigint {
  const [, sign, digits] =
    /^(-?)(0[xX][\da-fA-F]{1,16}|0[bB][01]{1,64}|0[0-7]{0,22}|[1-9]\d{0,19})$/.exec(text) ?? [];
  if (digits === undefined)
    return failAt(at, 'bad-value', `${JSON.stringify(text)} is not a number`, 'Write it as in C');
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return BigInt.asUintN(64, sign === '-' ? -value : value);
}
