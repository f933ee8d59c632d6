// One instruction as a statement of the listing notation.
import { actionName } from '../../kernel/action.js';
import { BPF, CODES, isConditional, type Instruction } from '../program.js';
import { ARITHMETIC, DATA_LENGTH, hex, TESTS, unusedFields, wordName } from './notation.js';

/** How a statement shows what depends on its surroundings. */
export interface Show {
  /** The constant of a test. */
  readonly constant: (k: number) => string;
  /** A target, by the number of instructions to skip. */
  readonly target: (skip: number) => string;
}

/** The text of an instruction. All of it is in the text, also fields that it does not use, unless they are 0. */
export function statement(instruction: Instruction, show: Show): string {
  const { code, jt, jf, k } = instruction;
  if (!CODES.has(code)) return `unknown instruction ${hex(code, 4)} ${jt} ${jf} ${hex(k, 8)}`;
  const text = isConditional(instruction) ? conditional(instruction, show) : simple(instruction, show);
  const unused = unusedFields(instruction).filter(field => instruction[field] !== 0);
  if (unused.length === 0) return text;
  return `${text} with ${unused.map(field => `${field}=${hex(instruction[field])}`).join(', ')}`;
}

function conditional({ code, jt, jf, k }: Instruction, { constant, target }: Show): string {
  const { sign, negated } = TESTS.get(code & 0xf0) ?? { sign: '?', negated: '?' };
  const operand = (code & 0x08) === 0 ? constant(k) : 'X';
  const test = `(A ${sign} ${operand})`;
  if (jf === 0) return `if ${test} goto ${target(jt)}`;
  if (jt !== 0) return `if ${test} goto ${target(jt)} else goto ${target(jf)}`;
  return `if ${negated === undefined ? `(!${test})` : `(A ${negated} ${operand})`} goto ${target(jf)}`;
}

function simple({ code, k }: Instruction, { target }: Show): string {
  switch (code) {
    case BPF.LD_ABS:
      return `A = ${wordName(k)}`;
    case BPF.LD_IMM:
      return `A = ${hex(k)}`;
    case BPF.LD_LEN:
      return `A = ${DATA_LENGTH}`;
    case BPF.LD_MEM:
      return `A = mem[${k}]`;
    case BPF.LDX_IMM:
      return `X = ${hex(k)}`;
    case BPF.LDX_LEN:
      return `X = ${DATA_LENGTH}`;
    case BPF.LDX_MEM:
      return `X = mem[${k}]`;
    case BPF.ST:
      return `mem[${k}] = A`;
    case BPF.STX:
      return `mem[${k}] = X`;
    case BPF.TAX:
      return 'X = A';
    case BPF.TXA:
      return 'A = X';
    case BPF.NEG:
      return 'A = -A';
    case BPF.JA:
      return `goto ${target(k)}`;
    case BPF.RET_K:
      return `return ${actionName(k)}`;
    case BPF.RET_A:
      return 'return A';
    default:
      return `A ${ARITHMETIC.get(code & 0xf0) ?? '?'} ${(code & 0x08) === 0 ? hex(k) : 'X'}`;
  }
}
