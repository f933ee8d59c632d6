// Records the calls of a command and of all its descendants.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { compile } from '../../filter/compile-profile.js';
import { isKnownSyscall } from '../../kernel/abi.js';
import { abisOf, nativeArchitecture } from '../../kernel/architectures.js';
import type { SyscallName } from '../../kernel/calls/call-names.js';
import { didYouMeanCall } from '../../kernel/calls/suggest-call.js';
import { checkedPhase, type Recording } from '../../recording/recording.js';
import { UsageError } from '../../util/errors.js';
import { optionError, badOption, oneOf, ownOptions } from '../../util/options.js';
import { show } from '../../util/show.js';
import { argumentsOf } from '../children/arguments.js';
import { sandbox, type SandboxOptions } from '../children/sandbox.js';
import { SPAWN_OPTIONS } from '../children/launch/start-child.js';
import type { IsolationMode } from '../isolation/isolation.js';
import { recordCommand, type RecordingProgress } from './record-command.js';
import { recordCommand as recordByPerf } from './perf/record-command.js';
import { recordRunning, type RecordRunningOptions, type RunningRecording } from './perf/record-running.js';

/** Options of `record`, in addition to those of `spawn` of node:child_process. */
export interface RecordOptions extends SpawnOptions {
  /** As in `spawn`; default: `none`, so that the command is not affected. */
  readonly isolation?: IsolationMode | undefined;
  /** The phase of the run for these calls. */
  readonly phase?: string | undefined;
  /**
   * Splits the run into two phases: `start`, and `work` from the first call with one of these names on, in whichever
   * process. In `start`, known calls stop as often as unknown ones, which takes time.
   */
  readonly phaseAt?: readonly SyscallName[] | undefined;
  /**
   * The method. `ptrace`, the default, stops at calls, loses none and needs no privileges. `perf` stops nothing and
   * needs CAP_PERFMON; calls that did not fit into the kernel's buffers, and programs with more privileges than their
   * caller, are missing and counted as lost.
   */
  readonly by?: 'ptrace' | 'perf' | undefined;
}

/** A command that is being recorded. */
export interface RecordedCommand {
  /** As `spawn` returns it. */
  readonly child: ChildProcess;
  /**
   * The recording, once the command and all its descendants have ended, or `stop` was called. Rejected with the error of
   * the child if there is one: SupervisionError (`traces-itself`, `tracer-ended`) if it could not be traced to its end.
   */
  readonly recording: Promise<Recording>;
  /** Ends the recording; running processes continue. */
  readonly stop: () => void;
  /** Returns the progress. */
  readonly progress: () => RecordingProgress;
}

/**
 * Starts a command as `spawn` does, and records its calls and those of all its descendants, from the first instruction
 * on. The effects on the command are those of `reportOnly`: docs/report-only.md. Nothing is refused. The recording is
 * one run.
 *
 * At first, a process stops at each call. After many known calls in a row, it only stops at other calls: counts of known
 * calls are then lower bounds, marked with `atLeast`. Every distinct call with every recorded argument is found.
 *
 * Throws as `spawn` does, UsageError (`bad-option`, `unknown-syscall`), LoadError (`no-tracer`, `tracer-refused`), and
 * with `by: 'perf'` RecordingError (`perf-unavailable`); then nothing has run.
 */
export function record(command: string, options?: RecordOptions): RecordedCommand;
export function record(command: string, args: readonly string[], options?: RecordOptions): RecordedCommand;
/**
 * Records running processes with perf events, which stops nothing and cannot be detected. Calls of this process are left
 * out, and lost calls are counted: see `lost` of the source. It needs CAP_PERFMON, and CAP_SYS_ADMIN if tracefs is not
 * mounted. With `container` and `cgroup`, the calls of container runtimes are in a separate phase, `runtime`.
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
  return recordStarted(file, args, options, false);
}

/** `record` of a command; with `endWithParent`, the kernel kills the command when the thread that starts it ends. */
export function recordStarted(
  file: string,
  args: readonly string[],
  options: RecordOptions,
  endWithParent: boolean,
): RecordedCommand {
  const {
    isolation = 'none',
    phase = '',
    phaseAt,
    by = 'ptrace',
    ...rest
  } = ownOptions(options, ['isolation', 'phase', 'phaseAt', 'by', ...SPAWN_OPTIONS]);
  oneOf('by', by, ['ptrace', 'perf']);
  if (by === 'perf' && phaseAt !== undefined)
    throw optionError("phaseAt needs by: 'ptrace'", 'Leave one of them out');
  checkedPhase(phase);
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const sandboxed = sandbox<SpawnOptions & SandboxOptions>(
    { ...given, profile: compile({ defaultAction: 'SCMP_ACT_ALLOW' }), isolation },
    SPAWN_OPTIONS,
    endWithParent,
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
  if (names.length === 0) throw badOption('phaseAt', phaseAt, 'Pass a list of names of system calls');
  if (phase !== '') throw optionError('phase and phaseAt cannot be combined', 'Choose one of them');
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
