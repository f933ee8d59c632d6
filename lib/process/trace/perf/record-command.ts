// Records a command by perf events, from its first instruction on.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { Recording } from '../../../recording/recording.js';
import { LoadError } from '../../../util/errors.js';
import { own, type Own } from '../../../util/own.js';
import { commandOf, type LaunchRequest } from '../../children/launch/launch.js';
import { spawnWith, startChild } from '../../children/launch/start-child.js';
import { stdioList } from '../../children/launch/stdio.js';
import type { IsolationPlan } from '../../isolation/isolate.js';
import { startPerfRecorder } from './recorder.js';
import { summarize } from './summarize.js';

/** How a command is started. */
export interface PerfCommandPlan {
  readonly isolation: IsolationPlan;
  readonly phase: string;
  /** Options of Node's. */
  readonly rest: Own<SpawnOptions>;
}

/** A command that is recorded. */
export interface PerfCommand {
  readonly child: ChildProcess;
  readonly recording: Promise<Recording>;
  readonly stop: () => void;
}

/**
 * Starts a command as `spawn` does. The launcher waits until the kernel is ready to write its calls down, which begins with its
 * execve. Throws as `spawn` does, and RecordingError (`perf-unavailable`).
 */
export function recordCommand(
  file: string,
  args: readonly string[],
  { isolation, phase, rest }: PerfCommandPlan,
): PerfCommand {
  const command = commandOf(file, args, rest);
  const stdio = stdioList(rest.stdio);
  const recorder = startPerfRecorder({ target: 'command', processes: [], excluded: 0 });
  let child: ChildProcess;
  try {
    child = startChild(withoutFilter(isolation), command, stdio, spawnWith(rest), undefined, recorder);
  } catch (error) {
    const refusal = recorder.refusal();
    recorder.release();
    recorder.stop();
    if (error instanceof LoadError && error.code === 'tracer-refused' && refusal !== undefined) throw refusal;
    throw error;
  }
  recorder.release();
  let failure: Error | undefined;
  child.on('error', error => {
    failure ??= error;
  });
  const started = own(child, 'pid') !== undefined;
  if (!started) recorder.stop();
  const recording = recorder.ended.then(table => {
    if (failure !== undefined) throw failure;
    return summarize(table, {
      command: [file, ...args].join(' '),
      phase,
      partRuntimes: false,
      started,
    });
  });
  return {
    child,
    recording,
    stop: () => {
      recorder.stop();
    },
  };
}

/** The launcher loads nothing. */
const withoutFilter = (isolation: IsolationPlan): LaunchRequest => ({
  bytes: new Uint8Array(),
  program: [],
  flags: [],
  bits: 0,
  // Ordinary users need it for the layer.
  setNoNewPrivs: isolation.layer.length > 0,
  isolation,
  ringVerdicts: new Uint8Array(),
  endWithParent: false,
});
