// Parses one statement of an assembly text: an instruction whose labels and names are resolved later.
import { ACTIONS, actionKind } from '../../kernel/action.js';
import { errnoNames, errnoNumber } from '../../kernel/errno.js';
import { didYouMean } from '../../util/suggest.js';
import { SCMP_ACT_ERRNO, SCMP_ACT_NOTIFY } from '../../kernel/constants.js';
import { ARITHMETIC, DATA_LENGTH, TESTS } from '../listing/notation.js';
import { BPF, codeOf, type ArithmeticName, type TestName } from '../opcodes.js';
import { WORD } from '../program.js';
import { isNumeric, parseNumber, takeNegative, takeWord } from './number.js';
import { failAt, show, unexpected, type Reader, type Token } from './tokens.js';

/** A label, or undefined for the instruction that follows. */
export type JumpTarget = Token | undefined;

/** An instruction as written in the text. */
export type AssemblyStatement =
  | { readonly kind: 'simple'; readonly code: number; readonly k: number }
  | { readonly kind: 'goto'; readonly target: JumpTarget }
  | {
      readonly kind: 'test';
      readonly code: number;
      /** A number, or the name of an architecture or a call. */
      readonly constant: number | Token;
      readonly whenTrue: JumpTarget;
      readonly whenFalse: JumpTarget;
    };

/** Parses a statement after its first word. Throws AssemblyError. */
export function parseStatement(first: Token, reader: Reader): AssemblyStatement {
  switch (first.text) {
    case 'A':
      return parseA(reader);
    case 'X':
      reader.expect('=');
      return loadX(reader);
    case 'mem': {
      const k = takeIndex(reader);
      reader.expect('=');
      if (reader.accept('A')) return simple(BPF.ST, k);
      reader.expect('X');
      return simple(BPF.STX, k);
    }
    case 'goto':
      return { kind: 'goto', target: takeTarget(reader) };
    case 'if':
      return parseIf(reader);
    case 'return':
      return parseReturn(reader);
    default:
      return unexpected(first, 'a label, "A", "X", "mem", "if", "goto" or "return"');
  }
}

const simple = (code: number, k = 0): AssemblyStatement => ({ kind: 'simple', code, k });

const ARITHMETIC_NAMES: ReadonlyMap<string, ArithmeticName> = new Map(
  Object.entries(ARITHMETIC).map(([name, sign]) => [sign, name as ArithmeticName]),
);

function parseA(reader: Reader): AssemblyStatement {
  if (reader.accept('=')) return loadA(reader);
  const op = ARITHMETIC_NAMES.get(reader.peek().text);
  if (op !== undefined) {
    reader.next();
    return reader.accept('X')
      ? simple(codeOf('arithmetic', op, 'x'))
      : simple(codeOf('arithmetic', op, 'k'), takeWord(reader));
  }
  const comparison = takeComparison(reader);
  reader.expect('?');
  const whenTrue = takeTarget(reader);
  reader.expect(':');
  return test(comparison, whenTrue, takeTarget(reader));
}

function loadA(reader: Reader): AssemblyStatement {
  if (reader.accept('-'))
    return reader.accept('A') ? simple(BPF.NEG) : simple(BPF.LD_IMM, takeNegative(reader));
  const token = reader.next();
  if (isNumeric(token)) return simple(BPF.LD_IMM, parseNumber(token));
  switch (token.text) {
    case 'sys_number':
      return simple(BPF.LD_ABS, 4 * WORD.nr);
    case 'arch':
      return simple(BPF.LD_ABS, 4 * WORD.arch);
    case 'instruction_pointer':
      return simple(BPF.LD_ABS, 4 * (acceptHighHalf(reader) ? WORD.ipHigh : WORD.ipLow));
    case 'args': {
      const argument = takeIndex(reader, 5);
      return simple(BPF.LD_ABS, 4 * (acceptHighHalf(reader) ? WORD.high(argument) : WORD.low(argument)));
    }
    case 'data':
      return simple(BPF.LD_ABS, takeIndex(reader));
    case 'mem':
      return simple(BPF.LD_MEM, takeIndex(reader));
    case 'X':
      return simple(BPF.TXA);
    case 'sizeof':
      expectDataLength(reader);
      return simple(BPF.LD_LEN);
    default:
      return unexpected(
        token,
        `a number, "sys_number", "arch", "args[0]", "instruction_pointer", "data[0]", "mem[0]", "X", "-A" or "${DATA_LENGTH}"`,
      );
  }
}

function loadX(reader: Reader): AssemblyStatement {
  if (reader.accept('A')) return simple(BPF.TAX);
  if (reader.accept('mem')) return simple(BPF.LDX_MEM, takeIndex(reader));
  if (!reader.accept('sizeof')) return simple(BPF.LDX_IMM, takeWord(reader));
  expectDataLength(reader);
  return simple(BPF.LDX_LEN);
}

/** Reads the rest after `sizeof`. */
function expectDataLength(reader: Reader): void {
  for (const text of ['(', 'struct', 'seccomp_data', ')']) reader.expect(text);
}

function takeIndex(reader: Reader, most?: number): number {
  reader.expect('[');
  const index = parseNumber(reader.next(), most);
  reader.expect(']');
  return index;
}

/** Parses the shift for the high half of a 64-bit word, if there is one. */
function acceptHighHalf(reader: Reader): boolean {
  if (!reader.accept('>>')) return false;
  reader.expect('32');
  return true;
}

interface AssemblyComparison {
  readonly code: number;
  readonly constant: number | Token;
  /** Whether the instruction performs the opposite test. */
  readonly negated: boolean;
}

const COMPARISONS: ReadonlyMap<string, { readonly op: TestName; readonly negated: boolean }> = new Map(
  Object.entries(TESTS).flatMap(([name, { sign, negated }]) =>
    [
      { text: sign, op: name as TestName, negated: false },
      { text: negated, op: name as TestName, negated: true },
    ].flatMap(({ text, ...rest }) => (text === undefined ? [] : [[text, rest] as const])),
  ),
);

/** Reads a comparison after its A. */
function takeComparison(reader: Reader): AssemblyComparison {
  const sign = reader.next();
  const found = COMPARISONS.get(sign.text);
  if (found === undefined) return unexpected(sign, 'an assignment or a comparison');
  const { op, negated } = found;
  const code = codeOf('test', op, 'k');
  const operand = reader.peek();
  if (isNumeric(operand) || operand.text === '-') return { code, constant: takeWord(reader), negated };
  reader.next();
  if (operand.text === 'X') return { code: codeOf('test', op, 'x'), constant: 0, negated };
  return {
    code,
    constant: isWord(operand) ? operand : unexpected(operand, 'a number, a name or "X"'),
    negated,
  };
}

/** Parses the text after `if`: a comparison in parentheses, with optional negations. */
function parseIf(reader: Reader): AssemblyStatement {
  let open = 0;
  let negated = false;
  while (reader.peek().text !== 'A' || open === 0) {
    while (reader.accept('!')) negated = !negated;
    reader.expect('(');
    open++;
  }
  reader.next();
  const comparison = takeComparison(reader);
  for (; open > 0; open--) reader.expect(')');
  reader.expect('goto');
  const then = takeTarget(reader);
  const otherwise = reader.accept('else') ? takeElse(reader) : undefined;
  return test({ ...comparison, negated: comparison.negated !== negated }, then, otherwise);
}

function takeElse(reader: Reader): JumpTarget {
  reader.expect('goto');
  return takeTarget(reader);
}

const test = (
  { code, constant, negated }: AssemblyComparison,
  then: JumpTarget,
  otherwise: JumpTarget,
): AssemblyStatement => ({
  kind: 'test',
  code,
  constant,
  whenTrue: negated ? otherwise : then,
  whenFalse: negated ? then : otherwise,
});

/** The label for the next instruction, which is valid in every statement. */
export const NEXT = 'next';

function takeTarget(reader: Reader): JumpTarget {
  const label = reader.next();
  if (!isWord(label)) return unexpected(label, 'a label');
  return label.text === NEXT ? undefined : label;
}

/** Whether a token is a word or a number rather than a sign. */
export const isWord = ({ text }: Token): boolean => /^[\p{L}\p{N}_.]/u.test(text);

const ACTION_KINDS: ReadonlyMap<string, number> = new Map([
  ...Object.entries(ACTIONS).map(([name, action]) => [name.replace('SCMP_ACT_', ''), action] as const),
  ['USER_NOTIF', SCMP_ACT_NOTIFY],
]);

function parseReturn(reader: Reader): AssemblyStatement {
  if (reader.accept('A')) return simple(BPF.RET_A);
  const token = reader.peek();
  if (isNumeric(token) || token.text === '-') return simple(BPF.RET_K, takeWord(reader));
  reader.next();
  if (!isWord(token)) return unexpected(token, 'an action, a number or "A"');
  const action = ACTION_KINDS.get(token.text);
  if (action === undefined) {
    return failAt(
      token,
      'unknown-name',
      `there is no action ${show(token)}`,
      didYouMean(token.text, ACTION_KINDS.keys(), `Actions are ${[...ACTION_KINDS.keys()].join(', ')}`),
    );
  }
  const isErrno = action === actionKind(SCMP_ACT_ERRNO(0));
  if (reader.accept('(')) {
    const data = isErrno ? parseErrno(reader.next()) : parseNumber(reader.next(), MAX_DATA);
    reader.expect(')');
    return simple(BPF.RET_K, (action | data) >>> 0);
  }
  if (!isErrno) return simple(BPF.RET_K, action);
  return failAt(
    token,
    'bad-statement',
    'ERRNO without an errno would report success for a call that is not executed',
    'Write for example ERRNO(EPERM), or ERRNO(0) to report success',
  );
}

const MAX_DATA = 0xffff;

function parseErrno(token: Token): number {
  if (isNumeric(token)) return parseNumber(token, MAX_DATA);
  if (!isWord(token)) return unexpected(token, 'an errno');
  return (
    errnoNumber(token.text) ??
    failAt(
      token,
      'unknown-name',
      `there is no errno ${show(token)}`,
      didYouMean(token.text, errnoNames(), 'Write a name of errno(3) or a number'),
    )
  );
}
