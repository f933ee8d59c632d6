// Runs a program on one call in a report. The page contains this module, compiled by scripts/bundle.mjs.
import { holds, interpret, seccompData } from '../bpf/interpret.js';
import { operationOf } from '../bpf/opcodes.js';

/** An executed instruction: the content of the accumulator after it and, for a test, whether it held. */
export interface PageStep {
  readonly index: number;
  a: number;
  readonly held?: boolean;
}

/** The sixteen words of `struct seccomp_data` for a call with up to six registers. */
export const callWords = (arch: number, syscall: number, args: readonly bigint[]): Uint32Array =>
  seccompData({ arch, syscall, args });

/** Runs a valid program, given as a list of [code, jt, jf, k]. */
export function runProgram(
  program: readonly (readonly [number, number, number, number])[],
  words: Uint32Array,
): { readonly action: number; readonly path: readonly PageStep[] } {
  const instructions = program.map(([code, jt, jf, k]) => ({ code, jt, jf, k }));
  const path: PageStep[] = [];
  const { action } = interpret(instructions, words, (index, a, x) => {
    const last = path.at(-1);
    if (last !== undefined) last.a = a;
    const { code, k } = instructions[index] ?? { code: -1, k: 0 };
    const operation = operationOf(code);
    const held =
      operation?.kind === 'test' ? holds(operation.op, a, operation.operand === 'k' ? k : x) : undefined;
    path.push({ index, a, ...(held !== undefined && { held }) });
  });
  return { action, path };
}
