// Which registers and scratch words still matter at an instruction, so that states which differ in others are one.
import { BPF, successors, type Program } from './program.js';

/** The bit of the accumulator. */
const A = 1 << 0;
/** The bit of the index register. */
const X = 1 << 1;
/** The bit of a scratch word. */
const scratch = (k: number): number => 1 << (2 + k);

/** For each instruction, the registers whose contents still matter before it: bit 0 is A, bit 1 X, bit 2 + k is M[k]. */
export function liveRegisters(program: Program): readonly number[] {
  const live = new Array<number>(program.length).fill(0);
  for (let index = program.length - 1; index >= 0; index--) {
    const { code, k } = program[index] ?? { code: BPF.RET_K, k: 0 };
    const after = successors(program, index).reduce((all, next) => all | (live[next] ?? 0), 0);
    live[index] = (after & ~written(code, k)) | read(code, k);
  }
  return live;
}

function written(code: number, k: number): number {
  if (code === BPF.ST || code === BPF.STX) return scratch(k);
  if (code === BPF.TAX || (code & 0x07) === 0x01) return X;
  return (code & 0x07) === 0x05 || (code & 0x07) === 0x06 ? 0 : A;
}

function read(code: number, k: number): number {
  switch (code) {
    case BPF.LD_MEM:
    case BPF.LDX_MEM:
      return scratch(k);
    case BPF.STX:
    case BPF.TXA:
      return X;
    case BPF.ST:
    case BPF.TAX:
    case BPF.RET_A:
    case BPF.NEG:
      return A;
  }
  const computes = (code & 0x07) === 0x04 || ((code & 0x07) === 0x05 && code !== BPF.JA);
  if (!computes) return 0;
  return (code & 0x08) === 0 ? A : A | X;
}
