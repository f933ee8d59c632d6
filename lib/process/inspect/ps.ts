// Every process of the machine, as far as it is about filters.
import { readdirSync } from 'node:fs';
import { UnsupportedError } from '../../util/errors.js';
import { ownOptions } from '../../util/options.js';
import { threadStatusOf } from './status.js';
import { readStatusFile, type StatusFile, type ThreadStatus } from './status-file.js';

/** A process, spoken of by its first thread. */
export interface ProcessEntry extends ThreadStatus {
  /** 0 where it is outside of this PID namespace. */
  readonly parent: number;
  /** One of the kernel's own threads, which make no system calls. */
  readonly kernel: boolean;
  /** How many threads it has. */
  readonly threads: number;
  /** Threads whose mode, number of filters or no_new_privs is another than the first one's. */
  readonly differing: readonly ThreadStatus[];
}

/** What could be seen. */
export interface ProcessList {
  /** By id. */
  readonly processes: readonly ProcessEntry[];
  /** How many there are whose state may not be read. Those that /proc hides altogether (hidepid=2) are not counted. */
  readonly unreadable: number;
}

/** Where `ps` looks. */
export interface PsOptions {
  /** Where procfs is mounted: `/proc`, unless that of another PID namespace is meant, as `/host/proc` in a container. */
  readonly proc?: string;
}

/**
 * Lists processes with their mode, number of filters and no_new_privs. Needs no privileges and stops nobody. It is no
 * snapshot: processes that end meanwhile are left out. The same number of filters need not be the same filters: `dump` compares.
 * Throws UnsupportedError (`no-procfs`), UsageError (`bad-option`).
 * Source: proc_pid_status(5).
 */
export function ps(options: PsOptions = {}): ProcessList {
  const { proc = '/proc' } = ownOptions(options, ['proc']);
  const ids = idsIn(proc);
  if (ids === undefined) {
    throw new UnsupportedError(
      'no-procfs',
      `there is no procfs at ${proc}`,
      'Mount it: mount -t proc proc /proc',
    );
  }
  const processes: ProcessEntry[] = [];
  let unreadable = 0;
  for (const id of ids) {
    const file = whereReadable(() => readStatusFile(`${proc}/${id}/status`));
    if (file === 'unreadable') unreadable++;
    else if (file !== undefined) processes.push(entryOf(proc, file));
  }
  return { processes, unreadable };
}

function entryOf(proc: string, file: StatusFile): ProcessEntry {
  const { parent, kernel, threads } = file;
  const first = threadStatusOf(file);
  return { ...first, parent, kernel, threads, differing: threads > 1 ? otherThan(proc, first) : [] };
}

function otherThan(proc: string, first: ThreadStatus): readonly ThreadStatus[] {
  const tasks = `${proc}/${first.id}/task`;
  return (idsIn(tasks) ?? []).flatMap(id => {
    const file = id === first.id ? undefined : whereReadable(() => readStatusFile(`${tasks}/${id}/status`));
    if (file === undefined || file === 'unreadable' || sameState(file, first)) return [];
    return [threadStatusOf(file)];
  });
}

const sameState = (a: ThreadStatus, b: ThreadStatus): boolean =>
  a.mode === b.mode && a.filters === b.filters && a.noNewPrivs === b.noNewPrivs;

/** The numbers among the names of a directory, in order, or undefined where it cannot be listed. */
function idsIn(directory: string): readonly number[] | undefined {
  try {
    return readdirSync(directory)
      .filter(name => /^[1-9][0-9]*$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

function whereReadable<T>(read: () => T): T | 'unreadable' {
  try {
    return read();
  } catch (error) {
    if (isSystemError(error)) return 'unreadable';
    throw error;
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && Object.hasOwn(error, 'syscall');
