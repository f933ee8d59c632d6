// The syntax of the listing notation, shared by the disassembler and the assembler.
import { operationOf, type ArithmeticName, type Operation, type TestName } from '../opcodes.js';
import { DATA_SIZE, WORD, type Instruction } from '../program.js';

/** Formats a number in hexadecimal. */
export const hex = (value: number, digits = 1): string => `0x${value.toString(16).padStart(digits, '0')}`;

/** Formats the number of a line, which is the index of its instruction. */
export const lineNumber = (index: number): string => String(index).padStart(4, '0');

/** Operations on the accumulator, except for negation, which is written differently. */
export const ARITHMETIC: Readonly<Record<Exclude<ArithmeticName, 'neg'>, string>> = {
  add: '+=',
  sub: '-=',
  mul: '*=',
  div: '/=',
  or: '|=',
  and: '&=',
  lsh: '<<=',
  rsh: '>>=',
  xor: '^=',
};

/** Tests and their negations; the last test has none. */
export const TESTS: Readonly<
  Record<TestName, { readonly sign: string; readonly negated: string | undefined }>
> = {
  eq: { sign: '==', negated: '!=' },
  gt: { sign: '>', negated: '<=' },
  ge: { sign: '>=', negated: '<' },
  set: { sign: '&', negated: undefined },
};

/** The suffix of a 64-bit word for its high half. */
const HIGH_HALF = ' >> 32';

/** The size of the data. It is not written as a number, because `A = 64` is another instruction. */
export const DATA_LENGTH = 'sizeof(struct seccomp_data)';

const NAMED_WORDS: ReadonlyMap<number, string> = new Map([
  [WORD.nr, 'sys_number'],
  [WORD.arch, 'arch'],
  [WORD.ipLow, 'instruction_pointer'],
  [WORD.ipHigh, `instruction_pointer${HIGH_HALF}`],
]);

/** The word of `struct seccomp_data` at an offset, or undefined if there is none. */
export const wordAt = (offset: number): number | undefined =>
  offset % 4 === 0 && offset < DATA_SIZE ? offset / 4 : undefined;

/**
 * The source of a load at an offset: `sys_number`, `args[0] >> 32`, or `data[2]` for an offset that is not a word's.
 */
export function wordName(offset: number): string {
  const word = wordAt(offset);
  if (word === undefined) return `data[${offset}]`;
  return NAMED_WORDS.get(word) ?? `args[${(word - 4) >>> 1}]${word % 2 === 0 ? '' : HIGH_HALF}`;
}

type ListingField = 'jt' | 'jf' | 'k';

/** The fields that an instruction does not read, which may have any value. */
export function unusedFields({ code }: Instruction): readonly ListingField[] {
  const operation = operationOf(code);
  if (operation === undefined || operation.kind === 'test') return operation?.operand === 'x' ? ['k'] : [];
  return usesConstant(operation) ? ['jt', 'jf'] : ['jt', 'jf', 'k'];
}

function usesConstant(operation: Exclude<Operation, { kind: 'test' }>): boolean {
  switch (operation.kind) {
    case 'load':
      return operation.from !== 'length';
    case 'arithmetic':
      return operation.operand === 'k';
    case 'return':
      return operation.from === 'k';
    case 'copy':
      return false;
    default:
      return true;
  }
}
