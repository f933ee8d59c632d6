// Lists the seccomp state of all processes.
import { UnsupportedError } from '../../util/errors.js';
import { ownOptions } from '../../util/options.js';
import { threadStatusOf } from './status.js';
import { readStatusFile, type StatusFile, type ThreadStatus } from './status-file.js';
import { whereReadable, idsIn } from './proc.js';

/** A process, described by its first thread. */
export interface ProcessEntry extends ThreadStatus {
  /** The parent process; 0 if it is outside of this PID namespace. */
  readonly parent: number;
  /** Whether it is one of the kernel's own threads, which make no system calls. */
  readonly kernel: boolean;
  /** The number of its threads. */
  readonly threads: number;
  /** Threads whose mode, number of filters or no_new_privs differs from the first thread. */
  readonly differing: readonly ThreadStatus[];
}

/** The result of `ps`. */
export interface ProcessList {
  /** Processes, by ascending id. */
  readonly processes: readonly ProcessEntry[];
  /** The number of processes whose state could not be read. Those that /proc hides (hidepid=2) are not counted. */
  readonly unreadable: number;
}

/** Options of `ps`. */
export interface PsOptions {
  /** The mount point of procfs; default: `/proc`. For another PID namespace, for example `/host/proc` in a container. */
  readonly proc?: string | undefined;
}

/**
 * Lists processes with their mode, number of filters and no_new_privs. Needs no privileges and stops no process. The
 * list is not a snapshot: processes that end meanwhile are left out. Threads with the same number of filters can have
 * different filters; `dump` compares them.
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
    // `file` is undefined if the process has ended; `read` is undefined if it may not be read.
    const read = whereReadable(() => ({ file: readStatusFile(`${proc}/${id}/status`) }));
    if (read === undefined) unreadable++;
    else if (read.file !== undefined) processes.push(entryOf(proc, read.file));
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
    if (file === undefined || sameState(file, first)) return [];
    return [threadStatusOf(file)];
  });
}

const sameState = (a: ThreadStatus, b: ThreadStatus): boolean =>
  a.mode === b.mode && a.filters === b.filters && a.noNewPrivs === b.noNewPrivs;
