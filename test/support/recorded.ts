// Records a command together with its output.
import { once } from 'node:events';
import { record, type Recording } from 'seccomp';

/** The recording of a command, and its full standard output, which may arrive after its end. */
export async function recorded(
  command: string,
  args: readonly string[],
  stderr: 'ignore' | 'inherit' = 'inherit',
): Promise<{ readonly recording: Recording; readonly output: string }> {
  const { child, recording } = record(command, args, { stdio: ['ignore', 'pipe', stderr] });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [found] = await Promise.all([recording, once(child, 'close')]);
  return { recording: found, output };
}
