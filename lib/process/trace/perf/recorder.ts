// Starts the perf recorder, a separate process that reads the kernel's event buffers.
import { readSync, writeSync } from 'node:fs';
import { errnoName } from '../../../kernel/errno.js';
import { describeFailure, isFailure, native, type PerfRecorderFiles } from '../../../native.js';
import { RecordingError } from '../../../util/errors.js';
import { readPerfTable, writeOrders, type PerfOrders, type PerfTable } from './table.js';
import { startHelper, drain, closing, HELPER_REMEDY } from '../helper-process.js';
import { own } from '../../../util/own.js';
import { textOf } from '../../inspect/proc.js';

/** A recorder that waits for its start. */
export interface PerfRecorder {
  readonly pid: number;
  /** The socket that starts and ends the recording: see native/perf/table.h. */
  readonly socket: number;
  /** Starts the recording. Throws RecordingError (`perf-unavailable`, `process-not-found`, `perf-ended`). */
  begin(): void;
  /** The error if the recorder ended before the recording started. */
  earlyEnd(): RecordingError | undefined;
  /** Why the recorder failed to start; undefined if it started. */
  refusal(): RecordingError | undefined;
  /** Closes the socket here; whoever else has it starts the recording. */
  release(): void;
  /** Reads the data recorded so far. */
  read(): PerfTable | undefined;
  /** Ends the recording. */
  stop(): void;
  /** The recorded data, once the recorder has ended. Rejected with RecordingError (`perf-unavailable`, `perf-ended`). */
  readonly ended: Promise<PerfTable>;
}

/** Starts a recorder; `cgroup` is a descriptor. Throws RecordingError (`perf-unavailable`). */
export function startPerfRecorder(orders: PerfOrders, cgroup?: number): PerfRecorder {
  const files = native().preparePerfRecorder();
  if (isFailure(files)) throw notStarted(describeFailure(files));
  const { open, close } = closing<keyof PerfRecorderFiles>(files);
  try {
    writeOrders(files.table, orders);
    const { image, table, wake, forRecorder, stopped } = files;
    const pid = startHelper([
      ...[image, table, wake, forRecorder, stopped],
      ...(cgroup === undefined ? [] : [cgroup]),
    ]);
    if (isFailure(pid)) throw notStarted(describeFailure(pid));
    close('image', 'wake', 'forRecorder', 'stopped');
    // The watcher closes this descriptor.
    open.delete('woken');
    let last: PerfTable | undefined;
    const ended = untilEnd(files).finally(() => {
      last = readPerfTable(files.table);
      close('table', 'stop');
    });
    // If the recording does not start, nobody awaits its end.
    ended.catch(() => undefined);
    return {
      pid,
      socket: files.forStarter,
      begin: () => {
        begin(files);
        close('forStarter');
      },
      earlyEnd: () => (drain(files.woken) ? recorderEnded() : undefined),
      refusal: () => perfRefused(readPerfTable(files.table)),
      release: () => {
        close('forStarter');
      },
      read: () => (open.has('table') ? readPerfTable(files.table) : last),
      stop: () => {
        close('stop');
      },
      ended,
    };
  } catch (error) {
    close(...open);
    throw error;
  }
}

/** Errors that mean that the other end of a socket is closed, possibly with unread data. */
const ENDS = ['EPIPE', 'ECONNRESET'];

/** Waits until recording has started, which takes milliseconds. */
function begin({ forStarter, table }: PerfRecorderFiles): void {
  const word = Buffer.alloc(4);
  let length = 0;
  try {
    writeSync(forStarter, word);
    length = readSync(forStarter, word);
  } catch (error) {
    if (!ENDS.includes(own(error as NodeJS.ErrnoException, 'code') ?? '')) throw error;
  }
  if (length < word.length) throw recorderEnded();
  if (word.readInt32LE(0) === 0) return;
  throw perfRefused(readPerfTable(table)) ?? recorderEnded();
}

function untilEnd({ woken, table }: PerfRecorderFiles): Promise<PerfTable> {
  return new Promise((resolve, reject) => {
    const watched = native().watch(woken, readable => {
      if (readable) {
        drain(woken);
        return;
      }
      if (!isFailure(watched)) native().watchStop(watched);
      const recorded = readPerfTable(table);
      if (recorded.state === 'ended') resolve(recorded);
      else reject(perfRefused(recorded) ?? recorderEnded());
    });
    if (!isFailure(watched)) return;
    native().closeDescriptor(woken);
    reject(notStarted(describeFailure(watched)));
  });
}

const DENIED = ['EACCES', 'EPERM'];

/** Why nothing is recorded; undefined if the kernel did not refuse anything. */
function perfRefused({ step, errno }: PerfTable): RecordingError | undefined {
  const name = errnoName(errno);
  switch (step) {
    case 'none':
      return undefined;
    case 'no-process':
      return new RecordingError('process-not-found', 'the process has ended', 'Look for a running process');
    case 'memory':
      return new RecordingError(
        'perf-unavailable',
        `there is no memory for the buffers of the kernel (${name})`,
        'Check memory limits, and /proc/sys/kernel/perf_event_mlock_kb, which does not apply with CAP_IPC_LOCK',
      );
    case 'tracepoint':
      return DENIED.includes(name)
        ? denied(`tracefs: ${name}`)
        : new RecordingError(
            'perf-unavailable',
            `this kernel has no tracepoint for system calls (tracefs: ${name})`,
            `It needs CONFIG_FTRACE_SYSCALLS. ${INSTEAD}`,
          );
    case 'open':
      return DENIED.includes(name)
        ? denied(`perf_event_open: ${name}`)
        : new RecordingError(
            'perf-unavailable',
            `calls cannot be recorded with perf events (perf_event_open: ${name})`,
            name === 'EMFILE' ? 'Raise the limit of open files' : `It needs CONFIG_PERF_EVENTS. ${INSTEAD}`,
          );
  }
}

const INSTEAD = 'A command can be recorded without them: seccomp record -- COMMAND';

/** The error for a missing capability. */
const denied = (what: string): RecordingError =>
  new RecordingError(
    'perf-unavailable',
    `this process may not use perf events (${what}; kernel.perf_event_paranoid is ${textOf('/proc/sys/kernel/perf_event_paranoid')?.trim() ?? 'not known'})`,
    `It needs CAP_PERFMON, and CAP_SYS_ADMIN if tracefs is not mounted: be root; in a container, the profile must allow perf_event_open. ${INSTEAD}`,
  );

const notStarted = (why: string): RecordingError =>
  new RecordingError('perf-unavailable', `the perf recorder cannot be started (${why})`, HELPER_REMEDY);

const recorderEnded = (): RecordingError =>
  new RecordingError(
    'perf-ended',
    'the perf recorder ended before the recording',
    'Find out who killed it; check memory and limits',
  );
