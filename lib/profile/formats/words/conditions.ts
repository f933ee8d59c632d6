// Conditions in words: `domain is AF_UNIX or AF_INET and (flags & SOCK_CLOEXEC) == 0, or type is in 3..7`.
import { isComparison, type Comparison, type Constant, type Expression } from '../common/expression.js';
import { readConstant } from '../common/read-constant.js';
import { checkDepth, failAt, type Scanner } from '../common/scanner.js';

/** Words that cannot be the name of an argument or a constant. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'and or not nor neither none of is in outside if unless then otherwise the'.split(' '),
);

const isName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text) && !KEYWORDS.has(text);
const isNumber = (text: string): boolean => /^\d/.test(text);

/**
 * Reads alternatives: `a is 1 and b is 2, or c is 3`. Throws ProfileError (`policy-syntax`, `too-deep`,
 * `not-expressible`).
 */
export function readCondition(scanner: Scanner, depth = 0): Expression {
  const of = [readConjunction(scanner, depth)];
  while (scanner.accept('or') || scanner.accept(',', 'or')) of.push(readConjunction(scanner, depth));
  return joined('or', of);
}

function readConjunction(scanner: Scanner, depth: number): Expression {
  const of = [readUnit(scanner, depth)];
  while (scanner.accept('and') || scanner.accept(',', 'and')) of.push(readUnit(scanner, depth));
  return joined('and', of);
}

const joined = (kind: 'and' | 'or', of: readonly Expression[]): Expression => {
  const [only] = of;
  return only !== undefined && of.length === 1 ? only : { kind, of };
};

function readUnit(scanner: Scanner, depth: number): Expression {
  const { at } = scanner.peek();
  checkDepth(depth, 'conditions', at);
  if (scanner.accept('not')) return { kind: 'not', of: readUnit(scanner, depth + 1) };
  if (scanner.peek().text === '(' && !startsMask(scanner)) {
    scanner.next();
    const inner = readCondition(scanner, depth + 1);
    scanner.expect(')');
    return inner;
  }
  if (scanner.accept('one', 'of', 'more')) {
    failAt(
      at,
      'not-expressible',
      'explain left out conditions here, because there were too many',
      'Use the program that was explained',
    );
  }
  return readTest(scanner);
}

/** Whether `(flags & …` follows rather than a condition in parentheses. */
function startsMask(scanner: Scanner): boolean {
  const subject = scanner.peek(1).text === 'the' ? 5 : 2;
  return scanner.peek(subject).text === '&';
}

/** The left side of a comparison: an argument, its low half, or some of its bits. */
interface Subject {
  readonly argument: string;
  readonly width?: 32;
  readonly mask?: Constant;
}

function readTest(scanner: Scanner): Expression {
  const { at } = scanner.peek();
  const subject = readSubject(scanner);
  const compare = (comparison: Comparison, value: Constant): Expression => ({
    kind: 'compare',
    comparison,
    ...subject,
    value,
    at,
  });
  const { text } = scanner.peek();
  if (isComparison(text)) {
    scanner.next();
    return compare(text, readValue(scanner));
  }
  scanner.expect('is', 'Write a comparison such as "is AF_UNIX", "is in 3..7" or "== 0"');
  const within = ([low, high]: Range): Expression =>
    high === undefined ? compare('==', low) : joined('and', [compare('>=', low), compare('<=', high)]);
  const listed = (word: string): Expression => joined('or', readList(scanner, word).map(within));
  if (scanner.accept('in')) return within(readRange(scanner));
  if (scanner.accept('outside', 'of')) return { kind: 'not', of: within(readRange(scanner)) };
  if (scanner.accept('not')) return { kind: 'not', of: listed('or') };
  if (scanner.accept('neither')) return { kind: 'not', of: listed('nor') };
  if (scanner.accept('none', 'of')) return { kind: 'not', of: listed('and') };
  return listed('or');
}

function readSubject(scanner: Scanner): Subject {
  const { at } = scanner.peek();
  if (scanner.accept('(')) {
    const subject = readSubject(scanner);
    scanner.expect('&');
    const mask = readValue(scanner);
    scanner.expect(')');
    return { ...subject, mask };
  }
  if (scanner.accept('the', 'low', 'half', 'of')) return { argument: readArgument(scanner), width: 32 };
  if (scanner.accept('the', 'instruction', 'pointer')) {
    failAt(
      at,
      'not-expressible',
      'the instruction pointer is compared, which policies cannot express',
      'Leave the condition out, or use the program itself',
    );
  }
  return { argument: readArgument(scanner) };
}

function readArgument(scanner: Scanner): string {
  if (isName(scanner.peek().text)) return scanner.next().text;
  return scanner.unexpected('an argument', 'Write its name, such as domain, or arg0 to arg5');
}

/** An inclusive range; a single value if there is no second. */
type Range = readonly [low: Constant, high: Constant | undefined];

function readRange(scanner: Scanner): Range {
  const low = readValue(scanner);
  return [low, scanner.accept('..') ? readValue(scanner) : undefined];
}

/** Reads `A`, `A or B`, or `A, B or C`, up to a value that is itself compared. */
function readList(scanner: Scanner, last: string): readonly Range[] {
  const ranges = [readRange(scanner)];
  for (;;) {
    const skip = [[',', last], [last], [',']].find(
      words =>
        words.every((word, index) => scanner.peek(index).text === word) && isValueAt(scanner, words.length),
    );
    if (skip === undefined) return ranges;
    scanner.position += skip.length;
    ranges.push(readRange(scanner));
  }
}

/** Whether a value, and not the next condition, follows after this many tokens. */
function isValueAt(scanner: Scanner, ahead: number): boolean {
  let index = ahead;
  const { text } = scanner.peek(index);
  if (text === '-' || text === '~') return true;
  if (!isName(text) && !isNumber(text)) return false;
  while (scanner.peek(index + 1).text === '|') index += 2;
  const following = scanner.peek(index + 1).text;
  return following !== 'is' && following !== '&' && !isComparison(following);
}

/**
 * Reads `CLONE_NEWUSER|CLONE_NEWNS`, `-1` or `~0x3`, with parentheses. Throws ProfileError (`policy-syntax`,
 * `too-deep`).
 */
const readValue = (scanner: Scanner): Constant =>
  readConstant(scanner, () => {
    const sign = scanner.accept('-') ? '-' : '';
    const { text } = scanner.peek();
    return isNumber(text) || (sign === '' && isName(text)) ? `${sign}${text}` : undefined;
  });
