// A program as a listing, in the notation that readers of seccomp filters know.
import { ABIS, syscallName, type AbiName } from '../policy/abi.js';
import { actionName } from '../policy/action.js';
import { BPF, decode, isConditional, successors, WORD, type Instruction, type Program } from './program.js';

const ARITHMETIC: Readonly<Record<number, string>> = {
  0x00: '+=',
  0x10: '-=',
  0x20: '*=',
  0x30: '/=',
  0x40: '|=',
  0x50: '&=',
  0x60: '<<=',
  0x70: '>>=',
  0xa0: '^=',
};
const TESTS: Readonly<Record<number, string>> = { 0x10: '==', 0x20: '>', 0x30: '>=', 0x40: '&' };
const OPPOSITE: Readonly<Record<string, string>> = { '==': '!=', '>': '<=', '>=': '<', '&': '!&' };

/** What the accumulator is known to hold where an instruction runs: a word of the data, or nothing certain. */
type Accumulator = number | undefined;

/**
 * Lists a program, a filter's or raw bytes, one instruction a line: index, code, jumps, operand, and what it does, with names for
 * architectures, system calls and actions where they are certain.
 */
export function disassemble(source: Program | Uint8Array | { readonly program: Program }): string {
  const program =
    source instanceof Uint8Array ? decode(source) : 'program' in source ? source.program : source;
  const context = flow(program);
  const lines = program.map((instruction, index) => {
    const { code, jt, jf, k } = instruction;
    const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
    const raw = `${hex(code, 2)} ${hex(jt, 2)} ${hex(jf, 2)} ${hex(k, 8)}`;
    return ` ${String(index).padStart(4, '0')}: ${raw}  ${statement(instruction, index, context[index])}`;
  });
  return [' line  CODE  JT   JF      K', '='.repeat(33), ...lines, ''].join('\n');
}

interface Known {
  readonly accumulator: Accumulator;
  readonly abis: readonly AbiName[];
}

/** What is certain at each instruction, joined over all ways to it. */
function flow(program: Program): readonly (Known | undefined)[] {
  const known: (Known | undefined)[] = new Array<Known | undefined>(program.length).fill(undefined);
  known[0] = { accumulator: undefined, abis: [] };
  program.forEach((instruction, index) => {
    const here = known[index];
    if (here === undefined) return;
    const accumulator = nextAccumulator(instruction, here.accumulator);
    successors(program, index).forEach((next, way) => {
      const taken = way === 0 && isConditional(instruction);
      const isArch = here.accumulator === WORD.arch && instruction.code === BPF.JEQ_K && taken;
      const abis = isArch ? abisOfAudit(instruction.k) : here.abis;
      const before = known[next];
      known[next] =
        before === undefined
          ? { accumulator, abis }
          : {
              accumulator: before.accumulator === accumulator ? accumulator : undefined,
              abis: before.abis.join() === abis.join() ? abis : [],
            };
    });
  });
  return known;
}

const abisOfAudit = (audit: number): readonly AbiName[] =>
  Object.values(ABIS)
    .filter(abi => abi.audit === audit)
    .map(abi => abi.name);

function nextAccumulator({ code, k }: Instruction, before: Accumulator): Accumulator {
  if (code === BPF.LD_ABS) return k >>> 2;
  if ((code & 0x07) === 0x05 || code === BPF.TAX || code === BPF.ST || code === BPF.STX) return before;
  return undefined;
}

function statement(instruction: Instruction, index: number, known: Known | undefined): string {
  const { code, jt, jf, k } = instruction;
  const target = (skip: number): string => String(index + 1 + skip).padStart(4, '0');
  const operand = (code & 0x08) === 0 ? constant(k, known) : 'X';
  if (isConditional(instruction)) {
    const symbol = TESTS[code & 0xf0] ?? '?';
    const test = (sign: string): string =>
      sign === '&' ? `(A & ${operand})` : sign === '!&' ? `!(A & ${operand})` : `(A ${sign} ${operand})`;
    if (jt === 0 && jf === 0) return `/* no effect */`;
    if (jf === 0) return `if ${test(symbol)} goto ${target(jt)}`;
    if (jt === 0) return `if ${test(OPPOSITE[symbol] ?? '?')} goto ${target(jf)}`;
    return `if ${test(symbol)} goto ${target(jt)} else goto ${target(jf)}`;
  }
  switch (code) {
    case BPF.LD_ABS:
      return `A = ${wordName(k)}`;
    case BPF.LD_IMM:
      return `A = ${k}`;
    case BPF.LD_LEN:
      return 'A = sizeof(struct seccomp_data)';
    case BPF.LD_MEM:
      return `A = mem[${k}]`;
    case BPF.LDX_IMM:
      return `X = ${k}`;
    case BPF.LDX_LEN:
      return 'X = sizeof(struct seccomp_data)';
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
      return `A ${ARITHMETIC[code & 0xf0] ?? '?='} ${(code & 0x08) === 0 ? `0x${k.toString(16)}` : 'X'}`;
  }
}

function wordName(offset: number): string {
  const word = offset >>> 2;
  switch (word) {
    case WORD.nr:
      return 'sys_number';
    case WORD.arch:
      return 'arch';
    case WORD.ipLow:
      return 'instruction_pointer';
    case WORD.ipHigh:
      return 'instruction_pointer >> 32';
    default:
      return `args[${(word - 4) >>> 1}]${word % 2 === 0 ? '' : ' >> 32'}`;
  }
}

/** An operand by name where the accumulator says what is compared. */
function constant(k: number, known: Known | undefined): string {
  if (known?.accumulator === WORD.arch) {
    const name = abisOfAudit(k)[0];
    if (name !== undefined) return `ARCH_${name.toUpperCase()}`;
  }
  if (known?.accumulator === WORD.nr) {
    const name = known.abis.map(abi => syscallName(abi, k)).find(found => found !== undefined);
    if (name !== undefined) return name;
  }
  return `0x${k.toString(16)}`;
}
