// Asks the running kernel what stacks of filters answer together, with every action told apart.
import { execFileSync } from 'node:child_process';
import { probe } from './kernel.js';

/**
 * What becomes of a call of which each layer of a stack, oldest first, returns the given value: `process` or `thread`
 * was killed, `trap N`, `errno N`, `trace N` to a tracer, or `value` when the call was made.
 */
export function stackVerdicts(stacks: readonly (readonly number[])[]): readonly string[] {
  const input = stacks.map(stack => `${stack.join(' ')}\n`).join('');
  const output = execFileSync(probe('stack-probe'), [], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return output.trimEnd().split('\n');
}
