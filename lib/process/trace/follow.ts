// Converts the calls from a tracer to violations, with the interface of a supervisor.
import { SupervisionError } from '../../util/errors.js';
import { isFailure, native } from '../../native.js';
import { actionData, actionKind, actionName, isFallback, permits } from '../../kernel/action.js';
import { SCMP_ACT_ERRNO } from '../../kernel/constants.js';
import { evaluate } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { own } from '../../util/own.js';
import { printable } from '../../util/printable.js';
import type { Supervisor } from '../supervise/serve-listener.js';
import type { ReportedViolation } from '../supervise/report.js';
import { describeRefusal } from '../violations/violation.js';
import type { TracedCalls, TracedTable } from './table.js';
import { unheardTracer, type Tracer } from './tracer.js';
import { resolvers, keepingAlive, guarded, whenExiting } from '../supervise/event-loop.js';

/** Which calls are reported, and how. */
export interface FollowOptions {
  /** The policy that decides which calls are violations. */
  readonly policy: Policy;
  /** The command, for violations at its start. */
  readonly command: string;
  readonly fallbacks: boolean;
  readonly onViolation: (violation: ReportedViolation) => void;
  /** Called at the end, with the error if all traced processes were killed. */
  readonly onEnd: (error: SupervisionError) => void;
  /** Ends the tracer of processes that continue without it; absent if they end with it. */
  readonly detach?: (() => void) | undefined;
}

/** A supervisor of calls that need no response. */
export interface Follower extends Supervisor {
  /** The number of traced threads. */
  readonly running: number;
  /** The number of calls that are in no violation. */
  readonly lost: number;
  /** Reports all calls so far. */
  flush(): void;
}

/**
 * Follows a tracer. Each kind of call is reported when it first occurs, when the number of calls since then has doubled, and
 * at the end. `close` reports the remaining calls; the tracer continues.
 */
export function follow(tracer: Tracer, options: FollowOptions): Follower {
  const reported: number[] = [];
  let last = tracer.read();
  const { promise: finished, resolve: finish } = resolvers();

  const deliver = (everything: boolean): void => {
    last = tracer.read();
    last.calls.forEach((calls, index) => {
      const before = reported[index] ?? 0;
      if (calls.count === before || (!everything && calls.count < 2 * before)) return;
      reported[index] = calls.count;
      const violation = describe(calls, calls.count - before, options);
      // The launcher tries the directories of PATH in turn, so only the first call is reported.
      if (violation === undefined || (violation.starting && before > 0)) return;
      guarded(() => {
        options.onViolation(violation);
      });
    });
  };
  let closed = false;
  /** Whether the tracer has ended. */
  let ended = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    forgetExit();
    own(options, 'detach')?.();
    if (!isFailure(watched)) native().watchStop(watched);
    deliver(true);
    tracer.close();
    if (last.state === 'contended' || ended) tellEnd();
    finish();
  };
  const tellEnd = (): void => {
    const killed = whyEnded(last, own(options, 'detach') !== undefined);
    if (killed === undefined) return;
    guarded(() => {
      options.onEnd(killed);
    });
  };
  const watched = native().watch(tracer.woken, readable => {
    if (!readable) {
      ended = true;
      close();
      return;
    }
    tracer.drain();
    deliver(false);
  });
  if (isFailure(watched)) {
    native().closeDescriptor(tracer.woken);
    tracer.close();
    throw unheardTracer(watched);
  }
  const forgetExit = whenExiting(close);

  return {
    pending: 0,
    get received() {
      if (!closed) last = tracer.read();
      return last.stops;
    },
    get running() {
      if (!closed) last = tracer.read();
      return last.running;
    },
    get lost() {
      return last.lost;
    },
    finished,
    flush: () => {
      if (!closed) deliver(true);
    },
    close,
    ...keepingAlive(watched, () => closed),
  };
}

/** Describes calls as a violation; undefined for calls that the policy permits or that are not reported. */
function describe(
  calls: TracedCalls,
  count: number,
  { policy, command, fallbacks }: FollowOptions,
): ReportedViolation | undefined {
  const { arch, number: syscall, args, instructionPointer } = calls;
  const action = evaluate(policy, { arch, syscall, args, instructionPointer });
  if (permits(action) || (isFallback(action) && !fallbacks)) return undefined;
  const errno = actionKind(action) === SCMP_ACT_ERRNO(0) ? actionData(action) : 0;
  const starting = calls.program === 'starting';
  const described = describeRefusal(
    {
      arch,
      syscall,
      args,
      instructionPointer,
      errno,
      threadId: calls.thread,
      threadName: calls.threadName,
      count: starting ? 1 : count,
    },
    { layer: undefined, policy },
  );
  // If the command is not found, the launcher exits with its own call.
  if (starting && described.syscall !== 'execve') return undefined;
  return {
    ...described,
    action: actionName(action),
    allowed: true,
    program: typeof calls.program === 'object' ? calls.program.path : starting ? command : undefined,
    starting,
  };
}

const REQUESTS: Readonly<Record<number, string>> = {
  0: 'PTRACE_TRACEME',
  16: 'PTRACE_ATTACH',
  0x4206: 'PTRACE_SEIZE',
};

/**
 * Why the tracer ended before the traced processes, which the kernel then killed unless `goesOn`; undefined if it ended with the
 * last of them.
 */
export function whyEnded(
  { state, contender: { request, thread, program } }: TracedTable,
  goesOn: boolean,
): SupervisionError | undefined {
  if (state === 'ended' || state === 'waiting') return undefined;
  if (state !== 'contended') {
    return new SupervisionError(
      'tracer-ended',
      goesOn
        ? 'the tracer of this process was killed: the process continues, but its calls are no longer reported'
        : 'the tracer ended before the command, and the kernel killed the command',
      'Find out who killed it; check memory and limits',
    );
  }
  const name = own(REQUESTS, request) ?? `request ${request}`;
  const who = `${printable(program ?? 'a program')} (${thread}) called ptrace(${name})`;
  return new SupervisionError(
    'traces-itself',
    goesOn
      ? `${who}, and a process can have only one tracer: the process continues, but its calls are no longer reported`
      : `${who}, but every process of the command is already traced, and a process can have only one tracer: the command was killed`,
    'Use report-only for the traced program, without its tracer',
  );
}
