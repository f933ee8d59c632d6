// The opcodes of classic BPF that seccomp accepts, and what each does: decoded here, once, for all code that runs, reads or
// writes programs.
import { ProgramError } from '../util/errors.js';

/** Opcodes of linux/bpf_common.h in the combinations that seccomp accepts. */
export const BPF = {
  LD_ABS: 0x20,
  LD_IMM: 0x00,
  LD_MEM: 0x60,
  LD_LEN: 0x80,
  LDX_IMM: 0x01,
  LDX_MEM: 0x61,
  LDX_LEN: 0x81,
  ST: 0x02,
  STX: 0x03,
  ADD_K: 0x04,
  ADD_X: 0x0c,
  SUB_K: 0x14,
  SUB_X: 0x1c,
  MUL_K: 0x24,
  MUL_X: 0x2c,
  DIV_K: 0x34,
  DIV_X: 0x3c,
  OR_K: 0x44,
  OR_X: 0x4c,
  AND_K: 0x54,
  AND_X: 0x5c,
  LSH_K: 0x64,
  LSH_X: 0x6c,
  RSH_K: 0x74,
  RSH_X: 0x7c,
  NEG: 0x84,
  XOR_K: 0xa4,
  XOR_X: 0xac,
  JA: 0x05,
  JEQ_K: 0x15,
  JEQ_X: 0x1d,
  JGT_K: 0x25,
  JGT_X: 0x2d,
  JGE_K: 0x35,
  JGE_X: 0x3d,
  JSET_K: 0x45,
  JSET_X: 0x4d,
  RET_K: 0x06,
  RET_A: 0x16,
  TAX: 0x07,
  TXA: 0x87,
} as const;

/** The accumulator, or the index register. */
export type Register = 'a' | 'x';

/** The second operand of a test or an operation: the constant k, or the index register. */
export type Operand = 'k' | 'x';

/** A conditional jump: equal, greater, greater or equal, or any common bit. */
export type TestName = 'eq' | 'gt' | 'ge' | 'set';

/** An operation on the accumulator. */
export type ArithmeticName = 'add' | 'sub' | 'mul' | 'div' | 'or' | 'and' | 'lsh' | 'rsh' | 'xor' | 'neg';

/** The source of a load: a word of the call, the constant, a scratch word, or the size of `struct seccomp_data`. */
export type LoadSource = 'data' | 'constant' | 'memory' | 'length';

/** What an instruction does. Source: linux/bpf_common.h, and the kernel's Documentation/networking/filter.rst. */
export type Operation =
  | { readonly kind: 'load'; readonly to: Register; readonly from: LoadSource }
  | { readonly kind: 'store'; readonly from: Register }
  | {
      readonly kind: 'arithmetic';
      readonly op: ArithmeticName;
      /** Undefined for `neg`, which has only one operand. */
      readonly operand: Operand | undefined;
    }
  | { readonly kind: 'jump' }
  | { readonly kind: 'test'; readonly op: TestName; readonly operand: Operand }
  | { readonly kind: 'return'; readonly from: 'k' | 'a' }
  | { readonly kind: 'copy'; readonly to: Register };

const load = (to: Register, from: LoadSource): Operation => ({ kind: 'load', to, from });
const arithmetic = (op: ArithmeticName, operand: Operand): Operation => ({ kind: 'arithmetic', op, operand });
const test = (op: TestName, operand: Operand): Operation => ({ kind: 'test', op, operand });

const OPERATIONS: Readonly<Record<keyof typeof BPF, Operation>> = {
  LD_ABS: load('a', 'data'),
  LD_IMM: load('a', 'constant'),
  LD_MEM: load('a', 'memory'),
  LD_LEN: load('a', 'length'),
  LDX_IMM: load('x', 'constant'),
  LDX_MEM: load('x', 'memory'),
  LDX_LEN: load('x', 'length'),
  ST: { kind: 'store', from: 'a' },
  STX: { kind: 'store', from: 'x' },
  ADD_K: arithmetic('add', 'k'),
  ADD_X: arithmetic('add', 'x'),
  SUB_K: arithmetic('sub', 'k'),
  SUB_X: arithmetic('sub', 'x'),
  MUL_K: arithmetic('mul', 'k'),
  MUL_X: arithmetic('mul', 'x'),
  DIV_K: arithmetic('div', 'k'),
  DIV_X: arithmetic('div', 'x'),
  OR_K: arithmetic('or', 'k'),
  OR_X: arithmetic('or', 'x'),
  AND_K: arithmetic('and', 'k'),
  AND_X: arithmetic('and', 'x'),
  LSH_K: arithmetic('lsh', 'k'),
  LSH_X: arithmetic('lsh', 'x'),
  RSH_K: arithmetic('rsh', 'k'),
  RSH_X: arithmetic('rsh', 'x'),
  NEG: { kind: 'arithmetic', op: 'neg', operand: undefined },
  XOR_K: arithmetic('xor', 'k'),
  XOR_X: arithmetic('xor', 'x'),
  JA: { kind: 'jump' },
  JEQ_K: test('eq', 'k'),
  JEQ_X: test('eq', 'x'),
  JGT_K: test('gt', 'k'),
  JGT_X: test('gt', 'x'),
  JGE_K: test('ge', 'k'),
  JGE_X: test('ge', 'x'),
  JSET_K: test('set', 'k'),
  JSET_X: test('set', 'x'),
  RET_K: { kind: 'return', from: 'k' },
  RET_A: { kind: 'return', from: 'a' },
  TAX: { kind: 'copy', to: 'x' },
  TXA: { kind: 'copy', to: 'a' },
};

const BY_CODE = new Array<Operation | undefined>(0x100).fill(undefined);
for (const name of Object.keys(OPERATIONS) as (keyof typeof BPF)[]) BY_CODE[BPF[name]] = OPERATIONS[name];

/** The operation of an opcode; undefined for one that seccomp does not accept. */
export const operationOf = (code: number): Operation | undefined => BY_CODE[code];

/** The operation of an opcode in a validated program. Throws ProgramError (`bad-program`) for an unknown opcode. */
export function validOperation(code: number): Operation {
  const operation = operationOf(code);
  if (operation !== undefined) return operation;
  throw new ProgramError('bad-program', `there is no instruction ${code}`, 'Call validate first');
}

/** The opcode of a test, or of an operation on the accumulator. */
export const codeOf = (
  kind: 'test' | 'arithmetic',
  op: TestName | ArithmeticName,
  operand: Operand,
): number => BY_CODE.findIndex(known => known?.kind === kind && known.op === op && known.operand === operand);

/** Whether an instruction writes the accumulator. */
export const writesA = (operation: Operation): boolean =>
  operation.kind === 'arithmetic' ||
  ((operation.kind === 'load' || operation.kind === 'copy') && operation.to === 'a');

/** Whether an instruction writes the index register. */
export const writesX = (operation: Operation): boolean =>
  (operation.kind === 'load' || operation.kind === 'copy') && operation.to === 'x';
