// Reports the calls of a child that its profile refuses, and refuses or allows them in place of the filter.
import { actionData, actionKind, actionName, isFallback, permits, type Action } from '../../kernel/action.js';
import * as scmp from '../../kernel/constants.js';
import { ENOSYS } from '../../kernel/errno.js';
import { evaluate } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { printable } from '../../util/printable.js';
import { describeRefusal, requireViolation, sentence, type Violation } from '../violations/violation.js';
import { CONTINUE, UNAVAILABLE, type Response } from './response.js';
import type { SupervisedCall } from './call.js';
import type { Own } from '../../util/own.js';
import { UsageError } from '../../util/errors.js';
import { optionError, oneOf } from '../../util/options.js';
import { textOf, linkOf } from '../inspect/proc.js';

/**
 * A call of a child that its profile refuses. `errno` is 0 if the profile kills. If calls are refused, each is reported
 * separately and `count` is 1. With `reportOnly`, `count` is the number of similar calls, and the arguments and the
 * thread are those of the first.
 */
export interface ReportedViolation extends Violation {
  /** The action of the profile: `ERRNO(EPERM)`, `KILL_PROCESS`. */
  readonly action: string;
  /** Whether it was allowed nevertheless, as with `reportOnly`. */
  readonly allowed: boolean;
  /** The file of the calling program; undefined if it is unknown. */
  readonly program: string | undefined;
  /** Whether it was the execve of the command. */
  readonly starting: boolean;
}

/** Options for reporting refused calls. */
export interface ViolationReportOptions {
  /**
   * Called for each call that the profile refuses, before it fails. The calls fail with the errno of the profile; if it
   * kills, the process ends with SIGKILL. The kernel handles TRAP and TRACE, which are not reported. With `reportOnly`,
   * similar calls share an event: see docs/report-only.md.
   */
  readonly onViolation?: ((violation: ReportedViolation) => void) | undefined;
  /**
   * With `onViolation`: allow those calls, also those for which the profile has TRAP, TRACE or a kill. Nothing is
   * enforced, and the command is not affected. If the command traces processes of its own, it is killed, and the child
   * has an `error` event with a SupervisionError (`traces-itself`); `tracer-ended` if the tracer was killed.
   */
  readonly reportOnly?: boolean | undefined;
  /**
   * With `onViolation`: also report calls that fail with ENOSYS so that a library falls back to an older call: calls
   * newer than the profile, and `clone3` in many profiles. Default: false.
   */
  readonly reportFallbacks?: boolean | undefined;
}

/** The names of these options. */
export const REPORT_OPTIONS: readonly string[] = ['onViolation', 'reportFallbacks', 'reportOnly'];

/** Checks the options. Throws UsageError (`bad-option`). */
export function checkReport({ onViolation, reportFallbacks, reportOnly }: Own<ViolationReportOptions>): void {
  oneOf('reportOnly', reportOnly, [true, false]);
  oneOf('reportFallbacks', reportFallbacks, [true, false]);
  if (onViolation !== undefined && typeof onViolation !== 'function')
    throw optionError('onViolation is not a function', 'Pass a function of the violation');
  if (reportOnly === true && onViolation === undefined)
    throw optionError('reportOnly without onViolation reports nothing', 'Pass onViolation too');
}

/** Checks the options of functions that only report with `reportOnly`. Returns whether they report. */
export function checkReportOnly(options: Own<ViolationReportOptions>, otherwise: string): boolean {
  checkReport(options);
  const { onViolation, reportFallbacks, reportOnly = false } = options;
  if (reportOnly || (onViolation === undefined && reportFallbacks === undefined)) return reportOnly;
  throw optionError(
    `${onViolation === undefined ? 'reportFallbacks' : 'onViolation'} needs reportOnly: true here`,
    otherwise,
  );
}

/** The error for a raw program if a policy is needed. */
export const needsPolicy = (): UsageError =>
  new UsageError(
    'report-needs-policy',
    'refused calls of a raw program cannot be reported, because it has no rules',
    'Pass a profile',
  );

/** Returns the response to a call, or undefined if the supervisor decides. */
export type Judge = (call: SupervisedCall) => Response | undefined;

/** Decides calls by a policy, in place of the filter with notifications, and reports those that it refuses. */
export function policyResponse(
  policy: Policy,
  { onViolation = () => undefined, reportFallbacks = false, reportOnly = false }: Own<ViolationReportOptions>,
  command: string | undefined,
): Judge {
  return call => {
    const { arch, number: syscall, args, instructionPointer } = call;
    const action = evaluate(policy, { arch, syscall, args, instructionPointer });
    if (permits(action)) return CONTINUE;
    if (actionKind(action) === scmp.SCMP_ACT_NOTIFY) return undefined;
    if (reportFallbacks || !isFallback(action))
      onViolation(describe(call, action, policy, reportOnly, command));
    if (reportOnly) return CONTINUE;
    return enforce(call, action);
  };
}

function describe(
  call: SupervisedCall,
  action: Action,
  policy: Policy,
  allowed: boolean,
  command: string | undefined,
): ReportedViolation {
  const errno = actionKind(action) === scmp.SCMP_ACT_ERRNO(0) ? actionData(action) : 0;
  const refused = {
    ...call,
    syscall: call.number,
    errno,
    threadId: call.pid,
    threadName: textOf(`/proc/${call.pid}/comm`)?.trimEnd() ?? '',
    count: 1,
  };
  return {
    ...describeRefusal(refused, { layer: undefined, policy }),
    action: actionName(action),
    allowed,
    program: command ?? linkOf(`/proc/${call.pid}/exe`),
    starting: command !== undefined,
  };
}

function enforce(call: SupervisedCall, action: Action): Response {
  switch (actionKind(action)) {
    case scmp.SCMP_ACT_ERRNO(0): {
      const errno = actionData(action);
      return errno === 0 ? { value: 0 } : { errno };
    }
    case scmp.SCMP_ACT_KILL_THREAD:
    case scmp.SCMP_ACT_KILL_PROCESS:
      kill(call);
      return UNAVAILABLE;
    default:
      return { errno: ENOSYS };
  }
}

/** Kills the caller. SIGSYS is not suitable, because the process could handle it. */
function kill({ pid, isWaiting }: SupervisedCall): void {
  // 0 is a caller outside of this PID namespace; for kill(2), it means the process group of this process.
  if (pid === 0 || !isWaiting()) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended, or belongs to another user: then the call only fails.
  }
}

/**
 * Formats a reported violation as one line: the call, the program, the action, and the change that would allow the call. Throws
 * UsageError (`bad-argument`).
 */
export function formatReport(violation: ReportedViolation): string {
  requireViolation(violation);
  const { action, allowed, program, starting, thread } = violation;
  const who = printable(program ?? thread.name);
  const when = starting ? `before the exec of ${who}` : `by ${who} (${thread.id})`;
  const outcome = allowed ? `was allowed, although the profile has ${action}` : `got ${action}`;
  return sentence(violation, `${when} ${outcome}`);
}
