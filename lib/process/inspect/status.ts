// Reads the kernel's information about the filters of a process, for each thread.
import { readdirSync } from 'node:fs';
import { UnsupportedError, UsageError } from '../../util/errors.js';
import { ALLOW_PROC } from './proc.js';
import { readStatusFile, type Mode, type StatusFile, type ThreadStatus } from './status-file.js';
import { show } from '../../util/show.js';

export type { Mode, ThreadStatus };

/** The seccomp state of a process and all of its threads. */
export interface ProcessStatus {
  /** The process id. */
  readonly pid: number;
  /** The weakest mode of all threads: `filter` only if every thread is filtered. */
  readonly mode: Mode;
  /** The smallest number of layers of all threads. */
  readonly filters: number | undefined;
  /** Whether all threads have no_new_privs. */
  readonly noNewPrivs: boolean;
  /** The threads, by id. */
  readonly threads: readonly ThreadStatus[];
}

const MODES: readonly Mode[] = ['disabled', 'strict', 'filter'];

/**
 * Reads the seccomp state of a process; default: this one.
 * Throws UnsupportedError without /proc or for a process that has ended or is hidden, UsageError for an invalid pid.
 * Source: proc_pid_status(5).
 */
export function status(pid: number = process.pid): ProcessStatus {
  checkPid(pid);
  const threads = taskIds(pid).flatMap(id => {
    const file = readStatusFile(`/proc/${pid}/task/${id}/status`);
    return file === undefined ? [] : [threadStatusOf(file)];
  });
  // The process has ended in the meantime; an empty list would count as having no_new_privs.
  if (threads.length === 0) throw noSuchProcess(pid);
  const layers = threads.map(thread => thread.filters);
  return {
    pid,
    mode: MODES[Math.min(...threads.map(thread => MODES.indexOf(thread.mode)))] ?? 'disabled',
    filters: layers.includes(undefined) ? undefined : Math.min(...layers.map(count => count ?? 0)),
    noNewPrivs: threads.every(thread => thread.noNewPrivs),
    threads,
  };
}

/** The state of the calling thread. Throws UnsupportedError (`no-such-process`) if its file cannot be read. */
export function threadStatus(): ThreadStatus | undefined {
  const file = ownState(() => readStatusFile('/proc/thread-self/status'));
  return file && threadStatusOf(file);
}

/** Ids of the threads of this process. Throws UnsupportedError (`no-such-process`). */
export const ownTaskIds = (): readonly number[] => ownState(() => readdirSync('/proc/self/task').map(Number));

function ownState<State>(read: () => State): State {
  try {
    return read();
  } catch (error) {
    // Others are those of Node's permission model, which say what to do.
    if (!(error instanceof Error && Object.hasOwn(error, 'syscall'))) throw error;
    throw new UnsupportedError(
      'no-such-process',
      `the state of this process cannot be read (${error.message})`,
      ALLOW_PROC,
      { cause: error },
    );
  }
}

/** Throws UsageError (`bad-pid`) for values that cannot be the id of a process or a thread. */
export function checkPid(pid: number): void {
  if (Number.isSafeInteger(pid) && pid >= 1 && pid <= 0x7fff_ffff) return;
  throw new UsageError('bad-pid', `${show(pid)} is not a process id`, 'Pass a positive integer');
}

/** The error for a process that does not exist or is hidden. */
export const noSuchProcess = (pid: number, cause?: unknown): UnsupportedError =>
  new UnsupportedError(
    'no-such-process',
    `the state of process ${pid} cannot be read`,
    'It may have ended, /proc may be missing or hide it, or a filter may refuse to open its files',
    { cause },
  );

/** The thread ids of a process. Throws UnsupportedError (`no-such-process`). */
export function taskIds(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch (error) {
    throw noSuchProcess(pid, error);
  }
}

/** The part of a status file about seccomp. */
export const threadStatusOf = ({ id, name, mode, filters, noNewPrivs }: StatusFile): ThreadStatus => ({
  id,
  name,
  mode,
  filters,
  noNewPrivs,
});
