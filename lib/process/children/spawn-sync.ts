// spawnSync of node:child_process, for a command that is under a filter from its first instruction on.
import type {
  SpawnSyncOptions,
  SpawnSyncOptionsWithBufferEncoding,
  SpawnSyncOptionsWithStringEncoding,
  SpawnSyncReturns,
} from 'node:child_process';
import { argumentsOf } from './arguments.js';
import { childProcess } from '../../util/builtins.js';
import { endedForGood } from './launch/end-for-good.js';
import { systemError } from './launch/errors.js';
import {
  commandOf,
  launch,
  launcherEnded,
  launchRequest,
  requireProc,
  type Command,
} from './launch/launch.js';
import { NEVER_THERE } from './launch/unexecutable-paths.js';
import { sandbox, type SandboxOptions } from './sandbox.js';
import { stdioList, type StdioList } from './launch/stdio.js';
import { own, bare } from '../../util/own.js';
import { SPAWN_SYNC_OPTIONS } from './launch/start-child.js';

/** Node's own default, because passing undefined would disable the limit. */
const MAX_BUFFER = 1024 * 1024;

type Output = string | Buffer;

/**
 * Runs a command under a profile until it ends, with the options and the result of `spawnSync` of node:child_process. If
 * the command cannot be executed, `error` of the result says why, as there.
 *
 * Throws as `spawn` does if the profile cannot be compiled or the filter cannot be loaded; then nothing has run.
 * Source: https://nodejs.org/api/child_process.html#child_processspawnsynccommand-args-options
 */
export function spawnSync(
  command: string,
  options: SpawnSyncOptionsWithStringEncoding & SandboxOptions,
): SpawnSyncReturns<string>;
export function spawnSync(
  command: string,
  options: SpawnSyncOptionsWithBufferEncoding & SandboxOptions,
): SpawnSyncReturns<Buffer>;
export function spawnSync(
  command: string,
  args: readonly string[],
  options: SpawnSyncOptionsWithStringEncoding & SandboxOptions,
): SpawnSyncReturns<string>;
export function spawnSync(
  command: string,
  args: readonly string[],
  options: SpawnSyncOptionsWithBufferEncoding & SandboxOptions,
): SpawnSyncReturns<Buffer>;
export function spawnSync(
  command: string,
  args: readonly string[],
  options: SpawnSyncOptions & SandboxOptions,
): SpawnSyncReturns<Output>;
export function spawnSync(
  file: string,
  second: readonly string[] | (SpawnSyncOptions & SandboxOptions),
  third?: SpawnSyncOptions & SandboxOptions,
): SpawnSyncReturns<Output> {
  const [args, options] = argumentsOf(second, third);
  const { filter, load, isolation, rest } = sandbox(options, SPAWN_SYNC_OPTIONS);
  const command = commandOf(file, args, rest);
  const stdio = stdioList(rest.stdio);
  const request = launchRequest(filter, load, isolation);
  const start = ({ file, words }: Command, all: StdioList): SpawnSyncReturns<Output> =>
    childProcess().spawnSync(
      file,
      words.slice(1),
      bare({
        ...rest,
        argv0: words[0] ?? '',
        maxBuffer: rest.maxBuffer ?? MAX_BUFFER,
        shell: false,
        stdio: all,
      }),
    );
  const { started: result, outcome } = launch(request, command, stdio.length, 'ended', launcher =>
    start(launcher, [...stdio, ...launcher.stdio]),
  );
  if (outcome.kind === 'refused') throw outcome.error;
  if (outcome.kind === 'failed') {
    return asIfPlain(start({ ...command, file: NEVER_THERE }, stdio), command, stdio.length, outcome.errno);
  }
  if (outcome.kind === 'unknown' && own(result, 'error') === undefined) throw launcherEnded(command.file);
  if (outcome.kind === 'unknown') requireProc();
  const alive = endedForGood(result.pid, result.status, result.signal);
  if (alive !== undefined) throw alive;
  return asIfPlain(result, command, stdio.length);
}

/** The result as if the command had been started directly, with the errno from the launcher. */
function asIfPlain(
  result: SpawnSyncReturns<Output>,
  command: Command,
  length: number,
  errno = -(own(own(result, 'error') as NodeJS.ErrnoException | undefined, 'errno') ?? 0),
): SpawnSyncReturns<Output> {
  const { output } = result as { readonly output: (Output | null)[] | null };
  output?.splice(length);
  if (own(result, 'error') !== undefined) result.error = systemError('spawnSync', errno, command);
  return result;
}
