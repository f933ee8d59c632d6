// Tests stacks of filters in the running kernel, and distinguishes all actions.
import { execFileSync } from 'node:child_process';
import { probe } from './kernel.js';

/**
 * The result of a call for which each layer of a stack, oldest first, returns the given value: `process` or `thread` if it
 * was killed, `trap N`, `errno N`, `trace N` for a tracer, or `value` if the call was made.
 */
export function stackVerdicts(stacks: readonly (readonly number[])[]): readonly string[] {
  const input = stacks.map(stack => `${stack.join(' ')}\n`).join('');
  const output = execFileSync(probe('stack-probe'), [], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return output.trimEnd().split('\n');
}
