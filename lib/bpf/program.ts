// Classic BPF as seccomp accepts it: instructions, their encoding, and the kernel's checks.
import { UsageError, ProgramError } from '../util/errors.js';
import { badArgument } from '../util/failures.js';
import { zeroedBytes } from '../util/host/bytes.js';
import { owned } from '../util/own.js';
import { ownElements } from '../util/own-elements.js';
import { operationOf } from './opcodes.js';
import { show } from '../util/show.js';

/** One `struct sock_filter`. */
export interface Instruction {
  /** `BPF_*` bits of the class, the mode and the operation. */
  readonly code: number;
  /** Instructions to skip if the test holds. */
  readonly jt: number;
  /** Instructions to skip if it does not hold. */
  readonly jf: number;
  /** Unsigned 32-bit operand. */
  readonly k: number;
}

/** A BPF program: up to 4096 instructions with forward jumps only. */
export type Program = readonly Instruction[];

/** The maximum length of a filter in instructions (BPF_MAXINSNS). */
export const MAX_INSTRUCTIONS = 4096;

/** Bytes of `struct sock_filter`. */
export const INSTRUCTION_SIZE = 8;

/** Bytes of `struct seccomp_data`, the value of BPF_LEN. */
export const DATA_SIZE = 64;

/** Scratch words (BPF_MEMWORDS). */
export const MEMORY_WORDS = 16;

/** Words of `struct seccomp_data` by index; a program loads word w from offset 4·w. */
export const WORD = {
  nr: 0,
  arch: 1,
  ipLow: 2,
  ipHigh: 3,
  /** Low word of an argument on a little-endian machine. */
  low: (arg: number): number => 4 + 2 * arg,
  /** High word of an argument. */
  high: (arg: number): number => 5 + 2 * arg,
} as const;

/** Writes the kernel's array of `struct sock_filter`, 8 bytes each, little-endian. Source: linux/filter.h. */
export function encode(program: Program): Buffer {
  requireProgram(program);
  const bytes = zeroedBytes(program.length * INSTRUCTION_SIZE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  program.forEach(({ code, jt, jf, k }, index) => {
    const offset = index * INSTRUCTION_SIZE;
    view.setUint16(offset, code, true);
    view.setUint8(offset + 2, jt);
    view.setUint8(offset + 3, jf);
    view.setUint32(offset + 4, k, true);
  });
  return bytes;
}

/**
 * Decodes a `struct sock_filter` array. Throws ProgramError (`bad-program-size`) if it is empty, incomplete or longer
 * than the kernel allows; UsageError (`bad-argument`) for anything but bytes.
 */
export function decode(bytes: Uint8Array): Program {
  if (!ArrayBuffer.isView(bytes)) throw badArgument('the bytes of a program', bytes, 'Pass a Buffer');
  const count = bytes.byteLength / INSTRUCTION_SIZE;
  if (!Number.isInteger(count) || count < 1 || count > MAX_INSTRUCTIONS) {
    throw new ProgramError(
      'bad-program-size',
      `a program of ${bytes.byteLength} bytes is not 1 to ${MAX_INSTRUCTIONS} instructions of ${INSTRUCTION_SIZE} bytes`,
      'Pass the raw struct sock_filter array, as `seccomp compile --format bpf` writes it',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, index) => {
    const offset = index * INSTRUCTION_SIZE;
    return {
      code: view.getUint16(offset, true),
      jt: view.getUint8(offset + 2),
      jf: view.getUint8(offset + 3),
      k: view.getUint32(offset + 4, true),
    };
  });
}

/** Copies a caller's list of instructions: own properties only, each read once. Throws UsageError (`bad-filter`). */
export function ownProgram(program: Program): Program {
  requireInstructionList(program);
  const read = ownElements(program).map(instruction => {
    const { code, jt, jf, k } = owned(Object(instruction) as Instruction);
    return { code, jt, jf, k };
  });
  requireProgram(read);
  return read;
}

/** Whether an instruction is a test with two targets. */
export const isConditional = ({ code }: Instruction): boolean => operationOf(code)?.kind === 'test';

/** Whether an instruction ends the program. */
export const isReturn = ({ code }: Instruction): boolean => operationOf(code)?.kind === 'return';

/** The instructions that may run after the one at `index`. */
export function successors(program: Program, index: number): readonly number[] {
  const instruction = program[index];
  if (instruction === undefined || isReturn(instruction)) return [];
  if (operationOf(instruction.code)?.kind === 'jump') return [index + 1 + instruction.k];
  if (isConditional(instruction)) return [index + 1 + instruction.jt, index + 1 + instruction.jf];
  return [index + 1];
}

/** The first invalid instruction of a program, and why the kernel would reject it. */
interface Fault {
  readonly index: number;
  readonly reason: string;
}

/**
 * Performs the kernel's checks: known instructions, jumps inside the program, aligned loads inside `struct
 * seccomp_data`, scratch words written before they are read, a return at the end. Throws ProgramError (`bad-program`),
 * which names the first invalid instruction and the reason, or `bad-program-size`; UsageError (`bad-filter`) for
 * anything but a list of instructions. Source: bpf_check_classic, net/core/filter.c, and seccomp_check_filter,
 * kernel/seccomp.c.
 */
export function validate(program: Program): void {
  requireProgram(program);
  if (program.length < 1 || program.length > MAX_INSTRUCTIONS) {
    throw new ProgramError(
      'bad-program-size',
      `a program has 1 to ${MAX_INSTRUCTIONS} instructions, this one ${program.length}`,
    );
  }
  const fault = findFault(program);
  if (fault !== undefined)
    throw new ProgramError('bad-program', `instruction ${fault.index}: ${fault.reason}`);
}

/** Throws UsageError (`bad-filter`) if the value is not a list. */
export function requireInstructionList(program: unknown): asserts program is readonly unknown[] {
  if (!Array.isArray(program)) throw badProgram('a list of instructions', program);
}

/** Throws UsageError (`bad-filter`) if the value is not a list of instructions. */
function requireProgram(program: unknown): void {
  requireInstructionList(program);
  const wrong = program.findIndex(item => !isInstruction(item));
  if (wrong >= 0) throw badProgram(`instruction ${wrong}`, program[wrong]);
}

function isInstruction(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false;
  const { code, jt, jf, k } = item as Record<keyof Instruction, unknown>;
  return (
    typeof code === 'number' && typeof jt === 'number' && typeof jf === 'number' && typeof k === 'number'
  );
}

const badProgram = (what: string, value: unknown): UsageError =>
  new UsageError(
    'bad-filter',
    `${what} cannot be ${show(value)}`,
    'Pass the program of a filter, or the result of decode',
  );

/**
 * The first instruction for which the kernel would reject a program of valid length, or undefined. Source:
 * bpf_check_classic and check_load_and_stores (net/core/filter.c), seccomp_check_filter (kernel/seccomp.c).
 */
export function findFault(program: Program): Fault | undefined {
  for (let index = 0; index < program.length; index++) {
    const reason = faultOf(program[index] as Instruction, index, program.length);
    if (reason !== undefined) return { index, reason };
  }
  const last = program.at(-1);
  if (last === undefined || !isReturn(last))
    return { index: Math.max(program.length - 1, 0), reason: 'the last instruction must be a return' };
  return program.some(readsScratch) ? scratchFault(program) : undefined;
}

const readsScratch = ({ code }: Instruction): boolean => {
  const operation = operationOf(code);
  return operation?.kind === 'load' && operation.from === 'memory';
};

const isUnsigned = (value: number, bits: number): boolean =>
  Number.isInteger(value) && value >= 0 && value < 2 ** bits;

function faultOf({ code, jt, jf, k }: Instruction, index: number, length: number): string | undefined {
  if (!isUnsigned(jt, 8) || !isUnsigned(jf, 8)) return 'a jump is not an unsigned number of 8 bits';
  if (!isUnsigned(k, 32)) return 'the operand is not an unsigned number of 32 bits';
  const operation = operationOf(code);
  if (operation === undefined)
    return `opcode 0x${code.toString(16).padStart(4, '0')} is not allowed in a seccomp filter`;
  const last = length - 1;
  switch (operation.kind) {
    case 'load':
      if (operation.from === 'memory') return scratchWord(k);
      if (operation.from !== 'data') return undefined;
      if (k >= DATA_SIZE) return `offset ${k} is outside of struct seccomp_data (${DATA_SIZE} bytes)`;
      return k % 4 === 0 ? undefined : `offset ${k} is not a multiple of 4`;
    case 'store':
      return scratchWord(k);
    case 'arithmetic':
      if (operation.operand !== 'k') return undefined;
      if (operation.op === 'div' && k === 0) return 'division by zero';
      return (operation.op === 'lsh' || operation.op === 'rsh') && k > 31
        ? `a shift by ${k} is more than 31`
        : undefined;
    case 'jump':
      return index + 1 + k <= last ? undefined : `the jump goes to ${index + 1 + k}, past the end`;
    case 'test':
      if (index + 1 + jt > last) return `the jump if true goes to ${index + 1 + jt}, past the end`;
      return index + 1 + jf > last ? `the jump if false goes to ${index + 1 + jf}, past the end` : undefined;
    default:
      return undefined;
  }
}

const scratchWord = (k: number): string | undefined =>
  k < MEMORY_WORDS ? undefined : `there is no scratch word ${k}`;

/**
 * The first read of a scratch word that may not have been written. As the kernel does, checks the instructions once in
 * order: the one after a return counts as reachable from it, unlike the one after a jump.
 */
function scratchFault(program: Program): Fault | undefined {
  // For each jump target, the words that are written on every jump to it.
  const atTarget = new Array<number>(program.length).fill(ALL_WORDS);
  let written = 0;
  for (const [index, instruction] of program.entries()) {
    const { code, k } = instruction;
    written &= atTarget[index] ?? ALL_WORDS;
    if (operationOf(code)?.kind === 'store') written |= 1 << k;
    if (readsScratch(instruction) && (written & (1 << k)) === 0)
      return { index, reason: `scratch word ${k} is read before it is written` };
    if (operationOf(code)?.kind === 'jump' || isConditional(instruction)) {
      for (const target of successors(program, index))
        atTarget[target] = (atTarget[target] ?? ALL_WORDS) & written;
      written = ALL_WORDS;
    }
  }
  return undefined;
}

/** A bit for each scratch word. */
const ALL_WORDS = 2 ** MEMORY_WORDS - 1;
