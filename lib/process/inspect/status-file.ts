// Reads /proc/PID/status and /proc/PID/task/TID/status.
import { own } from '../../util/own.js';
import { readText } from '../../util/host/read-text.js';

/** The `Seccomp` field of /proc/PID/status. Source: proc_pid_status(5). */
export type Mode = 'disabled' | 'strict' | 'filter';

/** The seccomp state of a thread. */
export interface ThreadStatus {
  /** The thread id, as the kernel numbers it. */
  readonly id: number;
  /** The name in the kernel: at most 15 bytes, which may be control characters. */
  readonly name: string;
  /** Its seccomp mode. */
  readonly mode: Mode;
  /** The number of filter layers; undefined before Linux 5.9, which does not report it. */
  readonly filters: number | undefined;
  /** Whether no_new_privs is set: execve cannot grant privileges. */
  readonly noNewPrivs: boolean;
}

/** A status file with other fields. That of a process describes its first thread. */
export interface StatusFile extends ThreadStatus {
  /** The letter in `State`: `R` running, `S` sleeping, `Z` ended but not yet waited for, … */
  readonly state: string;
  /** The process that the thread belongs to. */
  readonly process: number;
  /** The parent process; 0 if it is outside of this PID namespace. */
  readonly parent: number;
  /** The id of the session, in the PID namespace of /proc. */
  readonly session: number;
  /** The process that traces this thread, or 0. */
  readonly tracer: number;
  /** The number of threads of the process. */
  readonly threads: number;
  /** Whether it is a thread of the kernel itself. */
  readonly kernel: boolean;
}

/** Modes by number. The last one, internal to the kernel, marks threads that their filter has killed. */
const MODES: readonly Mode[] = ['disabled', 'strict', 'filter', 'filter'];

/** Reads the status file of a thread; undefined if it has ended. Throws the errors of node:fs if it may not be read. */
export function readStatusFile(path: string): StatusFile | undefined {
  try {
    return parse(readText(path));
  } catch (error) {
    if (
      error instanceof Error &&
      ['ENOENT', 'ESRCH'].includes(own(error as NodeJS.ErrnoException, 'code') ?? '')
    )
      return undefined;
    throw error;
  }
}

function parse(text: string): StatusFile {
  const lines = `\n${text}`;
  const field = (name: string): string | undefined => {
    const key = `\n${name}:\t`;
    const start = lines.indexOf(key);
    return start < 0 ? undefined : lines.slice(start + key.length, lines.indexOf('\n', start + 1));
  };
  const number = (name: string): number => Number(field(name) ?? 0);
  const state = field('State')?.charAt(0) ?? '';
  const kthread = field('Kthread');
  const filters = field('Seccomp_filters');
  return {
    id: number('Pid'),
    name: unescaped(field('Name') ?? ''),
    state,
    process: number('Tgid'),
    parent: number('PPid'),
    session: Number.parseInt(field('NSsid') ?? '0', 10),
    tracer: number('TracerPid'),
    threads: number('Threads'),
    // Older kernels show this only indirectly: kernel threads have no memory, as processes that have ended.
    kernel:
      kthread === undefined
        ? field('VmSize') === undefined && state !== 'Z' && state !== 'X'
        : kthread === '1',
    mode: MODES[number('Seccomp')] ?? 'disabled',
    filters: filters === undefined ? undefined : Number(filters),
    noNewPrivs: field('NoNewPrivs') === '1',
  };
}

/** Names may contain anything; the kernel escapes line breaks and backslashes. */
const unescaped = (name: string): string =>
  name.replace(/\\(n|\\)/g, (_, letter: string) => (letter === 'n' ? '\n' : '\\'));
