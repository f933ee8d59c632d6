// execFileSync of node:child_process, for a command that is under a filter from its first instruction on.
import type {
  ExecFileSyncOptions,
  ExecFileSyncOptionsWithBufferEncoding,
  ExecFileSyncOptionsWithStringEncoding,
  SpawnSyncOptions,
} from 'node:child_process';
import { argumentsOf } from './arguments.js';
import { SANDBOX_OPTIONS, type SandboxOptions } from './sandbox.js';
import { spawnSync } from './spawn-sync.js';
import { own } from '../../util/own.js';
import { givenOptions, ownOptions } from '../../util/options.js';
import { SPAWN_SYNC_OPTIONS } from './launch/start-child.js';

/**
 * Runs a command under a profile until it ends and returns its standard output, with the options of `execFileSync` of
 * node:child_process.
 *
 * Throws as `spawnSync` does, and as Node does if the command cannot be executed, is ended by a signal, or exits with a
 * status other than 0: an Error with the result of `spawnSync` in its properties.
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
  const [args, given] = argumentsOf(second, third);
  const all = ownOptions<SpawnSyncOptions & SandboxOptions>(given, [
    ...SPAWN_SYNC_OPTIONS,
    ...SANDBOX_OPTIONS,
  ]);
  const options = givenOptions<typeof given>(all, Object.keys(all)) as typeof given;
  const result = spawnSync(file, args, options);
  if (!all.stdio && result.stderr) process.stderr.write(result.stderr);
  const error = own(result, 'error');
  if (error !== undefined) throw Object.assign(error, result);
  if (result.status === 0) return result.stdout;
  const command = [own(options as SpawnSyncOptions, 'argv0') ?? file, ...args].join(' ');
  const said = result.stderr ? result.stderr.toString() : '';
  throw Object.assign(new Error(`Command failed: ${command}${said === '' ? '' : `\n${said}`}`), result);
}
