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

/** Options of Node's that every function takes. */
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

/** And those of every asynchronous function. */
export const SPAWN_OPTIONS: readonly string[] = [
  ...COMMON_OPTIONS,
  'detached',
  'serialization',
  'signal',
].sort();

/** And those of every synchronous one. */
export const SPAWN_SYNC_OPTIONS: readonly string[] = [
  ...COMMON_OPTIONS,
  'encoding',
  'input',
  'maxBuffer',
].sort();

/** Starts a command with the descriptors given, as Node does. */
export type Start = (command: Command, stdio: StdioList) => ChildProcess;

/** A start by Node's `spawn` with these options and, since Node looks for inherited ones, no others. */
export const spawnWith =
  (options: Own<SpawnOptions>): Start =>
  ({ file, words }, stdio) =>
    childProcess().spawn(
      file,
      words.slice(1),
      bare({ ...options, argv0: words[0] ?? '', shell: false, stdio }),
    );

/** Starts a command under a filter, by Node's own means, and waits until it runs. Throws as `spawn` does. */
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
    // Node could not start the launcher, because of missing processes, descriptors or the directory, and reports
    // that.
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
  // Types of Node's say that these are read-only; it reads them again for the message of an error.
  Object.assign(child, { spawnfile: file, spawnargs: [...words] });
  // If no descriptors are left there are no streams.
  const streams = child.stdio as unknown[] | undefined;
  streams?.splice(stdio.length);
  return child;
}

/** Releases a launcher that has failed, without events. */
function abandon(child: ChildProcess): void {
  child.on('error', () => undefined);
  if (child.connected) child.disconnect();
  // If no descriptors are left there are no streams at all.
  const streams = child.stdio as ChildProcess['stdio'] | undefined;
  for (const stream of streams ?? []) stream?.destroy();
}
