// Runs a command to its end and gives what it printed, or fails with everything it said.
import { spawnSync } from 'node:child_process';

/** Throws where it cannot be started, and where it ends with anything but 0. */
export function run(command, args, options) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    ...options,
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${signal ?? `exit ${status}`}\n${stdout}${stderr}`);
  return stdout;
}
