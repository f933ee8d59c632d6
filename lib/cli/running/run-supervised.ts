// Runs a command under a profile, prints its refused calls, and ends with its exit code.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { SeccompError } from '../../util/errors.js';
import type { Filter } from '../../filter/filter.js';
import { actionKind, actionName, type Action } from '../../kernel/action.js';
import { SCMP_ACT_ERRNO, SCMP_ACT_NOTIFY, SCMP_ACT_TRACE, SCMP_ACT_TRAP } from '../../kernel/constants.js';
import { ENOSYS } from '../../kernel/errno.js';
import { outcome } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { sandbox, type SandboxOptions } from '../../process/children/sandbox.js';
import { spawnSandboxed } from '../../process/children/spawn.js';
import { SPAWN_OPTIONS } from '../../process/children/launch/start-child.js';
import { findProgram } from '../../process/exec.js';
import type { IsolationMode } from '../../process/isolation/isolation.js';
import { formatReport, type ReportedViolation } from '../../process/supervise/report.js';
import { superviseSandboxed } from '../../process/supervise/supervise.js';
import { startReportOnly } from '../../process/trace/report-only.js';
import { summarizeViolations } from '../../process/violations/violation-summary.js';
import type { JsonOutputs } from '../json-outputs.js';
import { fail, say, toJson } from '../output.js';
import { singleLine } from '../../util/printable.js';
import { reportTarget } from './report-target.js';
import { ending, exitCodeOf, passSignals } from './accompany.js';
import { counted } from '../../util/show.js';

interface WatchOptions {
  readonly log: boolean;
  /** How to handle calls that the profile refuses: report and refuse, report and allow, or do not report. */
  readonly watching: 'refuse' | 'allow' | 'nothing';
  /** Also report calls that fail with ENOSYS. */
  readonly fallbacks: boolean;
  /** A file or a descriptor for the report; default: standard error. */
  readonly target: string | number | undefined;
  /** The time until the command is killed, in seconds. */
  readonly timeout: number | undefined;
  readonly json: boolean;
  readonly isolation?: IsolationMode;
}

/** The exit code for a command that was found but could not be executed, as in shells. */
const CANNOT_EXECUTE = 126;
const WRONG_USE = 2;

const FALLBACK = actionName(SCMP_ACT_ERRNO(ENOSYS));

/** The maximum time to detect that a tracer was killed, in milliseconds. */
const PATIENCE = 1000;
/** The maximum time for a tracer to notice that processes have ended, in milliseconds. */
const SETTLING = 250;

/** Starts a command with this process's streams and waits for its end. Returns its exit code, as a shell does. */
export async function runWatched(
  filter: Filter,
  command: string,
  args: readonly string[],
  options: WatchOptions,
): Promise<number> {
  findProgram(command, process.env['PATH']);
  const target = reportTarget(options.target);
  const summary = summarizeViolations();
  const print = (): void => {
    for (const violation of summary.list())
      target.write(options.json ? oneLine(violation) : `seccomp: ${singleLine(formatReport(violation))}\n`);
  };
  const outcome = { killed: false };
  const started: { child?: ChildProcess } = {};
  let newer = 0;
  const hear = (violation: ReportedViolation): void => {
    if (!options.fallbacks && violation.action === FALLBACK) {
      if (isNewer(violation, filter)) newer += violation.count;
      return;
    }
    summary.add(violation);
    if (kills(violation) && (violation.starting || isOf(started.child, violation.thread.id)))
      outcome.killed = true;
  };
  const signals = passSignals();
  const notRun = async (error: unknown): Promise<number> => {
    try {
      return await signals.notStarted(error).finally(() => {
        print();
        target.close();
      });
    } catch (cause) {
      if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
      say(`error: ${singleLine(`${cause.message}: ${command} was not run`)}`);
      return CANNOT_EXECUTE;
    }
  };
  let watched: Watched;
  try {
    watched = start(filter, command, args, options, hear);
  } catch (error) {
    return notRun(error);
  }
  const { child } = watched;
  started.child = child;
  signals.to(child);
  const failures: SeccompError[] = [];
  const failed = new Promise<Error>(resolve => {
    child.on('error', error => {
      if (error instanceof SeccompError) failures.push(error);
      else resolve(error);
    });
  });
  const stopTimer = killAfter(child, options.timeout);
  const ended = await Promise.race([ending(child), failed]);
  // No process could be created.
  if (ended instanceof Error) {
    stopTimer();
    return notRun(ended);
  }
  const [code, signal] = ended;
  const notes = await watched.end(signal);
  stopTimer();
  signals.stop();
  print();
  if (newer > 0)
    notes.push(
      `not listed: ${counted(newer, 'call')} newer than the profile, which fail with ENOSYS; --report-fallbacks lists them`,
    );
  if (signal === 'SIGSYS' && !outcome.killed) notes.push(endedBySigsys(command, child.pid));
  else if (options.watching === 'refuse') notes.push(...leftOut(filter));
  for (const note of notes) if (!options.json) target.write(`seccomp: ${singleLine(note)}\n`);
  target.close();
  for (const failure of failures) fail(failure, false);
  if (failures.length > 0) return WRONG_USE;
  if (signal === null) return code ?? CANNOT_EXECUTE;
  // The supervisor kills with SIGKILL where the kernel would have used SIGSYS.
  return exitCodeOf(outcome.killed && signal === 'SIGKILL' ? 'SIGSYS' : signal);
}

interface Watched {
  readonly child: ChildProcess;
  /** Fulfilled when the command has ended, with notes about the report. */
  readonly end: (signal: NodeJS.Signals | null) => Promise<string[]>;
}

function start(
  profile: Filter,
  command: string,
  args: readonly string[],
  { log, watching, isolation }: WatchOptions,
  onViolation: (violation: ReportedViolation) => void,
): Watched {
  const options = {
    ...{ profile, log, stdio: 'inherit' as const },
    ...(isolation !== undefined && { isolation }),
  };
  // Fallbacks that are not printed are still counted.
  const report = { onViolation, reportFallbacks: true };
  if (watching === 'nothing')
    return { child: spawnSandboxed(command, args, options, true), end: () => Promise.resolve([]) };
  if (watching === 'refuse') {
    const { child, finished } = superviseSandboxed(command, args, { ...options, ...report }, true);
    // Processes that the command left running need the supervisor too; without it, their calls would fail.
    return { child, end: () => finished.then(() => []) };
  }
  const {
    load,
    isolation: plan,
    rest,
  } = sandbox<SpawnOptions & SandboxOptions>(options, SPAWN_OPTIONS, true);
  const { child, follower } = startReportOnly(command, args, {
    ...{ filter: profile, load, isolation: plan, rest },
    report: { ...report, reportOnly: true },
    awaitRunning: undefined,
  });
  return {
    child,
    // Processes that the command left running continue without this process.
    end: async signal => {
      if (signal === 'SIGKILL') await Promise.race([follower.finished, later(PATIENCE)]);
      // The end of the last process may be known here shortly before the tracer has noticed it.
      else if (follower.running > 0) await Promise.race([follower.finished, later(SETTLING)]);
      const { running } = follower;
      follower.close();
      return [
        ...(running === 0 ? [] : ['processes that are still running are no longer reported']),
        ...(follower.lost === 0 ? [] : [`${counted(follower.lost, 'call')} did not fit into the report`]),
      ];
    },
  };
}

const later = (milliseconds: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, milliseconds).unref();
  });

const endedBySigsys = (command: string, pid: number | undefined): string =>
  `${command} (${pid ?? 0}) was killed by SIGSYS, because of a call with TRAP. --report-only says which call`;

/** Describes the calls that a supervisor does not receive. */
function leftOut({ policy }: Filter): readonly string[] {
  const unseen = [...actionsOf(policy)].map(actionKind).filter(kind => UNREPORTED.includes(kind));
  const names = [...new Set(unseen)].map(kind => actionName(kind).replace('(0)', '')).sort();
  if (names.length === 0) return [];
  return [
    `not in this report: calls with ${names.join(' or ')}, which the kernel handles; --report-only lists them`,
  ];
}

const UNREPORTED: readonly Action[] = [SCMP_ACT_TRAP, SCMP_ACT_TRACE(0), SCMP_ACT_NOTIFY].map(actionKind);

function* actionsOf({ defaultAction, badArch, abis }: Policy): Generator<Action> {
  yield defaultAction;
  yield badArch;
  for (const { syscalls } of abis) {
    for (const { rules, otherwise } of syscalls.values()) {
      yield otherwise;
      for (const { action } of rules) yield action;
    }
  }
}

/** Enforces the time limit. Returns a function that cancels it. */
function killAfter(child: ChildProcess, timeout: number | undefined): () => void {
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          say(`killed after ${timeout} s`);
          child.kill('SIGKILL');
        }, timeout * 1000);
  return () => {
    clearTimeout(timer);
  };
}

const isNewer = ({ arch, number }: ReportedViolation, { policy }: Filter): boolean =>
  outcome(policy, arch, number).unnamed === 'newer';

const kills = ({ action, allowed }: ReportedViolation): boolean => !allowed && action.startsWith('KILL');

const isOf = (child: ChildProcess | undefined, thread: number): boolean =>
  child?.pid !== undefined && existsSync(`/proc/${child.pid}/task/${thread}`);

const oneLine = (violation: JsonOutputs['violation']): string =>
  `${JSON.stringify(JSON.parse(toJson(violation)))}\n`;
