// Starts a command under a profile that is not enforced: calls that it refuses stop for a tracer, and then continue.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { compilePolicy } from '../../filter/compile.js';
import type { Filter } from '../../filter/filter.js';
import { withStops } from '../../policy/with-stops.js';
import type { IsolationPlan } from '../isolation/isolate.js';
import { launchOf, commandOf, type AwaitRunning, type LaunchRequest } from '../children/launch/launch.js';
import type { ChildLoadOptions } from '../children/sandbox.js';
import { spawnWith, startChild } from '../children/launch/start-child.js';
import { stdioList } from '../children/launch/stdio.js';
import { loadRequest } from '../load.js';
import type { ViolationReportOptions } from '../supervise/report.js';
import { own, type Own } from '../../util/own.js';
import { startAttachable } from './attach.js';
import { native } from '../../native.js';
import { follow, type Follower, type FollowOptions } from './follow.js';
import { startTracer, type Tracer } from './tracer.js';

/** The profile, and the options for reports. */
export interface ReportOnlyPlan {
  readonly filter: Filter;
  readonly load: ChildLoadOptions & { readonly waitKillable?: boolean };
  readonly isolation: IsolationPlan;
  /** Options for Node. */
  readonly rest: Own<SpawnOptions>;
  readonly report: Own<ViolationReportOptions>;
  /** For a supervisor of calls with the action NOTIFY: receives the listener while the launcher waits. */
  readonly awaitRunning: AwaitRunning | undefined;
}

/** A command that runs without a profile in force, with reports of its calls. */
export interface ReportedCommand {
  readonly child: ChildProcess;
  readonly follower: Follower;
}

/**
 * Starts a command. Calls that the profile refuses are reported and executed. If a process of the command tries to
 * trace another one, all of them are killed, and the child has an `error` event with a SupervisionError
 * (`traces-itself`). Throws as `spawn` does, and LoadError (`no-tracer`, `tracer-refused`); then nothing has run.
 */
export function startReportOnly(
  file: string,
  args: readonly string[],
  plan: ReportOnlyPlan,
): ReportedCommand {
  const { rest, awaitRunning } = plan;
  const command = commandOf(file, args, rest);
  const stdio = stdioList(rest.stdio);
  return startReported(file, plan, (request, tracer) =>
    startChild(request, command, stdio, spawnWith(rest), awaitRunning, tracer),
  );
}

/** As `startReportOnly`, for a command that is started by `start`. */
export function startReported(
  file: string,
  plan: Omit<ReportOnlyPlan, 'rest'> & { readonly rest: Pick<Own<SpawnOptions>, 'uid' | 'gid'> },
  start: (request: LaunchRequest, tracer: Tracer) => ChildProcess,
): ReportedCommand {
  const { filter, load, isolation, rest, awaitRunning } = plan;
  const reporting = reportingOf(file, plan);
  const notifications = awaitRunning !== undefined;
  const request = launchOf(
    loadRequest(tracedFilter(filter, notifications), {
      ...load,
      scope: 'thread',
      ...(notifications && { listener: true }),
    }),
    isolation,
  );
  const tracer = startTracer(rest);
  let child: ChildProcess;
  try {
    child = start(request, tracer);
  } catch (error) {
    tracer.release();
    // Reports refused calls from the start even if it failed.
    follow(tracer, { ...reporting, onEnd: () => undefined }).close();
    throw error;
  }
  tracer.release();
  return { child, follower: followChild(tracer, child, reporting) };
}

/** Starts a Node process that attaches a tracer to itself after its start, and continues when the tracer ends. Throws as `startReported` does. */
export function startAttached(
  file: string,
  plan: Pick<Parameters<typeof startReported>[1], 'filter' | 'rest' | 'report'>,
  start: (tracer: Tracer) => ChildProcess,
): ChildProcess {
  const tracer = startAttachable(tracedFilter(plan.filter, false), plan.rest);
  let child: ChildProcess;
  try {
    child = start(tracer);
  } catch (error) {
    tracer.end();
    native().closeDescriptor(tracer.woken);
    throw error;
  } finally {
    tracer.release();
  }
  followChild(tracer, child, { ...reportingOf(file, plan), detach: tracer.end });
  return child;
}

/** The reporting options for a command. */
function reportingOf(
  file: string,
  { filter, report }: Pick<ReportOnlyPlan, 'filter' | 'report'>,
): Omit<FollowOptions, 'onEnd'> {
  const { onViolation = () => undefined, reportFallbacks = false } = report;
  return { policy: filter.policy, command: file, fallbacks: reportFallbacks, onViolation };
}

/** Follows a command to its end. If the tracer ends first, the child emits `error`. */
function followChild(tracer: Tracer, child: ChildProcess, reporting: Omit<FollowOptions, 'onEnd'>): Follower {
  const follower = follow(tracer, {
    ...reporting,
    onEnd: error => {
      child.emit('error', error);
    },
  });
  // Reports calls before the events of the command.
  child.once('exit', () => {
    follower.flush();
  });
  // A command that did not start has its own error event.
  if (own(child, 'pid') === undefined) follower.close();
  return follower;
}

/** Filters are immutable, so results are cached: many commands run under few filters. */
const known = new WeakMap<Filter, Map<boolean, Filter>>();

function tracedFilter(filter: Filter, notifications: boolean): Filter {
  const made = known.get(filter) ?? new Map<boolean, Filter>();
  known.set(filter, made);
  const program = made.get(notifications) ?? compilePolicy(withStops(filter.policy, { notifications }));
  made.set(notifications, program);
  return program;
}
