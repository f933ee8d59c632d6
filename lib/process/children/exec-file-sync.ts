// execFileSync of node:child_process, for a command that is under a filter from its first instruction on.
import type {
  ExecFileSyncOptions,
  ExecFileSyncOptionsWithBufferEncoding,
  ExecFileSyncOptionsWithStringEncoding,
  SpawnSyncOptions,
} from 'node:child_process';
import { argumentsOf } from './arguments.js';
import type { SandboxOptions } from './sandbox.js';
import { spawnSync } from './spawn-sync.js';

/**
 * Runs a command under a profile to its end and gives what it wrote to its standard output, with the options of
 * `execFileSync` of node:child_process.
 *
 * Throws as `spawnSync` does, and as Node does where the command cannot be executed, is ended by a signal, or ends with
 * a status other than 0: an Error with the result of `spawnSync` in its properties.
 * Source: https://nodejs.org/api/child_process.html#child_processexecfilesyncfile-args-options
 */
export function execFileSync(
  file: string,
  options: ExecFileSyncOptionsWithStringEncoding & SandboxOptions,
): string;
export function execFileSync(
  file: string,
  options: ExecFileSyncOptionsWithBufferEncoding & SandboxOptions,
): Buffer;
export function execFileSync(
  file: string,
  args: readonly string[],
  options: ExecFileSyncOptionsWithStringEncoding & SandboxOptions,
): string;
export function execFileSync(
  file: string,
  args: readonly string[],
  options: ExecFileSyncOptionsWithBufferEncoding & SandboxOptions,
): Buffer;
export function execFileSync(
  file: string,
  second: readonly string[] | (ExecFileSyncOptions & SandboxOptions),
  third?: ExecFileSyncOptions & SandboxOptions,
): string | Buffer {
  const [args, options] = argumentsOf(second, third);
  const result = spawnSync(file, args, options);
  if (!options.stdio && result.stderr) process.stderr.write(result.stderr);
  if (result.error !== undefined) throw Object.assign(result.error, result);
  if (result.status === 0) return result.stdout;
  const command = [(options as SpawnSyncOptions).argv0 ?? file, ...args].join(' ');
  const said = result.stderr ? result.stderr.toString() : '';
  throw Object.assign(new Error(`Command failed: ${command}${said === '' ? '' : `\n${said}`}`), result);
}
