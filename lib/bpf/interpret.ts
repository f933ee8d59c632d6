// Runs a classic BPF program on one system call, as the kernel would.
import type { Action } from '../kernel/action.js';
import { checkedEvent, type CheckedEvent, type Event } from '../kernel/event.js';
import { validOperation, type ArithmeticName, type LoadSource, type TestName } from './opcodes.js';
import { DATA_SIZE, MEMORY_WORDS, requireInstructionList, WORD, type Program } from './program.js';
import { ProgramError } from '../util/errors.js';
import { badArgument } from '../util/failures.js';

/** Two views of the same memory: by far the fastest way to split a bigint into two words. */
const register = new BigUint64Array([1n]);
const halves = new Uint32Array(register.buffer);
const [LOW, HIGH] = halves[0] === 1 ? [0, 1] : [1, 0];

/**
 * Converts a call to the sixteen 32-bit words of `struct seccomp_data` on a little-endian machine. Throws UsageError
 * (`bad-event`, `bad-argument`). Source: seccomp(2).
 */
export function seccompData(event: Event, into?: Uint32Array): Uint32Array {
  if (into !== undefined && !((into as unknown) instanceof Uint32Array))
    throw badArgument('into', into, 'Pass a Uint32Array of 16 words');
  return writeWords(checkedEvent(event), into);
}

/** As `seccompData`, without checks. */
export function writeWords(
  { arch, syscall, args, instructionPointer }: CheckedEvent,
  into: Uint32Array = new Uint32Array(DATA_SIZE / 4),
): Uint32Array {
  into[WORD.nr] = syscall;
  into[WORD.arch] = arch;
  layOut(instructionPointer, into, WORD.ipLow);
  for (let arg = 0; arg < 6; arg++) layOut(args[arg] ?? 0n, into, WORD.low(arg));
  return into;
}

function layOut(value: bigint, into: Uint32Array, low: number): void {
  register[0] = value;
  into[low] = halves[LOW] ?? 0;
  into[low + 1] = halves[HIGH] ?? 0;
}

/** The result of a run. */
export interface ProgramRun {
  /** The return value of the program. */
  readonly action: Action;
  /** The number of executed instructions, including the return. */
  readonly steps: number;
}

/**
 * Runs a validated program on the words of one call and returns its return value. `trace` is called before each instruction, with
 * its index and the values of A and X. Throws UsageError (`bad-filter`, `bad-argument`), and ProgramError (`bad-program`) if an
 * invalid program cannot continue.
 */
export function interpret(
  program: Program,
  data: Uint32Array,
  trace?: (index: number, a: number, x: number) => void,
): ProgramRun {
  requireInstructionList(program);
  if (!((data as unknown) instanceof Uint32Array))
    throw badArgument('the words of a call', data, 'Pass the result of seccompData');
  if (trace !== undefined && typeof trace !== 'function')
    throw badArgument('trace', trace, 'Pass a function');
  const memory = new Uint32Array(MEMORY_WORDS);
  let a = 0;
  let x = 0;
  let steps = 0;
  for (let pc = 0; ; pc++) {
    const instruction = program[pc];
    if (instruction?.code === undefined)
      throw new ProgramError('bad-program', `the program runs past its end at ${pc}`, 'Call validate first');
    const { code, jt, jf, k } = instruction;
    steps++;
    trace?.(pc, a, x);
    const operation = validOperation(code);
    switch (operation.kind) {
      case 'load': {
        const value = loaded(operation.from, k, data, memory);
        if (operation.to === 'a') a = value;
        else x = value;
        break;
      }
      case 'store':
        memory[k] = operation.from === 'a' ? a : x;
        break;
      case 'copy':
        if (operation.to === 'a') a = x;
        else x = a;
        break;
      case 'jump':
        pc += k;
        break;
      case 'test':
        pc += holds(operation.op, a, operation.operand === 'k' ? k : x) ? jt : jf;
        break;
      case 'return':
        return { action: operation.from === 'k' ? k : a, steps };
      case 'arithmetic': {
        const result = compute(operation.op, a, operation.operand === 'k' ? k : x);
        // A division by zero ends the program with 0, which kills the thread.
        if (result === undefined) return { action: 0, steps };
        a = result;
        break;
      }
    }
  }
}

export function loaded(from: LoadSource, k: number, data: Uint32Array, memory: Uint32Array): number {
  switch (from) {
    case 'data':
      return data[k >>> 2] ?? 0;
    case 'constant':
      return k;
    case 'memory':
      return memory[k] ?? 0;
    case 'length':
      return DATA_SIZE;
  }
}

/** Evaluates the test of a conditional jump on two unsigned words. */
export function holds(op: TestName, a: number, operand: number): boolean {
  switch (op) {
    case 'eq':
      return a === operand;
    case 'gt':
      return a > operand;
    case 'ge':
      return a >= operand;
    case 'set':
      return (a & operand) !== 0;
  }
}

/** The result of an arithmetic instruction on two unsigned words; undefined for a division by zero. */
export function compute(op: ArithmeticName, a: number, operand: number): number | undefined {
  switch (op) {
    case 'add':
      return (a + operand) >>> 0;
    case 'sub':
      return (a - operand) >>> 0;
    case 'mul':
      return Math.imul(a, operand) >>> 0;
    case 'div':
      return operand === 0 ? undefined : Math.floor(a / operand);
    case 'or':
      return (a | operand) >>> 0;
    case 'and':
      return (a & operand) >>> 0;
    case 'lsh':
      return (a << (operand & 31)) >>> 0;
    case 'rsh':
      return a >>> (operand & 31);
    case 'xor':
      return (a ^ operand) >>> 0;
    case 'neg':
      return -a >>> 0;
  }
}
