// Attaches a tracer to the running process.
import { errnoName } from '../../kernel/errno.js';
import { isFailure, native } from '../../native.js';
import { LoadError } from '../../util/errors.js';
import { readStatusFile } from '../inspect/status-file.js';

/** Attaches the tracer at the other end of a socket to this process. Throws LoadError (`tracer-refused`, `no-tracer`). */
export function takeMe(socket: number, tracer: number): void {
  const answer = native().beTraced(socket, tracer);
  if (isFailure(answer)) throw tracerEnded();
  if (answer !== 0) throw refused(`ptrace: ${errnoName(answer)}`, answer);
}

/** Throws LoadError (`tracer-refused`) if this process already has a tracer. */
export function refuseTraced(): void {
  const tracer = readStatusFile('/proc/thread-self/status')?.tracer ?? 0;
  if (tracer !== 0) throw refused(`process ${tracer} already traces it`, undefined);
}

/** The error for a tracer that ended before it traced a process, for example because it inherits the filters of this one. */
export const tracerEnded = (): LoadError =>
  new LoadError(
    'no-tracer',
    'the tracer ended before it could begin',
    'Check for a filter of this process that kills, for signals from other processes, and for memory and limits',
  );

const refused = (why: string, errno: number | undefined): LoadError =>
  new LoadError(
    'tracer-refused',
    `this process cannot be traced (${why})`,
    'A process can have only one tracer, so only one recording or report-only profile: stop the other one. Otherwise check /proc/sys/kernel/yama/ptrace_scope, which must be below 2 for ordinary users, the filters of this process, and whether it has changed its user, after which only root can trace it',
    errno === undefined ? {} : { errno },
  );
