// What the kernel says about the filters of a process, thread by thread.
import { readdirSync, readFileSync } from 'node:fs';
import { UnsupportedError, UsageError } from '../errors.js';

/** `Seccomp` of /proc/PID/status. Source: proc_pid_status(5). */
export type Mode = 'disabled' | 'strict' | 'filter';

export interface ThreadStatus {
  readonly id: number;
  /** As the kernel keeps it: at most 15 bytes. */
  readonly name: string;
  readonly mode: Mode;
  /** Layers of filters; undefined before Linux 5.9, which does not tell. */
  readonly filters: number | undefined;
  readonly noNewPrivs: boolean;
}

export interface ProcessStatus {
  readonly pid: number;
  /** The weakest mode among the threads: `filter` only when every thread is filtered. */
  readonly mode: Mode;
  /** The fewest layers that any thread has. */
  readonly filters: number | undefined;
  /** Whether every thread has it. */
  readonly noNewPrivs: boolean;
  readonly threads: readonly ThreadStatus[];
}

const MODES: readonly Mode[] = ['disabled', 'strict', 'filter'];

/**
 * Reads the state of a process, this one unless another is named.
 * Throws UnsupportedError without /proc or for a process that is gone or hidden, UsageError for a bad pid.
 */
export function status(pid: number = process.pid): ProcessStatus {
  if (!Number.isSafeInteger(pid) || pid < 1) {
    throw new UsageError('bad-pid', `${String(pid)} is not a process id`, 'Give a positive integer');
  }
  const threads = taskIds(pid).flatMap(id => {
    const thread = readThread(pid, id);
    return thread === undefined ? [] : [thread];
  });
  const layers = threads.map(thread => thread.filters);
  return {
    pid,
    mode: MODES[Math.min(...threads.map(thread => MODES.indexOf(thread.mode)))] ?? 'disabled',
    filters: layers.includes(undefined) ? undefined : Math.min(...layers.map(count => count ?? 0)),
    noNewPrivs: threads.every(thread => thread.noNewPrivs),
    threads,
  };
}

/** State of the calling thread alone. */
export function threadStatus(): ThreadStatus | undefined {
  return parseStatus(readFileSync('/proc/thread-self/status', 'utf8'));
}

function taskIds(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch (error) {
    throw new UnsupportedError(
      'no-such-process',
      `the state of process ${pid} cannot be read`,
      'It may have ended, or /proc may be missing or hide it',
      {
        cause: error,
      },
    );
  }
}

/** A thread's state, or undefined when it has ended meanwhile. */
function readThread(pid: number, id: number): ThreadStatus | undefined {
  try {
    return parseStatus(readFileSync(`/proc/${pid}/task/${id}/status`, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}

function parseStatus(text: string): ThreadStatus {
  const fields = new Map(
    text.split('\n').map(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
  const filters = fields.get('Seccomp_filters');
  return {
    id: Number(fields.get('Pid')),
    name: fields.get('Name') ?? '',
    mode: MODES[Number(fields.get('Seccomp') ?? 0)] ?? 'disabled',
    filters: filters === undefined ? undefined : Number(filters),
    noNewPrivs: fields.get('NoNewPrivs') === '1',
  };
}
