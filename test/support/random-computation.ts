// Random valid programs with every instruction, including those that no compiler emits.
import { DATA_SIZE, validate, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import type { Random } from './random.js';

const CODES: readonly number[] = Object.values(BPF);
const RETURNS: readonly number[] = [BPF.RET_K, BPF.RET_A];
const WORDS: readonly number[] = [0, 1, 2, 3, 0xff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
/** The number of used scratch words. They are written first, because a program must not read an unwritten one. */
const SCRATCH = 3;

/** A random word, often a boundary value. */
export const randomWord = (random: Random): number =>
  random.chance(0.7) ? random.pick(WORDS) : random.word() >>> random.below(32);

/** A valid program with up to `length` random instructions, none of `leaveOut`; its constant returns are those of `action`. */
export function randomComputation(
  random: Random,
  length: number,
  action: () => number,
  leaveOut: readonly number[] = [],
): Program {
  const codes = CODES.filter(code => !leaveOut.includes(code));
  // A return in the middle is rare, because programs would otherwise be short.
  const code = (): number => {
    const picked = random.pick(codes);
    return RETURNS.includes(picked) && random.chance(0.7) ? code() : picked;
  };
  const count = random.below(length + 1);
  const program: Program = [
    ...Array.from({ length: SCRATCH }, (_, word) => [load(random), insn(BPF.ST, word)]).flat(),
    ...Array.from({ length: count }, (_, index) => someInstruction(random, code(), count - index, action)),
    insn(BPF.RET_K, action()),
  ];
  validate(program);
  return program;
}

const insn = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const load = (random: Random): Instruction => insn(BPF.LD_ABS, 4 * random.below(DATA_SIZE / 4));

/** An instruction that `rest` others follow. */
function someInstruction(random: Random, code: number, rest: number, action: () => number): Instruction {
  const skip = (): number => random.below(Math.min(rest, 6));
  switch (code) {
    case BPF.LD_ABS:
      return load(random);
    case BPF.LD_MEM:
    case BPF.LDX_MEM:
    case BPF.ST:
    case BPF.STX:
      return insn(code, random.below(SCRATCH));
    case BPF.DIV_K:
      return insn(code, randomWord(random) || 1);
    case BPF.LSH_K:
    case BPF.RSH_K:
      return insn(code, random.below(32));
    case BPF.JA:
      return insn(code, skip());
    case BPF.RET_K:
      return insn(code, action());
    default:
      return (code & 0x07) === 0x05
        ? insn(code, randomWord(random), skip(), skip())
        : insn(code, randomWord(random));
  }
}
