// Starts the launcher in place of a command. It isolates itself, loads the filter and executes the command, or reports
// a failure.
import { existsSync, readSync } from 'node:fs';
import { LoadError, UnsupportedError, UsageError, type SeccompError } from '../../../util/errors.js';
import type { Filter } from '../../../filter/filter.js';
import { decode } from '../../../bpf/program.js';
import { isFilter } from '../../../filter/filter.js';
import { isFailure, native, describeFailure } from '../../../native.js';
import { errnoName } from '../../../kernel/errno.js';
import { refuseWithoutExec } from '../../exec.js';
import { loadRequest, type LoadRequest } from '../../load.js';
import type { IsolationPlan } from '../../isolation/isolate.js';
import { explainRingFilter, ringVerdicts } from '../../isolation/ring-filter.js';
import type { ChildLoadOptions } from '../sandbox.js';
import { own, owned } from '../../../util/own.js';
import { checkWords } from '../arguments.js';
import { explainLoad, explainIsolation, explainListener } from '../../load-errors.js';

/** A command for execvp(3). */
export interface Command {
  /** A path, or a name that is searched in the PATH of the command's environment. */
  readonly file: string;
  /** argv, from argv[0] on. */
  readonly words: readonly string[];
}

/** The program that Node starts in place of a command. */
export interface Launcher extends Command {
  /** Descriptors for the child, after those of the caller. */
  readonly stdio: readonly number[];
}

/** The launcher's orders. */
export interface LaunchRequest extends LoadRequest {
  readonly isolation: IsolationPlan;
  /** Items of RING_VERDICT by opcode; empty if io_uring operations are not filtered. */
  readonly ringVerdicts: Uint8Array;
}

/** A process that traces the command from its start. */
export interface TracerProcess {
  readonly pid: number;
  /** A socket for the launcher. */
  readonly socket: number;
  /** The error of the tracer if it has ended, in which case the launcher ends too. */
  readonly earlyEnd: () => SeccompError | undefined;
}

/** The outcome of a launch. */
type LaunchOutcome =
  /** The command runs, or has run. */
  | { readonly kind: 'started' }
  /** execve failed, as it would have without a filter, with a positive errno. */
  | { readonly kind: 'failed'; readonly errno: number }
  /** The child could not be isolated, or the filter could not be loaded. */
  | { readonly kind: 'refused'; readonly error: LoadError }
  /** The launcher or its tracer ended before it reported an outcome, or was never started. */
  | { readonly kind: 'unknown' };

/** How long the caller waits: until the command runs, which a pipe signals, or until it has ended. */
export type Until = 'running' | 'ended';

/**
 * With `running`: waits until a descriptor is at its end. For a load with a listener, the descriptor is a socket that
 * first delivers the listener.
 */
export type AwaitRunning = (awaited: number) => void;

const untilEnd: AwaitRunning = awaited => readSync(awaited, Buffer.alloc(1));

/** Prepares and checks a child's load without performing it. Throws as `load` does, and LoadError (`exec-refused`). */
export function launchRequest(
  filter: Filter | Uint8Array,
  options: ChildLoadOptions,
  isolation: IsolationPlan,
): LaunchRequest {
  return launchOf(childLoadRequest(filter, options), isolation, ringVerdicts(filter, isolation.ringFilter));
}

/** A launch with a load; by default, io_uring operations are not filtered. */
export const launchOf = (
  load: LoadRequest,
  isolation: IsolationPlan,
  verdicts: Uint8Array = new Uint8Array(),
): LaunchRequest => ({ ...load, isolation, ringVerdicts: verdicts });

/** A launch of a command that is only isolated. */
export const withoutFilter = (isolation: IsolationPlan, setNoNewPrivs: boolean): LaunchRequest =>
  launchOf({ bytes: new Uint8Array(), program: [], flags: [], bits: 0, setNoNewPrivs }, isolation);

/** A launch of a command that loads its filter itself: it is isolated, and its io_uring operations are filtered. */
export const isolationRequest = (
  filter: Filter | Uint8Array,
  options: ChildLoadOptions,
  isolation: IsolationPlan,
): LaunchRequest => ({
  ...withoutFilter(isolation, own(options, 'noNewPrivs') ?? true),
  ringVerdicts: ringVerdicts(filter, isolation.ringFilter),
});

/** Prepares a child's load, without isolation. Throws as `load` does, and LoadError (`exec-refused`). */
export function childLoadRequest(filter: Filter | Uint8Array, options: ChildLoadOptions): LoadRequest {
  if (!isFilter(filter)) return loadRequest(filter, { ...options, scope: 'thread' });
  const known = requests.get(filter) ?? new Map<string, LoadRequest>();
  requests.set(filter, known);
  const { noNewPrivs, log, specAllow } = owned(options);
  const key = JSON.stringify([noNewPrivs, log, specAllow]);
  const request = known.get(key) ?? makeRequest(filter, options);
  known.set(key, request);
  return request;
}

/** Requests by filter and options, which are immutable, because many children run under few filters. */
const requests = new WeakMap<Filter, Map<string, LoadRequest>>();

function makeRequest(filter: Filter, options: ChildLoadOptions): LoadRequest {
  refuseWithoutExec(filter);
  return loadRequest(filter, { ...options, scope: 'thread' });
}

/**
 * Calls `start` with the launcher for a command, and returns its result with the outcome of the launch.
 *
 * The launcher is a file in memory that contains its orders and the program. It shares a page with this process and
 * writes its next step there until execve unmaps the page, so that a failure is reported without any system call under
 * the filter. With `running`, this process waits as uv_spawn(3) does, until the launcher's end of a pipe is closed by
 * its execve or its death.
 *
 * `first` is the number of descriptors that the caller passes to the child. Throws LoadError (`no-launcher`).
 */
export function launch<Started>(
  request: LaunchRequest,
  command: Command,
  first: number,
  until: Until,
  start: (launcher: Launcher) => Started,
  awaitRunning: AwaitRunning = untilEnd,
  tracer?: TracerProcess,
): { readonly started: Started; readonly outcome: LaunchOutcome } {
  const { layer, domain, onlyStdio, endWithParent } = request.isolation;
  const descriptors = native().prepareLaunch(
    layer,
    request.bytes,
    request.bits,
    request.setNoNewPrivs,
    domain,
    onlyStdio,
    first,
    until === 'running',
    endWithParent,
    request.ringVerdicts,
    tracer?.pid ?? 0,
  );
  if (isFailure(descriptors)) {
    throw new LoadError(
      'no-launcher',
      `the launcher for sandboxed children cannot be created (${describeFailure(descriptors)})`,
      'It is an executable memory file: check vm.memfd_noexec, the limits of open files and file sizes, and the filters of this process',
      { errno: descriptors.errno },
    );
  }
  const open = new Set(
    [descriptors.image, descriptors.report, descriptors.awaited, descriptors.held].filter(
      descriptor => descriptor >= 0,
    ),
  );
  const close = (descriptor: number): void => {
    if (open.delete(descriptor)) native().closeDescriptor(descriptor);
  };
  try {
    const started = start({
      // Through the child's own /proc, because it may have another user id than this process by then.
      file: `/proc/self/fd/${first}`,
      words: [command.file, ...command.words],
      stdio: [
        descriptors.image,
        descriptors.report,
        ...(until === 'running' ? [descriptors.held] : []),
        ...(tracer === undefined ? [] : [tracer.socket]),
      ],
    });
    close(descriptors.held);
    if (until === 'running') awaitRunning(descriptors.awaited);
    return { started, outcome: outcomeOf(descriptors.report, request) };
  } finally {
    for (const descriptor of open) close(descriptor);
  }
}

/** `Step` of native/launcher/orders.h. */
const STEP = {
  start: 0,
  descriptors: 1,
  noNewPrivs: 2,
  layer: 3,
  domain: 4,
  rings: 5,
  helper: 6,
  filter: 7,
  handOver: 8,
  execute: 9,
  trace: 10,
  session: 11,
} as const;

/** The system call that fails in each step. */
const CALLS: Readonly<Record<number, string>> = {
  [STEP.descriptors]: 'close_range',
  [STEP.noNewPrivs]: 'prctl',
  [STEP.layer]: 'seccomp',
  [STEP.domain]: 'landlock_restrict_self',
  [STEP.rings]: 'io_uring_register',
  [STEP.helper]: 'clone',
  [STEP.filter]: 'seccomp',
  [STEP.handOver]: 'sendmsg',
  [STEP.session]: 'setsid',
};

/** Reads a `Report` of the launcher. */
function outcomeOf(report: number, request: LaunchRequest): LaunchOutcome {
  const words = new Uint32Array(2);
  readSync(report, words, 0, words.byteLength, 0);
  const [step = STEP.start, errno = 0] = words;
  if (step === STEP.execute) return errno === 0 ? { kind: 'started' } : { kind: 'failed', errno };
  if (step === STEP.start || errno === 0) return { kind: 'unknown' };
  if (step === STEP.trace)
    return errnoName(errno) === 'ESRCH'
      ? { kind: 'unknown' }
      : { kind: 'refused', error: untraceable(errno) };
  const failed = own(CALLS, step) ?? 'seccomp';
  const failure = { failed, errno, errnoName: errnoName(errno), threadId: 0, threadName: '' };
  switch (step) {
    case STEP.descriptors:
    case STEP.session:
    case STEP.domain:
      return { kind: 'refused', error: explainIsolation(failure) };
    case STEP.rings:
      return { kind: 'refused', error: explainRingFilter(failure) };
    case STEP.helper:
    case STEP.handOver:
      return { kind: 'refused', error: explainListener(failure) };
    case STEP.layer:
      return {
        kind: 'refused',
        error: explainLoad(failure, decode(request.isolation.layer)),
      };
    default:
      return { kind: 'refused', error: explainLoad(failure, request.program) };
  }
}

const untraceable = (errno: number): LoadError =>
  new LoadError(
    'tracer-refused',
    `the command cannot be traced (ptrace: ${errnoName(errno)})`,
    'Check /proc/sys/kernel/yama/ptrace_scope, which must be below 2 for ordinary users, the filters of this process, and whether strace or another tracer traces it',
    { errno },
  );

/** The error if the launcher ended for an unknown reason. */
export const launcherEnded = (file: string): LoadError =>
  new LoadError(
    'launcher-ended',
    `the launcher ended before it had loaded the filter, so ${file} was not run`,
    'Check for signals from other processes, for memory and limits, and for a filter of this process that kills',
  );

/** Throws UnsupportedError (`no-proc`) if the launcher cannot be found because there is no /proc. */
export function requireProc(): void {
  if (existsSync('/proc/self/fd')) return;
  throw new UnsupportedError('no-proc', 'sandboxed children are started through /proc', 'Mount it');
}

/** The command that Node would run, with a shell if requested. Throws UsageError (`bad-argument`). */
export function commandOf(
  file: string,
  args: readonly string[],
  options: { readonly argv0?: string | undefined; readonly shell?: boolean | string | undefined },
): Command {
  const { argv0, shell } = owned(options);
  checkWords(args, {
    'the command': file,
    argv0: argv0 ?? '',
    shell: typeof shell === 'boolean' ? '' : (shell ?? ''),
  });
  if (file === '') throw new UsageError('bad-argument', 'a command cannot be empty', 'Name a program');
  if (shell === undefined || shell === false || shell === '')
    return { file, words: [argv0 ?? file, ...args] };
  const program = shell === true ? '/bin/sh' : shell;
  return { file: program, words: [argv0 ?? program, '-c', [file, ...args].join(' ')] };
}
