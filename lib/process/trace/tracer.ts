// Starts the tracer as a separate process. In this process, its waits would steal events from other code that waits for children.
import { LoadError } from '../../util/errors.js';
import { type TracerFiles, isFailure, native, describeFailure, type Failure } from '../../native.js';
import type { Own } from '../../util/own.js';
import { readTable, type TracedTable } from './table.js';
import { tracerEnded } from './take-me.js';
import { startHelper, drain, closing, HELPER_REMEDY } from './helper-process.js';

/** A tracer that waits for a command, or follows one. It ends with the last traced process, or if the launcher ends first. */
export interface Tracer {
  readonly pid: number;
  /** The socket for the launcher. */
  readonly socket: number;
  /** Closes the socket here, once the launcher has it; a tracer without processes then ends. */
  release(): void;
  read(): TracedTable;
  /** The descriptor of the memory that it writes, until `close`. */
  readonly table: number;
  /** A pipe that is readable when the table has changed, and at its end when the tracer ends. The watcher closes it. */
  readonly woken: number;
  /** Maps the memory that it writes: from now on, `read` needs no system call. Throws LoadError (`no-tracer`). */
  map(): Buffer;
  /** The error if the tracer ended before it traced a process. */
  earlyEnd(): LoadError | undefined;
  /** Drains the pipe. Returns whether it is at its end, because the tracer has ended. */
  drain(): boolean;
  /** Closes the descriptors that `read` needs, and ends the tracer of a running process. */
  close(): void;
}

/** The user and group of the tracer: those of the command, so that it may trace it. */
interface TracerUser {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Starts a tracer, after `prepare` has written to its memory. Throws LoadError (`no-tracer`). */
export function startTracer(
  { uid, gid }: Pick<Own<TracerUser>, 'uid' | 'gid'>,
  prepare: (table: number) => void = () => undefined,
): Tracer {
  const files = native().prepareTracer();
  if (isFailure(files)) throw noTracer(describeFailure(files), files.errno);
  const { open, close } = closing<keyof TracerFiles>(files);
  try {
    prepare(files.table);
    const { image, table, wake, forTracer, stopped } = files;
    const pid = startHelper([image, table, wake, forTracer, stopped], { uid, gid });
    if (isFailure(pid)) throw noTracer(describeFailure(pid), pid.errno);
    close('image', 'wake', 'forTracer', 'stopped');
    let memory: Buffer | undefined;
    return {
      pid,
      socket: files.forLauncher,
      woken: files.woken,
      release: () => {
        close('forLauncher');
      },
      table: files.table,
      map: () => {
        const mapped = native().mapTable(files.table);
        if (isFailure(mapped)) throw noTracer(describeFailure(mapped), mapped.errno);
        memory = Buffer.from(mapped);
        close('table');
        return memory;
      },
      read: () => readTable(memory ?? files.table),
      earlyEnd: () => (drain(files.woken) ? tracerEnded() : undefined),
      drain: () => drain(files.woken),
      close: () => {
        close('table', 'stop');
      },
    };
  } catch (error) {
    close(...open);
    throw error;
  }
}

/** The error for a tracer whose pipe cannot be watched. */
export const unheardTracer = (failure: Failure): LoadError =>
  new LoadError(
    'no-tracer',
    `the reports of the tracer cannot be received (${describeFailure(failure)})`,
    'Check the limit of open files',
    { errno: failure.errno },
  );

const noTracer = (why: string, errno: number): LoadError =>
  new LoadError('no-tracer', `the tracer cannot be started (${why})`, HELPER_REMEDY, { errno });
