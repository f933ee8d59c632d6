// A command under a profile with somebody beside it, who prints what is refused and ends with its exit code.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import type { Filter } from '../filter/filter.js';
import { spawn } from '../process/children/spawn.js';
import { findProgram } from '../process/exec.js';
import type { IsolationMode } from '../process/isolation.js';
import { formatReport, type ReportedViolation } from '../process/supervise/report.js';
import { supervise } from '../process/supervise/supervise.js';
import { printError, toJson } from './output.js';
import { singleLine } from '../printable.js';

export interface WatchOptions {
  readonly log: boolean;
  /** What becomes of calls that the profile refuses: reported and refused, reported and allowed, or not reported. */
  readonly watching: 'refuse' | 'allow' | 'nothing';
  /** Seconds until the command is killed. */
  readonly timeout: number | undefined;
  readonly json: boolean;
  readonly isolation?: IsolationMode;
}

/** Of a command that was found and could not be executed, as in shells. */
const CANNOT_EXECUTE = 126;

/** Starts a command with this process's streams and waits for its end. Gives its exit code as a shell does. */
export async function runWatched(
  filter: Filter,
  command: string,
  args: readonly string[],
  options: WatchOptions,
): Promise<number> {
  findProgram(command, process.env['PATH']);
  const fate = { killed: false };
  let child: ChildProcess | undefined;
  const tell = (violation: ReportedViolation): void => {
    printError(options.json ? oneLine(violation) : `seccomp: ${singleLine(formatReport(violation))}\n`);
    if (kills(violation) && (violation.starting || isOf(child, violation.thread.id))) fate.killed = true;
  };
  let finished: Promise<void>;
  try {
    ({ child, finished } = start(filter, command, args, options, tell));
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    printError(`seccomp: ${singleLine(`${error.message}: ${command} was not run`)}\n`);
    return CANNOT_EXECUTE;
  }
  const stop = accompany(child, options.timeout);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  // What it has left running is supervised as well, and would fail without.
  await finished;
  stop();
  if (signal === null) return code ?? CANNOT_EXECUTE;
  // By SIGKILL in the kernel's stead, which would have said SIGSYS.
  return 128 + constants.signals[fate.killed && signal === 'SIGKILL' ? 'SIGSYS' : signal];
}

interface Started {
  readonly child: ChildProcess;
  /** Fulfilled when nobody is left who has to be answered. */
  readonly finished: Promise<void>;
}

function start(
  profile: Filter,
  command: string,
  args: readonly string[],
  { log, watching, isolation }: WatchOptions,
  onViolation: (violation: ReportedViolation) => void,
): Started {
  const options = {
    ...{ profile, log, stdio: 'inherit' as const },
    ...(isolation !== undefined && { isolation }),
  };
  if (watching === 'nothing') return { child: spawn(command, args, options), finished: Promise.resolve() };
  return supervise(command, args, { ...options, onViolation, reportOnly: watching === 'allow' });
}

/** Passes signals on and keeps the time, until told to stop. SIGINT and SIGQUIT of a terminal reach the command as well. */
function accompany(child: ChildProcess, timeout: number | undefined): () => void {
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          printError(`seccomp: killed after ${timeout} s\n`);
          child.kill('SIGKILL');
        }, timeout * 1000);
  const ignore = (): void => undefined;
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, ignore);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
  return () => {
    clearTimeout(timer);
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.off(signal, ignore);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, pass);
  };
}

const kills = ({ action, allowed }: ReportedViolation): boolean => !allowed && action.startsWith('KILL');

const isOf = (child: ChildProcess | undefined, thread: number): boolean =>
  child?.pid !== undefined && existsSync(`/proc/${child.pid}/task/${thread}`);

const oneLine = (violation: ReportedViolation): string =>
  `${JSON.stringify(JSON.parse(toJson(violation)))}\n`;
