// Starts a child with Node's own functions, with the launcher in place of the command, and reports when it runs.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { childProcess } from '../../../util/builtins.js';
import { errnoName } from '../../../kernel/errno.js';
import { endForGood } from './end-for-good.js';
import { systemError } from './errors.js';
import {
  launch,
  launcherEnded,
  requireProc,
  type AwaitRunning,
  type Command,
  type LaunchRequest,
  type TracerProcess,
} from './launch.js';
import { STAND_INS } from './unexecutable-paths.js';
import type { StdioList } from './stdio.js';
import { bare, own, type Own } from '../../../util/own.js';

/** Options of Node that every function accepts. */
const COMMON_OPTIONS = [
  'argv0',
  'cwd',
  'env',
  'gid',
  'killSignal',
  'shell',
  'stdio',
  'timeout',
  'uid',
  'windowsHide',
  'windowsVerbatimArguments',
];

/** Options of Node that every asynchronous function accepts. */
export const SPAWN_OPTIONS: readonly string[] = [
  ...COMMON_OPTIONS,
  'detached',
  'serialization',
  'signal',
].sort();

/** Options of Node that every synchronous function accepts. */
export const SPAWN_SYNC_OPTIONS: readonly string[] = [
  ...COMMON_OPTIONS,
  'encoding',
  'input',
  'maxBuffer',
].sort();

/** Starts a command as Node does, with these descriptors. */
export type Start = (command: Command, stdio: StdioList) => ChildProcess;

/**
 * Starts a command with Node's `spawn` and these options. Sets all others explicitly, because Node also reads inherited
 * ones.
 */
export const spawnWith =
  (options: Own<SpawnOptions>): Start =>
  ({ file, words }, stdio) =>
    childProcess().spawn(
      file,
      words.slice(1),
      bare({ ...options, argv0: words[0] ?? '', shell: false, stdio }),
    );

/** Starts a command under a filter with Node's own functions, and waits until it runs. Throws as `spawn` does. */
export function startChild(
  request: LaunchRequest,
  command: Command,
  stdio: StdioList,
  start: Start,
  awaitRunning?: AwaitRunning,
  tracer?: TracerProcess,
): ChildProcess {
  const { started: child, outcome } = launch(
    request,
    command,
    stdio.length,
    'running',
    launcher => asIfPlain(start(launcher, [...stdio, ...launcher.stdio]), command, stdio),
    awaitRunning,
    tracer,
  );
  const pid = own(child, 'pid');
  if (outcome.kind === 'started') {
    if (pid !== undefined) endForGood(child, pid);
    return child;
  }
  if (pid === undefined) {
    // Node could not start the launcher, for example because of limits or a missing directory, and reports that itself.
    try {
      requireProc();
    } catch (error) {
      abandon(child);
      throw error;
    }
    return child;
  }
  abandon(child);
  if (outcome.kind === 'refused') throw outcome.error;
  if (outcome.kind === 'unknown') throw tracer?.earlyEnd() ?? launcherEnded(command.file);
  const standIn = own(STAND_INS, errnoName(outcome.errno));
  if (standIn === undefined) throw systemError('spawn', outcome.errno);
  return asIfPlain(start({ file: standIn, words: command.words }, stdio), command, stdio);
}

/** Makes a child look as if the command had been started directly. */
function asIfPlain(child: ChildProcess, { file, words }: Command, stdio: StdioList): ChildProcess {
  // Node's types declare these as read-only, but it reads them again for error messages.
  Object.assign(child, { spawnfile: file, spawnargs: [...words] });
  // Without free descriptors there are no streams.
  const streams = child.stdio as unknown[] | undefined;
  streams?.splice(stdio.length);
  return child;
}

/** Releases a failed launcher without emitting events. */
function abandon(child: ChildProcess): void {
  child.on('error', () => undefined);
  if (child.connected) child.disconnect();
  // Without free descriptors there are no streams at all.
  const streams = child.stdio as ChildProcess['stdio'] | undefined;
  for (const stream of streams ?? []) stream?.destroy();
}
