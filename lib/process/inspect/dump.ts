// Reads the filters of another process back from the kernel.
import { errnoName } from '../../kernel/errno.js';
import type { Code } from '../../util/codes.js';
import { DumpError, type Diagnostic, type SeccompError } from '../../util/errors.js';
import { decode, type Program } from '../../bpf/program.js';
import { isFailure, native, type Failure, type LiveFilter, describeFailure } from '../../native.js';
import { ownOptions } from '../../util/options.js';
import type { FilterFlag } from '../../policy/policy.js';
import { checkPid, noSuchProcess, taskIds, threadStatus } from './status.js';
import { readStatusFile, type Mode, type StatusFile } from './status-file.js';

/** One layer as it was loaded. */
export interface LiveLayer {
  /** The instructions, as returned by the kernel. */
  readonly program: Program;
  /** The flags: the kernel only returns SECCOMP_FILTER_FLAG_LOG; undefined before Linux 4.16. */
  readonly flags: readonly FilterFlag[] | undefined;
}

/** The layers of a thread. */
export interface ThreadDump {
  /** The thread id, as the kernel numbers it. */
  readonly id: number;
  /** The name in the kernel: at most 15 bytes, which may be control characters. */
  readonly name: string;
  /** Its seccomp mode. */
  readonly mode: Mode;
  /** The layers, the oldest first. */
  readonly layers: readonly LiveLayer[];
}

/** The layers of a thread, and of other threads of its process that differ. */
export interface ProcessDump extends ThreadDump {
  /** The process that the thread belongs to. */
  readonly pid: number;
  /** Threads with other layers than this thread. */
  readonly differing: readonly ThreadDump[];
  /** Warnings for readers: `not-filtered`, `strict-mode`, `threads-differ`. */
  readonly warnings: readonly Diagnostic[];
}

/** Options of `dump`. */
export interface DumpOptions {
  /** Compare the other threads too, if the id is that of a process (default). Each is stopped in turn. */
  readonly threads?: boolean | undefined;
}

/** Maximum time for stopping a thread, in milliseconds. Running or sleeping threads need well under one. */
const LIMIT = 1000;

const LOG_FLAG = 2;

/**
 * Reads the filters of a process, by its id or the id of one of its threads. Each thread that has filters is stopped for
 * a fraction of a millisecond and then continues, even if this process ends meanwhile; as after SIGSTOP and SIGCONT, a
 * few waiting calls (epoll_wait, semop, read from inotify) may fail with EINTR. Threads are read one after the other: a
 * filter that is loaded meanwhile may appear as a difference.
 *
 * Needs CAP_SYS_ADMIN in the initial user namespace, CAP_SYS_PTRACE for other users' processes, and no filter on this
 * process. Throws DumpError: `dump-refused`, `dump-from-filtered`, `dump-self`, `already-traced`,
 * `process-does-not-stop`, `no-filter-readback`, `dump-failed`; UnsupportedError (`no-such-process`) for one that has
 * ended or is hidden; UsageError (`bad-pid`, `bad-option`).
 * Source: ptrace(2), PTRACE_SECCOMP_GET_FILTER and PTRACE_SECCOMP_GET_METADATA; signal(7) for EINTR.
 */
export function dump(id: number, options: DumpOptions = {}): ProcessDump {
  checkPid(id);
  const { threads = true } = ownOptions(options, [], ['threads']);
  const file = stateOf(id);
  if (file === undefined) throw noSuchProcess(id);
  const thread = readThread(file);
  const compared = id === file.process && threads ? otherThreads(id) : [];
  const key = keyOf(thread);
  const differing = compared.filter(other => keyOf(other) !== key);
  return {
    pid: file.process,
    ...thread,
    differing,
    warnings: warningsOf(thread, differing, compared.length),
  };
}

/** A thread's state; undefined if it has ended. Throws UnsupportedError (`no-such-process`) if it is hidden. */
function stateOf(id: number): StatusFile | undefined {
  try {
    const file = readStatusFile(`/proc/${id}/status`);
    return file === undefined || /[ZX]/.test(file.state) ? undefined : file;
  } catch (error) {
    throw noSuchProcess(id, error);
  }
}

function otherThreads(pid: number): readonly ThreadDump[] {
  return taskIds(pid).flatMap(id => {
    const file = id === pid ? undefined : stateOf(id);
    if (file === undefined) return [];
    try {
      return [readThread(file)];
    } catch (error) {
      // Threads start and end; only the requested one must exist.
      if (stateOf(id) === undefined) return [];
      throw error;
    }
  });
}

function readThread(file: StatusFile): ThreadDump {
  const { id, name, mode } = file;
  return { id, name, mode, layers: mode === 'filter' ? readLayers(file) : [] };
}

function readLayers({ id, process: pid }: StatusFile): readonly LiveLayer[] {
  if (pid === process.pid) {
    throw new DumpError(
      'dump-self',
      'a process cannot read its own filters',
      'Keep the Filter that was loaded, or run `seccomp dump` in another process',
    );
  }
  if (threadStatus()?.mode !== 'disabled') {
    throw new DumpError(
      'dump-from-filtered',
      'this process is under a filter itself; the kernel then shows no filters',
      'Use a process without a filter; start a container for it with seccomp=unconfined',
    );
  }
  const answer = native().readFilters(id, LIMIT);
  if (isFailure(answer)) throw explain(answer, id);
  return answer.map(liveLayer);
}

const liveLayer = ({ program, flags }: LiveFilter): LiveLayer => ({
  program: decode(program),
  flags: flags === undefined ? undefined : (flags & LOG_FLAG) === 0 ? [] : ['SECCOMP_FILTER_FLAG_LOG'],
});

/** A key that is equal for threads with the same layers. */
const keyOf = ({ mode, layers }: ThreadDump): string => JSON.stringify([mode, layers]);

function explain(failure: Failure, id: number): SeccompError {
  const { failed, errno } = failure;
  const reason = errnoName(errno);
  const state = stateOf(id);
  if (state === undefined || reason === 'ESRCH') return noSuchProcess(id);
  const because = `(${describeFailure(failure)})`;
  switch (reason) {
    case 'EPERM':
    case 'EACCES':
      if (failed === 'PTRACE_SEIZE' && state.tracer !== 0) {
        return new DumpError(
          'already-traced',
          `process ${state.tracer} already traces ${id}, and a process can have only one tracer ${because}`,
          'End the debugger, strace or other dump first',
          errno,
        );
      }
      return new DumpError(
        'dump-refused',
        `the kernel does not show the filters of ${id} to this process ${because}`,
        'It needs CAP_SYS_ADMIN and CAP_SYS_PTRACE in the initial user namespace: run it as root of the machine, or in a container with both capabilities',
        errno,
      );
    case 'ETIMEDOUT':
      return new DumpError(
        'process-does-not-stop',
        `${id} did not stop within ${LIMIT} ms, so its filters could not be read; it continues as before`,
        'It waits uninterruptibly: for a disk, for a child after vfork, or because it is frozen. Try again later',
        errno,
      );
    case 'EINVAL':
    case 'EIO':
      return new DumpError(
        'no-filter-readback',
        `this kernel cannot show filters ${because}`,
        'Use a kernel with CONFIG_CHECKPOINT_RESTORE, Linux 4.4 or later',
        errno,
      );
    default:
      return new DumpError(
        'dump-failed',
        `the filters of ${id} could not be read ${because}`,
        'See ptrace(2)',
        errno,
      );
  }
}

function warningsOf(
  { id, mode, layers }: ThreadDump,
  differing: readonly ThreadDump[],
  compared: number,
): readonly Diagnostic[] {
  const warning = (code: Code, message: string, remedy: string): Diagnostic => ({
    code,
    severity: 'warning',
    message,
    remedy,
  });
  const warnings: Diagnostic[] = [];
  if (mode === 'strict') {
    warnings.push(
      warning(
        'strict-mode',
        `${id} is in strict mode, which has no program`,
        'It can only call read, write, exit and sigreturn',
      ),
    );
  } else if (layers.length === 0) {
    warnings.push(
      warning(
        'not-filtered',
        `${id} has no filter`,
        'All calls are allowed: load a filter if it should have one',
      ),
    );
  }
  if (differing.length > 0) {
    warnings.push(
      warning(
        'threads-differ',
        `${differing.length} of ${compared} other threads have different filters than ${id}: ${shortList(differing.map(thread => thread.id))}`,
        'A filter on one thread is not a sandbox: load it for the whole process',
      ),
    );
  }
  return warnings;
}

const shortList = (ids: readonly number[]): string =>
  ids.length <= 8 ? ids.join(', ') : `${ids.slice(0, 8).join(', ')} and ${ids.length - 8} more`;
