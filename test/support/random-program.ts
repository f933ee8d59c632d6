// Random programs with every instruction of seccomp, and small mutations of them.
import { DATA_SIZE, MEMORY_WORDS, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { ABIS, syscallsOf } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { ALL_ACTIONS } from './random-policy.js';
import type { Random } from './random.js';

const CODES: readonly number[] = Object.values(BPF);
const ABI_NAMES = Object.keys(ABIS) as readonly AbiName[];
const JUMPS: ReadonlySet<number> = new Set([
  ...[BPF.JEQ_K, BPF.JEQ_X, BPF.JGT_K, BPF.JGT_X],
  ...[BPF.JGE_K, BPF.JGE_X, BPF.JSET_K, BPF.JSET_X],
]);
const WORDS = 2 ** MEMORY_WORDS - 1;

/** A random word, often a meaningful one: a call, an architecture, an action, a boundary. */
const word = (random: Random): number =>
  random.pick([
    () => random.word(),
    () => random.below(500),
    () => random.pick([0, 1, 31, 32, 0x40000000, 0x7fffffff, 0x80000000, 0xffffffff]),
    () => random.pick(ALL_ACTIONS) + random.below(5),
    () => ABIS[random.pick(ABI_NAMES)].audit,
    () => random.pick([...syscallsOf(random.pick(ABI_NAMES)).values()]),
  ])();

/** A valid program; unused fields of an instruction sometimes have any value. */
export function randomProgram(random: Random, length: number): Program {
  // The scratch words that are written before each instruction, as the kernel determines them.
  const atTarget = new Array<number>(length).fill(WORDS);
  let written = 0;
  return Array.from({ length }, (_, index) => {
    written &= atTarget[index] ?? WORDS;
    const instruction = randomInstruction(random, length - 1 - index, written);
    const { code, jt, jf, k } = instruction;
    if (code === BPF.ST || code === BPF.STX) written |= 1 << k;
    if (code === BPF.JA || JUMPS.has(code)) {
      for (const skip of code === BPF.JA ? [k] : [jt, jf])
        atTarget[index + 1 + skip] = (atTarget[index + 1 + skip] ?? WORDS) & written;
      written = WORDS;
    }
    return instruction;
  });
}

function randomInstruction(random: Random, left: number, written: number): Instruction {
  // Loads of the number and the architecture are more frequent, because programs usually test these.
  const code =
    left === 0
      ? random.pick([BPF.RET_K, BPF.RET_A])
      : random.chance(0.5)
        ? random.pick([BPF.LD_ABS, BPF.JEQ_K, BPF.JEQ_K, BPF.JGE_K])
        : random.pick(CODES);
  const skip = (most: number): number => random.below(Math.min(most, left));
  const anything = (): number => (random.chance(0.1) ? word(random) : 0);
  const byte = (): number => anything() & 0xff;
  if (JUMPS.has(code)) {
    const [jt, jf] = [random.chance(0.3) ? 0 : skip(256), random.chance(0.5) ? 0 : skip(256)];
    return { code, jt, jf, k: (code & 0x08) === 0 ? word(random) : anything() };
  }
  const k = (): number => {
    switch (code) {
      case BPF.LD_ABS:
        return random.chance(0.6) ? 4 * random.below(2) : 4 * random.below(DATA_SIZE / 4);
      case BPF.LD_MEM:
      case BPF.LDX_MEM:
        return random.pick(
          Array.from({ length: MEMORY_WORDS }, (_, at) => at).filter(at => written & (1 << at)),
        );
      case BPF.ST:
      case BPF.STX:
        return random.below(MEMORY_WORDS);
      case BPF.JA:
        return random.below(left);
      case BPF.LSH_K:
      case BPF.RSH_K:
        return random.below(32);
      case BPF.DIV_K:
        return Math.max(1, word(random));
      case BPF.RET_A:
      case BPF.TAX:
      case BPF.TXA:
      case BPF.NEG:
      case BPF.LD_LEN:
      case BPF.LDX_LEN:
        return anything();
      default:
        return (code & 0x0c) === 0x0c ? anything() : word(random);
    }
  };
  if ((code === BPF.LD_MEM || code === BPF.LDX_MEM) && written === 0)
    return { code: BPF.ST, jt: 0, jf: 0, k: 3 };
  return { code, jt: byte(), jf: byte(), k: k() };
}

/** The program with a few fields changed, and instructions removed, doubled or exchanged; it may be invalid. */
export function damaged(random: Random, program: Program): Program {
  const result = [...program];
  for (let count = 1 + random.below(3); count > 0 && result.length > 0; count--) {
    const at = random.below(result.length);
    const instruction = result[at] ?? { code: 0, jt: 0, jf: 0, k: 0 };
    const change = random.pick<() => void>([
      () =>
        (result[at] = {
          ...instruction,
          code: random.chance(0.7) ? random.pick(CODES) : random.below(0x10000),
        }),
      () => (result[at] = { ...instruction, code: instruction.code ^ (1 << random.below(16)) }),
      () => (result[at] = { ...instruction, k: random.chance(0.5) ? random.below(70) : word(random) }),
      () => (result[at] = { ...instruction, jt: random.below(random.chance(0.5) ? 8 : 256) }),
      () => (result[at] = { ...instruction, jf: random.below(random.chance(0.5) ? 8 : 256) }),
      () => result.splice(at, 1),
      () => result.splice(at, 0, instruction),
      () => result.splice(random.below(result.length), 1, instruction),
      () =>
        result.splice(at, 0, {
          code: random.pick([BPF.LD_MEM, BPF.ST, BPF.RET_K]),
          jt: 0,
          jf: 0,
          k: random.below(17),
        }),
    ]);
    change();
  }
  return result;
}
