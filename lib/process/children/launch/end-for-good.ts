// Kills children that Node wrongly considers ended.
import type { ChildProcess } from 'node:child_process';
import { own } from '../../../util/own.js';
import { readStatusFile } from '../../inspect/status-file.js';

/**
 * Kills a child of this process that still exists after Node has reported its end.
 *
 * A child that calls ptrace(2) PTRACE_TRACEME makes its parent the tracer, whose waitpid(2) then reports stops as well. libuv
 * takes the first stop for an exit with code 0 and forgets the child; its other threads continue, out of reach of `timeout`,
 * `kill` and code that waits for the child. The id cannot be reused meanwhile, because the child has not been waited for.
 * Returns why it could not be killed.
 */
function killIfThere(pid: number): NodeJS.ErrnoException | undefined {
  if (readStatusFile(`/proc/${pid}/status`)?.parent !== process.pid) return undefined;
  try {
    process.kill(pid, 'SIGKILL');
    return undefined;
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    return own(error, 'code') === 'ESRCH' ? undefined : error;
  }
}

/** Whether an exit looks like a stop that libuv mistook for an exit. */
const mayBeStop = (code: number | null, signal: NodeJS.Signals | null): boolean =>
  code === 0 && signal === null;

/** Ensures that a child has ended when its `exit` event is emitted. If it cannot be killed, emits `error`. */
export function endForGood(child: ChildProcess, pid: number): void {
  child.prependOnceListener('exit', (code, signal) => {
    const error = mayBeStop(code, signal) ? killIfThere(pid) : undefined;
    if (error !== undefined) child.emit('error', error);
  });
}

/** As `endForGood`, for the result of a synchronous function. Returns why the child could not be killed. */
export function endedForGood(
  pid: number,
  code: number | null,
  signal: NodeJS.Signals | null,
): NodeJS.ErrnoException | undefined {
  return pid > 0 && mayBeStop(code, signal) ? killIfThere(pid) : undefined;
}
