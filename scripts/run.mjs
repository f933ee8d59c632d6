// Runs a command to its end and returns what it printed, or throws with everything it printed.
import { spawnSync } from 'node:child_process';
import { root } from './files.mjs';

/**
 * Runs in the project's folder, or in `cwd`. Throws if the command cannot be started or does not exit with 0.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {string} standard output, empty if `stdio` redirects it
 */
export function run(command, args, options = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    maxBuffer: 1 << 28,
    timeout: 1_500_000,
    ...options,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(
      `${stdout ?? ''}${stderr ?? ''}\n${command} ${args.join(' ')}: ${signal ?? `exit ${status}`}`,
    );
  return stdout ?? '';
}
