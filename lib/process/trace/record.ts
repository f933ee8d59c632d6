// Records the calls of a command and of all that it starts: report-only under a policy that allows nothing.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { release } from 'node:os';
import { compile } from '../../filter/compile-profile.js';
import { ABIS } from '../../kernel/abi.js';
import type { Policy } from '../../policy/policy.js';
import { nativeArchitecture } from '../../kernel/architectures.js';
import { RecordingBuilder } from '../../recording/build.js';
import type { Recording } from '../../recording/recording.js';
import { UsageError } from '../../util/errors.js';
import { oneOf, ownOptions } from '../../util/options.js';
import { show } from '../../util/show.js';
import { argumentsOf } from '../children/arguments.js';
import { sandbox, type SandboxOptions } from '../children/sandbox.js';
import { SPAWN_OPTIONS } from '../children/launch/start-child.js';
import type { IsolationMode } from '../isolation/isolation.js';
import type { ReportedViolation } from '../supervise/report.js';
import { recordCommand } from './perf/record-command.js';
import { recordRunning, type RecordRunningOptions, type RunningRecording } from './perf/record-running.js';
import { recordingPolicy, sharedArgument } from './recording-policy.js';
import { startReportOnly } from './report-only.js';

/** What a recording may be told; the options of `spawn` of node:child_process beside it. */
export interface RecordOptions extends SpawnOptions {
  /** As in `spawn`; `none` unless given, so that the command notices nothing. */
  readonly isolation?: IsolationMode;
  /** The part of the run that the calls belong to. */
  readonly phase?: string;
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
}

/**
 * Starts a command as `spawn` does, and records its calls and those of all processes that it starts, from the first instruction on. What it
 * notices is what it notices of `reportOnly`: docs/report-only.md. Nothing is refused. It is one run.
 *
 * Throws as `spawn` does, LoadError (`no-tracer`, `tracer-refused`), and with `by: 'perf'` RecordingError (`perf-unavailable`): nothing has
 * run then.
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
    by = 'ptrace',
    ...rest
  } = ownOptions(options, ['isolation', 'phase', 'by', ...SPAWN_OPTIONS]);
  oneOf('by', by, ['ptrace', 'perf']);
  if (typeof (phase as unknown) !== 'string')
    throw new UsageError('bad-option', `phase cannot be ${show(phase)}`, 'Give a string');
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const policy = recordingPolicy();
  const filter = compile(by === 'ptrace' ? policy : { defaultAction: 'SCMP_ACT_ALLOW' });
  const sandboxed = sandbox<SpawnOptions & SandboxOptions>(
    { ...given, profile: filter, isolation },
    SPAWN_OPTIONS,
  );
  if (by === 'perf')
    return recordCommand(file, args, { isolation: sandboxed.isolation, phase, rest: sandboxed.rest });
  const calls = new Gathered(policy, phase);
  const { child, follower } = startReportOnly(file, args, {
    filter,
    load: sandboxed.load,
    isolation: sandboxed.isolation,
    rest: sandboxed.rest,
    report: {
      onViolation: violation => {
        calls.add(violation);
      },
      reportFallbacks: true,
      reportOnly: undefined,
    },
    attend: undefined,
  });
  let failure: Error | undefined;
  child.on('error', error => {
    failure ??= error;
  });
  const recording = follower.finished.then(() => {
    if (failure !== undefined) throw failure;
    return calls.finish([file, ...args].join(' '), follower.lost);
  });
  return {
    child,
    recording,
    stop: () => {
      follower.close();
    },
  };
}

/** Classes of calls by what the tracer tells of them. */
class Gathered {
  readonly #classes = new Map<string, { readonly first: ReportedViolation; count: number }>();
  readonly #policy: Policy;
  readonly #phase: string;
  #foreign = 0;

  constructor(policy: Policy, phase: string) {
    this.#policy = policy;
    this.#phase = phase;
  }

  add(violation: ReportedViolation): void {
    const { arch, number, args, program, starting, count } = violation;
    const key = `${arch} ${number} ${args.join(' ')} ${starting} ${program ?? ''}`;
    const known = this.#classes.get(key);
    if (known === undefined) this.#classes.set(key, { first: violation, count });
    else known.count += count;
  }

  finish(command: string, lost: number): Recording {
    const builder = new RecordingBuilder();
    for (const { first, count } of this.#classes.values()) {
      const { abi, number, args, program, starting } = first;
      const syscall = abi && (first.syscall ?? String(number - ABIS[abi].numberBit));
      if (abi === undefined || syscall === undefined) {
        this.#foreign += count;
        continue;
      }
      const call = { abi, syscall, phase: this.#phase, program: starting ? undefined : program };
      const isNamed = first.syscall !== undefined;
      const add = isNamed ? builder.add.bind(builder) : builder.addUnnamed.bind(builder);
      add({ ...call, args });
      // Of later calls of the class, only what makes it one is known.
      const shared =
        abi === this.#policy.abis[0].abi.name ? sharedArgument(this.#policy, number, args) : undefined;
      const later = args.map((value, index) => (index === shared ? value : undefined));
      if (count > 1) add({ ...call, args: later, count: count - 1 });
    }
    return builder.finish({
      how: 'tracer',
      arch: nativeArchitecture(),
      kernel: release(),
      libc: '',
      command,
      lost: lost + this.#foreign,
    });
  }
}
