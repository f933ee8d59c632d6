// Formats one instruction as a statement of the listing notation.
import { actionName } from '../../kernel/action.js';
import { operationOf, type LoadSource, type Operation, type Register } from '../opcodes.js';
import type { Instruction } from '../program.js';
import { ARITHMETIC, DATA_LENGTH, hex, TESTS, unusedFields, wordName } from './notation.js';

/** Formats the parts of a statement that depend on its context. */
interface Show {
  /** Formats the constant of a test. */
  readonly constant: (k: number) => string;
  /** Formats a target, given the number of instructions to skip. */
  readonly target: (skip: number) => string;
}

/** Formats an instruction completely: fields that it does not use are included unless they are 0. */
export function statement(instruction: Instruction, show: Show): string {
  const { code, jt, jf, k } = instruction;
  const operation = operationOf(code);
  if (operation === undefined) return `unknown instruction ${hex(code, 4)} ${jt} ${jf} ${hex(k, 8)}`;
  const text =
    operation.kind === 'test'
      ? conditional(operation, instruction, show)
      : simple(operation, instruction.k, show);
  const unused = unusedFields(instruction).filter(field => instruction[field] !== 0);
  if (unused.length === 0) return text;
  return `${text} with ${unused.map(field => `${field}=${hex(instruction[field])}`).join(', ')}`;
}

type Test = Extract<Operation, { kind: 'test' }>;

function conditional(operation: Test, { jt, jf, k }: Instruction, { constant, target }: Show): string {
  const { sign, negated } = TESTS[operation.op];
  const operand = operation.operand === 'k' ? constant(k) : 'X';
  const test = `(A ${sign} ${operand})`;
  if (jf === 0) return `if ${test} goto ${target(jt)}`;
  if (jt !== 0) return `if ${test} goto ${target(jt)} else goto ${target(jf)}`;
  return `if ${negated === undefined ? `(!${test})` : `(A ${negated} ${operand})`} goto ${target(jf)}`;
}

function simple(operation: Exclude<Operation, Test>, k: number, { target }: Show): string {
  switch (operation.kind) {
    case 'load':
      return `${register(operation.to)} = ${loaded(operation.from, k)}`;
    case 'store':
      return `mem[${k}] = ${register(operation.from)}`;
    case 'copy':
      return operation.to === 'a' ? 'A = X' : 'X = A';
    case 'arithmetic':
      if (operation.op === 'neg') return 'A = -A';
      return `A ${ARITHMETIC[operation.op]} ${operation.operand === 'k' ? hex(k) : 'X'}`;
    case 'jump':
      return `goto ${target(k)}`;
    case 'return':
      return operation.from === 'k' ? `return ${actionName(k)}` : 'return A';
  }
}

const register = (name: Register): string => name.toUpperCase();

function loaded(from: LoadSource, k: number): string {
  switch (from) {
    case 'data':
      return wordName(k);
    case 'constant':
      return hex(k);
    case 'memory':
      return `mem[${k}]`;
    case 'length':
      return DATA_LENGTH;
  }
}
