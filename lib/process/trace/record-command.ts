// Starts a command with a tracer, and makes a recording of the calls that the tracer observes.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { release } from 'node:os';
import { abiOf, callText } from '../../kernel/abi.js';
import { nativeArchitecture } from '../../kernel/architectures.js';
import { isFailure, native } from '../../native.js';
import { RecordingBuilder } from '../../recording/build.js';
import type { Recording } from '../../recording/recording.js';
import { own, type Own } from '../../util/own.js';
import { withoutFilter, commandOf } from '../children/launch/launch.js';
import { spawnWith, startChild } from '../children/launch/start-child.js';
import { stdioList } from '../children/launch/stdio.js';
import type { IsolationPlan } from '../isolation/isolate.js';
import { whyEnded } from './follow.js';
import { readRecordedTable, writeOrders, type RecordedTable } from './recording-table.js';
import { startTracer, type Tracer, unheardTracer } from './tracer.js';
import { resolvers, whenExiting } from '../supervise/event-loop.js';

/** How to start a command, and how to split its calls into phases. */
export interface RecordPlan {
  readonly isolation: IsolationPlan;
  readonly phase: string;
  /** The calls that start the phase `work`; if empty, `phase` is the only phase. */
  readonly phaseAt: readonly string[];
  /** Options for Node. */
  readonly rest: Own<SpawnOptions>;
}

/** The progress of a recording. */
export interface RecordingProgress {
  /** The number of counted calls. If a process makes many known calls, they are no longer counted after a while. */
  readonly calls: number;
  /** The number of distinct calls, by ABI, number and phase. */
  readonly distinct: number;
  /** Whether there were more calls than were counted. */
  readonly atLeast: boolean;
}

/** A command that is being recorded by a tracer. */
export interface RecordedChild {
  readonly child: ChildProcess;
  readonly recording: Promise<Recording>;
  readonly stop: () => void;
  readonly progress: () => RecordingProgress;
}

/** The phases with `phaseAt`. */
export const PHASES = { first: 'start', second: 'work' } as const;

/** Records a command. Throws as `spawn` does, and LoadError (`no-tracer`, `tracer-refused`); then nothing has run. */
export function recordCommand(file: string, args: readonly string[], plan: RecordPlan): RecordedChild {
  const { isolation, phaseAt, rest } = plan;
  const command = commandOf(file, args, rest);
  const stdio = stdioList(rest.stdio);
  const tracer = startTracer(rest, table => {
    writeOrders(table, { phaseAt });
  });
  const watched = watch(tracer);
  let child: ChildProcess;
  try {
    // The tracer may load a filter later, for which the command needs no_new_privs.
    child = startChild(withoutFilter(isolation, true), command, stdio, spawnWith(rest), undefined, tracer);
  } catch (error) {
    watched.stop();
    throw error;
  } finally {
    tracer.release();
  }
  let failure: Error | undefined;
  child.on('error', error => {
    failure ??= error;
  });
  const ended = watched.finished.then(({ table, killed }) => {
    if (killed !== undefined) child.emit('error', killed);
    if (failure !== undefined) throw failure;
    return summarize(table, [file, ...args].join(' '), plan);
  });
  const started = own(child, 'pid') !== undefined;
  if (!started) watched.stop();
  return {
    child,
    recording: recordingOf(child, started, ended),
    stop: watched.stop,
    progress: () => progressOf(watched.read()),
  };
}

/**
 * The recording of a command, or the error event of a command that did not start. A caller that ignores the promise
 * still gets that event.
 */
export function recordingOf(
  child: ChildProcess,
  started: boolean,
  ended: Promise<Recording>,
): Promise<Recording> {
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
  });
  for (const promise of [ended, failed]) promise.catch(() => undefined);
  return started ? ended : failed;
}

interface Watched {
  /** The table at the end, and the error if all traced processes were killed. */
  readonly finished: Promise<{
    readonly table: RecordedTable;
    readonly killed: ReturnType<typeof whyEnded>;
  }>;
  readonly read: () => RecordedTable;
  readonly stop: () => void;
}

function watch(tracer: Tracer): Watched {
  const { promise: finished, resolve: finish } = resolvers<Awaited<Watched['finished']>>();
  let last: RecordedTable | undefined;
  const read = (): RecordedTable => last ?? readRecordedTable(tracer.table);
  const end = (isOver: boolean): void => {
    if (last !== undefined) return;
    last = read();
    const seen = tracer.read();
    forgetExit();
    if (!isFailure(watcher)) native().watchStop(watcher);
    tracer.close();
    finish({ table: last, killed: isOver || seen.state === 'contended' ? whyEnded(seen, false) : undefined });
  };
  const stop = (): void => {
    end(false);
  };
  const watcher = native().watch(tracer.woken, readable => {
    if (readable) tracer.drain();
    else end(true);
  });
  if (isFailure(watcher)) {
    native().closeDescriptor(tracer.woken);
    tracer.release();
    tracer.close();
    throw unheardTracer(watcher);
  }
  const forgetExit = whenExiting(stop);
  return { finished, read, stop };
}

function progressOf({ stops, entries }: RecordedTable): RecordingProgress {
  return {
    calls: stops,
    distinct: new Set(entries.map(({ arch, number, second }) => `${arch} ${number} ${second}`)).size,
    atLeast: entries.some(({ uncounted }) => uncounted),
  };
}

function summarize(
  { entries, lost }: RecordedTable,
  command: string,
  { phase, phaseAt }: RecordPlan,
): Recording {
  const builder = new RecordingBuilder();
  let foreign = 0;
  for (const entry of entries) {
    const { arch, number, count } = entry;
    const abi = abiOf(arch, number)?.name;
    if (abi === undefined) {
      foreign += count;
      continue;
    }
    const call = {
      abi,
      syscall: callText(abi, number),
      phase: phaseAt.length === 0 ? phase : entry.second ? PHASES.second : PHASES.first,
      program: entry.program,
      morePrograms: entry.morePrograms,
      count,
      atLeast: entry.uncounted,
      unavailable: entry.unavailable,
      ...(entry.args !== undefined && { args: entry.args }),
    };
    if (number >= 0 && !builder.add(call)) foreign += count;
  }
  return builder.finish({
    how: 'tracer',
    arch: nativeArchitecture(),
    kernel: release(),
    libc: native().cLibrary(),
    command,
    lost: lost + foreign,
  });
}
