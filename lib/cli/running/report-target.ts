// The destination of a report: standard error, or a file or a descriptor, so that it is separate from the output of
// the command.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { escapeControls } from '../../util/printable.js';
import { printError, writeAll } from '../output.js';
import { textOf, linkOf, idsIn } from '../../process/inspect/proc.js';
import { optionError } from '../../util/options.js';

/** The access mode bits of open(2)'s flags; 0 is O_RDONLY. */
const O_ACCMODE = 3;

/** The destination of a report. Characters that a terminal interprets are escaped. */
interface ReportTarget {
  write(text: string): void;
  close(): void;
}

/**
 * Opens a file, which is truncated, or uses a descriptor; default: standard error. Throws UsageError (`bad-option`),
 * before the command starts so that no run is wasted.
 */
export function reportTarget(target: string | number | undefined): ReportTarget {
  if (target === undefined) return { write: printError, close: () => undefined };
  const opened = open(target);
  return {
    write: text => {
      writeAll(opened, Buffer.from(escapeControls(text)));
    },
    close: () => {
      if (typeof target === 'string') closeSync(opened);
    },
  };
}

function open(target: string | number): number {
  let problem;
  try {
    if (typeof target === 'string') return openSync(target, 'w');
    problem = unwritable(target);
    if (problem === undefined) return target;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    problem = error.message;
  }
  throw optionError(
    `the report cannot be written to ${typeof target === 'string' ? JSON.stringify(target) : `descriptor ${target}`}: ${problem}`,
    'Give --report-file a path that can be written, or --report-fd a descriptor that the caller has opened for writing',
  );
}

/**
 * Why a report cannot be written to an open descriptor. Node's own descriptors can only be named by mistake: epoll,
 * eventfd, and pipes of which it has both ends. Throws the error of fstat(2) for a descriptor that is not open.
 */
function unwritable(fd: number): string | undefined {
  const stats = fstatSync(fd);
  const isPipe = stats.isFIFO();
  if (!isPipe && !stats.isFile() && !stats.isSocket() && !stats.isCharacterDevice())
    return 'it is not a file, a pipe, a socket or a device';
  if (accessMode(fd) === 'read') return 'it is open for reading only';
  return isPipe && isReadHere(fd) ? 'it is a pipe of this process' : undefined;
}

function accessMode(fd: number): 'read' | 'write' | 'unknown' {
  const flags = /^flags:\s*([0-7]+)$/m.exec(textOf(`/proc/self/fdinfo/${fd}`) ?? '')?.[1];
  if (flags === undefined) return 'unknown';
  return (parseInt(flags, 8) & O_ACCMODE) === 0 ? 'read' : 'write';
}

/** Whether this process has the reading end of a pipe. */
function isReadHere(pipe: number): boolean {
  const link = (fd: number): string | undefined => linkOf(`/proc/self/fd/${fd}`);
  const name = link(pipe);
  // Without /proc, none is found.
  return (idsIn('/proc/self/fd') ?? []).some(
    fd => fd > 2 && fd !== pipe && name !== undefined && link(fd) === name && accessMode(fd) === 'read',
  );
}
