// The signs of the listing notation, for the side that writes it and the side that reads it.
import { BPF, CODES, DATA_SIZE, isConditional, WORD, type Instruction } from '../program.js';

/** A number as a listing has it. */
export const hex = (value: number, digits = 1): string => `0x${value.toString(16).padStart(digits, '0')}`;

/** The number of a line, which is the index of its instruction. */
export const lineNumber = (index: number): string => String(index).padStart(4, '0');

/** Operations on the accumulator by their bits of the opcode (`BPF_OP`). */
export const ARITHMETIC: ReadonlyMap<number, string> = new Map([
  [0x00, '+='],
  [0x10, '-='],
  [0x20, '*='],
  [0x30, '/='],
  [0x40, '|='],
  [0x50, '&='],
  [0x60, '<<='],
  [0x70, '>>='],
  [0xa0, '^='],
]);

/** Tests by their bits of the opcode, and what they are when they do not hold; the last one has no sign for that. */
export const TESTS: ReadonlyMap<number, { readonly sign: string; readonly negated: string | undefined }> =
  new Map([
    [0x10, { sign: '==', negated: '!=' }],
    [0x20, { sign: '>', negated: '<=' }],
    [0x30, { sign: '>=', negated: '<' }],
    [0x40, { sign: '&', negated: undefined }],
  ]);

/** What follows the name of a 64-bit word when its high half is meant. */
export const HIGH_HALF = ' >> 32';

/** The size of the data, which is no number here: `A = 64` is another instruction. */
export const DATA_LENGTH = 'sizeof(struct seccomp_data)';

const NAMED_WORDS: ReadonlyMap<number, string> = new Map([
  [WORD.nr, 'sys_number'],
  [WORD.arch, 'arch'],
  [WORD.ipLow, 'instruction_pointer'],
  [WORD.ipHigh, `instruction_pointer${HIGH_HALF}`],
]);

/** The word of `struct seccomp_data` at an offset, or undefined where there is none. */
export const wordAt = (offset: number): number | undefined =>
  offset % 4 === 0 && offset < DATA_SIZE ? offset / 4 : undefined;

/** What is loaded from an offset: `sys_number`, `args[0] >> 32`, and `data[2]` for what is no word. */
export function wordName(offset: number): string {
  const word = wordAt(offset);
  if (word === undefined) return `data[${offset}]`;
  return NAMED_WORDS.get(word) ?? `args[${(word - 4) >>> 1}]${word % 2 === 0 ? '' : HIGH_HALF}`;
}

type ListingField = 'jt' | 'jf' | 'k';

/** Instructions whose operand is not read. */
const WITHOUT_OPERAND: ReadonlySet<number> = new Set([
  ...[BPF.LD_LEN, BPF.LDX_LEN, BPF.NEG, BPF.RET_A, BPF.TAX, BPF.TXA],
  ...[BPF.ADD_X, BPF.SUB_X, BPF.MUL_X, BPF.DIV_X, BPF.OR_X, BPF.AND_X, BPF.LSH_X, BPF.RSH_X, BPF.XOR_X],
  ...[BPF.JEQ_X, BPF.JGT_X, BPF.JGE_X, BPF.JSET_X],
]);

/** The fields that an instruction does not read. The kernel lets anything stand there. */
export function unusedFields(instruction: Instruction): readonly ListingField[] {
  const { code } = instruction;
  if (!CODES.has(code)) return [];
  const jumps: readonly ListingField[] = isConditional(instruction) ? [] : ['jt', 'jf'];
  return WITHOUT_OPERAND.has(code) ? [...jumps, 'k'] : jumps;
}
