// Reads /proc/PID/status and /proc/PID/task/TID/status.
import { own } from '../../util/own.js';
import { readText } from '../../util/host/read-text.js';

/** `Seccomp` of /proc/PID/status. Source: proc_pid_status(5). */
export type Mode = 'disabled' | 'strict' | 'filter';

/** The state of a thread as far as it is about filters. */
export interface ThreadStatus {
  /** The kernel's id of the thread. */
  readonly id: number;
  /** As the kernel keeps it: at most 15 bytes, which may be control characters. */
  readonly name: string;
  /** Its mode. */
  readonly mode: Mode;
  /** Layers of filters; undefined before Linux 5.9, which does not tell. */
  readonly filters: number | undefined;
  /** Whether it can gain no privileges by execve. */
  readonly noNewPrivs: boolean;
}

/** Other fields that are read. A process has the file of its first thread. */
export interface StatusFile extends ThreadStatus {
  /** The letter of `State`: `R` running, `S` sleeping, `Z` ended and not yet waited for, … */
  readonly state: string;
  /** The process that the thread belongs to. */
  readonly process: number;
  /** 0 where it is outside of this PID namespace. */
  readonly parent: number;
  /** The session, by the number of its leader, in the PID namespace of /proc. */
  readonly session: number;
  /** The process that traces this thread, 0 for none. */
  readonly tracer: number;
  /** How many threads the process has. */
  readonly threads: number;
  /** A thread of the kernel's own. */
  readonly kernel: boolean;
}

/** By number. The last one, which is the kernel's own affair, marks what its filter has killed. */
const MODES: readonly Mode[] = ['disabled', 'strict', 'filter', 'filter'];

/** Reads the file of a thread; undefined if it has ended. Throws what node:fs throws if it may not be read. */
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
    // Older kernels show this only indirectly: kernel threads have no memory, like processes that have ended.
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
