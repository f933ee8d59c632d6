// Records the calls of a command and of all that it starts.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { compile } from '../../filter/compile-profile.js';
import { isKnownSyscall } from '../../kernel/abi.js';
import { abisOf, nativeArchitecture } from '../../kernel/architectures.js';
import type { SyscallName } from '../../kernel/calls/call-names.js';
import { didYouMeanCall } from '../../kernel/calls/suggest-call.js';
import type { Recording } from '../../recording/recording.js';
import { UsageError } from '../../util/errors.js';
import { oneOf, ownOptions } from '../../util/options.js';
import { show } from '../../util/show.js';
import { argumentsOf } from '../children/arguments.js';
import { sandbox, type SandboxOptions } from '../children/sandbox.js';
import { SPAWN_OPTIONS } from '../children/launch/start-child.js';
import type { IsolationMode } from '../isolation/isolation.js';
import { recordCommand, type RecordingProgress } from './record-command.js';
import { recordCommand as recordByPerf } from './perf/record-command.js';
import { recordRunning, type RecordRunningOptions, type RunningRecording } from './perf/record-running.js';

/** What a recording may be told; the options of `spawn` of node:child_process beside it. */
export interface RecordOptions extends SpawnOptions {
  /** As in `spawn`; `none` unless given, so that the command notices nothing. */
  readonly isolation?: IsolationMode;
  /** The part of the run that the calls belong to. */
  readonly phase?: string;
  /**
   * Parts the run in two: calls belong to the phase `start`, and to `work` from the first call with one of these names on, whichever process
   * makes it. Known calls stop in `start` as often as unknown ones, which takes time.
   */
  readonly phaseAt?: readonly SyscallName[];
  /**
   * How. `ptrace`, the default, stops every call, loses none and needs no privileges. `perf` stops nothing and needs CAP_PERFMON; what the
   * kernel had no room for, and programs with more rights than whoever starts them, are missing and counted as lost.
   */
  readonly by?: 'ptrace' | 'perf';
}

/** A command that is recorded. */
export interface RecordedCommand {
  /** As `spawn` returns it. */
  readonly child: ChildProcess;
  /**
   * Its calls, once it and all that it has started have ended, or `stop` was called. Rejected with the error of the child where there is one:
   * SupervisionError (`traces-itself`, `tracer-ended`) where it could not be followed to its end.
   */
  readonly recording: Promise<Recording>;
  /** Records no more: what still runs goes on. */
  readonly stop: () => void;
  /** How far it is. */
  readonly progress: () => RecordingProgress;
}

/**
 * Starts a command as `spawn` does, and records its calls and those of all processes that it starts, from the first instruction on. What it
 * notices is what it notices of `reportOnly`: docs/report-only.md. Nothing is refused. It is one run.
 *
 * A process stops at each call at first. Once known calls come one after the other, only others stop: counts of known ones are then lower
 * bounds, marked by `atLeast`. Every call, with every recorded argument, is seen.
 *
 * Throws as `spawn` does, UsageError (`bad-option`, `unknown-syscall`), and LoadError (`no-tracer`, `tracer-refused`), and
 * with `by: 'perf'` RecordingError (`perf-unavailable`): nothing has run then.
 */
export function record(command: string, options?: RecordOptions): RecordedCommand;
export function record(command: string, args: readonly string[], options?: RecordOptions): RecordedCommand;
/**
 * Records what runs already, by perf events: nothing is stopped, and nothing can notice. Calls of this process are left out, and those
 * that the kernel had no room for are counted: see `lost` of the source. It needs CAP_PERFMON, and CAP_SYS_ADMIN where tracefs is not
 * mounted. With `container` and `cgroup`, the calls of container runtimes are a phase of their own, `runtime`.
 *
 * Throws UsageError (`bad-option`) and RecordingError: `perf-unavailable`, `process-not-found`, `container-not-found`,
 * `cgroup-not-found`.
 */
export function record(running: RecordRunningOptions): RunningRecording;
export function record(
  file: string | RecordRunningOptions,
  second: readonly string[] | RecordOptions = {},
  third?: RecordOptions,
): RecordedCommand | RunningRecording {
  if (typeof file === 'object') return recordRunning(file);
  const [args, options] = argumentsOf(second, third ?? (Array.isArray(second) ? {} : undefined));
  const {
    isolation = 'none',
    phase = '',
    phaseAt,
    by = 'ptrace',
    ...rest
  } = ownOptions(options, ['isolation', 'phase', 'phaseAt', 'by', ...SPAWN_OPTIONS]);
  oneOf('by', by, ['ptrace', 'perf']);
  if (by === 'perf' && phaseAt !== undefined)
    throw new UsageError('bad-option', "phaseAt needs by: 'ptrace'", 'Leave one of them out');
  if (typeof (phase as unknown) !== 'string')
    throw new UsageError('bad-option', `phase cannot be ${show(phase)}`, 'Pass a string');
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const sandboxed = sandbox<SpawnOptions & SandboxOptions>(
    { ...given, profile: compile({ defaultAction: 'SCMP_ACT_ALLOW' }), isolation },
    SPAWN_OPTIONS,
  );
  if (by === 'perf')
    return recordByPerf(file, args, { isolation: sandboxed.isolation, phase, rest: sandboxed.rest });
  return recordCommand(file, args, {
    isolation: sandboxed.isolation,
    phase,
    phaseAt: checkedPhaseAt(phaseAt, phase),
    rest: sandboxed.rest,
  });
}

/** The names of `phaseAt`. Throws UsageError (`bad-option`, `unknown-syscall`). */
function checkedPhaseAt(phaseAt: unknown, phase: string): readonly string[] {
  if (phaseAt === undefined) return [];
  const names: readonly unknown[] = Array.isArray(phaseAt) ? [...(phaseAt as unknown[])] : [];
  if (names.length === 0)
    throw new UsageError(
      'bad-option',
      `phaseAt cannot be ${show(phaseAt)}`,
      'Pass a list of names of system calls',
    );
  if (phase !== '')
    throw new UsageError('bad-option', 'phase and phaseAt cannot be combined', 'Choose one of them');
  return names.map(name => {
    if (typeof name === 'string' && isKnownSyscall(name)) return name;
    throw new UsageError(
      'unknown-syscall',
      `phaseAt names ${show(name)}, which is not a system call`,
      typeof name === 'string'
        ? didYouMeanCall(name, abisOf(nativeArchitecture()))
        : 'Pass names of system calls',
    );
  });
}
