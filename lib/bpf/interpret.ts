// Runs a classic BPF program on one system call, as the kernel would.
import type { Action } from '../kernel/action.js';
import type { Event } from '../kernel/event.js';
import { BPF, DATA_SIZE, MEMORY_WORDS, WORD, type Program } from './program.js';
import { own } from '../util/own.js';

/** A register and its halves, in one place of memory: by far the fastest way to cut a bigint in two. */
const register = new BigUint64Array([1n]);
const halves = new Uint32Array(register.buffer);
const [LOW, HIGH] = halves[0] === 1 ? [0, 1] : [1, 0];

/** Lays a call out as the sixteen 32-bit words of `struct seccomp_data` on a little-endian machine. Source: seccomp(2). */
export function seccompData(event: Event, into: Uint32Array = new Uint32Array(DATA_SIZE / 4)): Uint32Array {
  const args = own(event, 'args') ?? [];
  const instructionPointer = own(event, 'instructionPointer') ?? 0n;
  into[WORD.nr] = event.syscall;
  into[WORD.arch] = event.arch;
  layOut(instructionPointer, into, WORD.ipLow);
  for (let arg = 0; arg < 6; arg++) layOut(args[arg] ?? 0n, into, WORD.low(arg));
  return into;
}

function layOut(value: bigint, into: Uint32Array, low: number): void {
  register[0] = value;
  into[low] = halves[LOW] ?? 0;
  into[low + 1] = halves[HIGH] ?? 0;
}

/** How a run went. */
export interface ProgramRun {
  /** What the program returned. */
  readonly action: Action;
  /** Instructions executed, the return included. */
  readonly steps: number;
}

/**
 * Runs a validated program on the words of one call and returns what it answers.
 * `trace`, when given, is called with the index of every instruction, and what A and X hold, before it runs.
 */
export function interpret(
  program: Program,
  data: Uint32Array,
  trace?: (index: number, a: number, x: number) => void,
): ProgramRun {
  const memory = new Uint32Array(MEMORY_WORDS);
  let a = 0;
  let x = 0;
  let steps = 0;
  for (let pc = 0; ; pc++) {
    const instruction = program[pc];
    if (instruction === undefined)
      throw new RangeError(`the program runs past its end at ${pc}; validate it first`);
    const { code, jt, jf, k } = instruction;
    steps++;
    trace?.(pc, a, x);
    switch (code) {
      case BPF.LD_ABS:
        a = data[k >>> 2] ?? 0;
        break;
      case BPF.LD_IMM:
        a = k;
        break;
      case BPF.LD_MEM:
        a = memory[k] ?? 0;
        break;
      case BPF.LD_LEN:
        a = DATA_SIZE;
        break;
      case BPF.LDX_IMM:
        x = k;
        break;
      case BPF.LDX_MEM:
        x = memory[k] ?? 0;
        break;
      case BPF.LDX_LEN:
        x = DATA_SIZE;
        break;
      case BPF.ST:
        memory[k] = a;
        break;
      case BPF.STX:
        memory[k] = x;
        break;
      case BPF.TAX:
        x = a;
        break;
      case BPF.TXA:
        a = x;
        break;
      case BPF.JA:
        pc += k;
        break;
      case BPF.JEQ_K:
      case BPF.JEQ_X:
      case BPF.JGT_K:
      case BPF.JGT_X:
      case BPF.JGE_K:
      case BPF.JGE_X:
      case BPF.JSET_K:
      case BPF.JSET_X:
        pc += test(code, a, (code & 0x08) === 0 ? k : x) ? jt : jf;
        break;
      case BPF.RET_K:
        return { action: k, steps };
      case BPF.RET_A:
        return { action: a, steps };
      default: {
        const result = arithmetic(code, a, (code & 0x08) === 0 ? k : x);
        // A division by zero ends the program with 0, which kills the thread.
        if (result === undefined) return { action: 0, steps };
        a = result;
      }
    }
  }
}

/** The outcome of a conditional jump on two unsigned words. */
export function test(code: number, a: number, operand: number): boolean {
  switch (code & 0xf0) {
    case 0x10:
      return a === operand;
    case 0x20:
      return a > operand;
    case 0x30:
      return a >= operand;
    default:
      return (a & operand) !== 0;
  }
}

/** The result of an arithmetic instruction on two unsigned words; undefined for a division by zero. */
export function arithmetic(code: number, a: number, operand: number): number | undefined {
  switch (code & 0xf0) {
    case 0x00:
      return (a + operand) >>> 0;
    case 0x10:
      return (a - operand) >>> 0;
    case 0x20:
      return Math.imul(a, operand) >>> 0;
    case 0x30:
      return operand === 0 ? undefined : Math.floor(a / operand);
    case 0x40:
      return (a | operand) >>> 0;
    case 0x50:
      return (a & operand) >>> 0;
    case 0x60:
      return (a << (operand & 31)) >>> 0;
    case 0x70:
      return a >>> (operand & 31);
    case 0xa0:
      return (a ^ operand) >>> 0;
    default:
      return -a >>> 0;
  }
}
