// Liveness analysis of registers and scratch words, so that states that differ only in dead ones count as equal.
import { BPF, operationOf, type Operation } from './opcodes.js';
import { successors, type Program } from './program.js';

/** The bit of the accumulator. */
const A = 1 << 0;
/** The bit of the index register. */
const X = 1 << 1;
/** The bit of a scratch word. */
const scratch = (k: number): number => 1 << (2 + k);

/** For each instruction, the registers that are live before it: bit 0 is A, bit 1 X, bit 2 + k is M[k]. */
export function liveRegisters(program: Program): readonly number[] {
  const live = new Array<number>(program.length).fill(0);
  for (let index = program.length - 1; index >= 0; index--) {
    const { code = BPF.RET_K, k = 0 } = program[index] ?? {};
    const operation = operationOf(code);
    const after = successors(program, index).reduce((all, next) => all | (live[next] ?? 0), 0);
    live[index] = (after & ~written(operation, k)) | read(operation, k);
  }
  return live;
}

/** The registers that an instruction writes. */
function written(operation: Operation | undefined, k: number): number {
  switch (operation?.kind) {
    case 'load':
    case 'copy':
      return operation.to === 'a' ? A : X;
    case 'arithmetic':
      return A;
    case 'store':
      return scratch(k);
    default:
      return 0;
  }
}

/** The registers that an instruction reads. */
function read(operation: Operation | undefined, k: number): number {
  switch (operation?.kind) {
    case 'load':
      return operation.from === 'memory' ? scratch(k) : 0;
    case 'store':
      return operation.from === 'a' ? A : X;
    case 'copy':
      return operation.to === 'a' ? X : A;
    case 'arithmetic':
    case 'test':
      return operation.operand === 'x' ? A | X : A;
    case 'return':
      return operation.from === 'a' ? A : 0;
    default:
      return 0;
  }
}
