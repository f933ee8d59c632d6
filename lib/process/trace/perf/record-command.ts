// Records a command with perf events, from its first instruction on.
import type { ChildProcess } from 'node:child_process';
import { LoadError } from '../../../util/errors.js';
import { own } from '../../../util/own.js';
import { withoutFilter, commandOf } from '../../children/launch/launch.js';
import { spawnWith, startChild } from '../../children/launch/start-child.js';
import { stdioList } from '../../children/launch/stdio.js';
import { recordingOf, type RecordedChild, type RecordPlan } from '../record-command.js';
import { startPerfRecorder } from './recorder.js';
import { summarize } from './summarize.js';

/**
 * Starts a command as `spawn` does. The launcher waits until the kernel is ready to record its calls, starting with its execve.
 * Throws as `spawn` does, and RecordingError (`perf-unavailable`).
 */
export function recordCommand(
  file: string,
  args: readonly string[],
  { isolation, phase, rest }: Omit<RecordPlan, 'phaseAt'>,
): RecordedChild {
  const command = commandOf(file, args, rest);
  const stdio = stdioList(rest.stdio);
  // Without privileges, loading the layer requires no_new_privs.
  const launch = withoutFilter(isolation, isolation.layer.length > 0);
  const recorder = startPerfRecorder({ target: 'command', processes: [], excluded: 0 });
  let child: ChildProcess;
  try {
    child = startChild(launch, command, stdio, spawnWith(rest), undefined, recorder);
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
  const ended = recorder.ended.then(table => {
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
    recording: recordingOf(child, started, ended),
    stop: () => {
      recorder.stop();
    },
    progress: () => {
      const { events = 0, calls = [] } = recorder.read() ?? {};
      const distinct = new Set(calls.map(({ arch, number }) => `${arch} ${number}`));
      return { calls: events, distinct: distinct.size, atLeast: false };
    },
  };
}
