// Records running processes with perf events: a process, a container, a cgroup, or everything.
import { closeSync, openSync } from 'node:fs';
import { checkedPhase, type Recording } from '../../../recording/recording.js';
import { optionError, badOption, ownOptions } from '../../../util/options.js';
import type { Own } from '../../../util/own.js';
import { cgroupDirectory, containerCgroup } from './cgroups.js';
import { processTree } from './processes.js';
import { startPerfRecorder, type PerfRecorder } from './recorder.js';
import { summarize } from './summarize.js';
import { MAX_SECONDS } from '../../supervise/time.js';

/** The processes to record. Exactly one property is required. */
export interface RunningTarget {
  /** A process and its descendants, including those that start later. */
  readonly pid?: number | undefined;
  /** A container of runc, crun, Docker, containerd, Podman or CRI-O: its id, or a prefix of a hexadecimal id. */
  readonly container?: string | undefined;
  /** A cgroup and those below it: its directory, or its path as in /proc/PID/cgroup. */
  readonly cgroup?: string | undefined;
  /** Every process of the machine. */
  readonly all?: boolean | undefined;
}

/** Options for recording running processes. */
export interface RecordRunningOptions extends RunningTarget {
  /** Seconds after which the recording ends; default: when `stop` is called. */
  readonly seconds?: number | undefined;
  /** The phase of the run for these calls. */
  readonly phase?: string | undefined;
  /** With `container`: the state directory of the runtime, as in `runc --root`. */
  readonly root?: string | undefined;
}

/** A recording of running processes. */
export interface RunningRecording {
  /**
   * Fulfilled when the recording was stopped, or, with `pid`, when all recorded processes have ended. Rejected with
   * RecordingError (`perf-ended`).
   */
  readonly recording: Promise<Recording>;
  /** Ends the recording. The recorded processes continue. */
  readonly stop: () => void;
}

/** The keys of RecordRunningOptions. */
const OPTIONS = ['pid', 'container', 'cgroup', 'all', 'seconds', 'phase', 'root'];

/** See `record`. */
export function recordRunning(options: RecordRunningOptions): RunningRecording {
  const given = checked(ownOptions(options, OPTIONS));
  const recorder = start(given);
  recorder.begin();
  const timer =
    given.seconds === undefined
      ? undefined
      : setTimeout(() => {
          recorder.stop();
        }, given.seconds * 1000);
  const recording = recorder.ended.then(table =>
    summarize(table, {
      command: describe(given),
      phase: given.phase ?? '',
      partRuntimes: given.container !== undefined || given.cgroup !== undefined,
      started: false,
    }),
  );
  return {
    recording: recording.finally(() => {
      clearTimeout(timer);
    }),
    stop: () => {
      recorder.stop();
    },
  };
}

function start({ pid, container, cgroup, root }: Own<RecordRunningOptions>): PerfRecorder {
  const excluded = process.pid;
  if (pid !== undefined)
    return startPerfRecorder({ target: 'processes', processes: processTree(pid), excluded });
  if (container === undefined && cgroup === undefined)
    return startPerfRecorder({ target: 'all', processes: [], excluded });
  const directory =
    container === undefined
      ? cgroupDirectory(cgroup ?? '')
      : containerCgroup(container, root === undefined ? [] : [root]);
  const descriptor = openSync(directory, 'r');
  try {
    return startPerfRecorder({ target: 'cgroup', processes: [], excluded }, descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The text in place of a command. */
function describe({ pid, container, cgroup }: Own<RecordRunningOptions>): string {
  if (pid !== undefined) return `--pid ${pid}`;
  if (container !== undefined) return `--container ${container}`;
  return cgroup === undefined ? '--all' : `--cgroup ${cgroup}`;
}

function checked(options: Own<RecordRunningOptions>): Own<RecordRunningOptions> {
  const { pid, container, cgroup, all, seconds, phase, root } = options;
  const targets = [pid, container, cgroup, all === false ? undefined : all].filter(
    each => each !== undefined,
  );
  if (targets.length !== 1)
    throw optionError(
      targets.length === 0 ? 'no target is given' : 'several targets are given',
      'Pass exactly one of pid, container, cgroup and all',
    );
  if (pid !== undefined && !(Number.isSafeInteger(pid) && pid > 0))
    throw badOption('pid', pid, 'Pass the id of a process');
  for (const [name, value] of Object.entries({ container, cgroup, root }))
    if (value !== undefined && (typeof (value as unknown) !== 'string' || value === ''))
      throw badOption(name, value, 'Pass a string');
  if (phase !== undefined) checkedPhase(phase);
  if (all !== undefined && typeof (all as unknown) !== 'boolean')
    throw badOption('all', all, 'Pass true or false');
  if (root !== undefined && container === undefined)
    throw optionError('root is for containers', 'Pass container as well');
  if (
    seconds !== undefined &&
    !(typeof (seconds as unknown) === 'number' && seconds > 0 && seconds <= MAX_SECONDS)
  )
    throw badOption('seconds', seconds, `Pass a number above 0, and at most ${MAX_SECONDS}`);
  return options;
}
