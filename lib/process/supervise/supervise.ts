// Starts a command under a profile whose NOTIFY actions are handled by functions of this process.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { compilePolicy } from '../../filter/compile.js';
import type { Filter } from '../../filter/filter.js';
import { isFilter } from '../../filter/filter.js';
import { native } from '../../native.js';
import { withNotifications } from '../../policy/with-notifications.js';
import { givenOptions, oneOf, ownOptions } from '../../util/options.js';
import { argumentsOf } from '../children/arguments.js';
import {
  sandbox,
  SANDBOX_OPTIONS,
  type ChildLoadOptions,
  type Sandbox,
  type SandboxOptions,
} from '../children/sandbox.js';
import type { Isolation } from '../isolation/isolation.js';
import { SPAWN_OPTIONS } from '../children/launch/start-child.js';
import { CONTINUE, type Handler } from './response.js';
import { serveListener, noSupervisor, type Supervisor } from './serve-listener.js';
import { checkedHandlers, HANDLER_OPTIONS, handlerOf, type HandlerOptions } from './handlers.js';
import {
  checkReport,
  needsPolicy,
  policyResponse,
  REPORT_OPTIONS,
  type Judge,
  type ViolationReportOptions,
} from './report.js';
import {
  listenerOf,
  receiveListener,
  release,
  startWithListener,
  untilItRuns,
  type StartPlan,
} from './start.js';
import { startReportOnly, type ReportedCommand, type ReportOnlyPlan } from '../trace/report-only.js';
import { bare, type Own } from '../../util/own.js';

export interface SuperviseOptions
  extends SpawnOptions, SandboxOptions, HandlerOptions, ViolationReportOptions {
  /** Only fatal signals interrupt a call that a handler has received: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19. */
  readonly waitKillable?: boolean | undefined;
}

/** A child, and the supervisor of its calls and those of its descendants. */
export interface Supervised extends Supervisor {
  /** As `spawn` returns it. */
  readonly child: ChildProcess;
  /** The isolation of the child. */
  readonly isolation: Isolation;
}

/**
 * Starts a command as `spawn` does, and calls functions of this process for the calls with NOTIFY in its profile. While
 * a function decides, the caller waits and the event loop continues. The execve that starts the command is not passed to
 * them. When this process ends, for any reason, waiting and all later calls fail with ENOSYS.
 *
 * With `onViolation`, refused calls are reported too. With `reportOnly`, they are allowed, and the command is not
 * affected: a tracer records them. `isolation` stays in force, `ringFilter` does not.
 *
 * Throws the errors of `spawn`; UsageError (`bad-option`, `bad-answer`; `report-needs-policy` for a report on a raw
 * program); LoadError (`listener-unusable`, in which case the command was killed; with `reportOnly`, `no-tracer` and
 * `tracer-refused`). Source: seccomp_unotify(2).
 */
export function supervise(command: string, options: SuperviseOptions): Supervised;
export function supervise(command: string, args: readonly string[], options: SuperviseOptions): Supervised;
export function supervise(
  file: string,
  second: readonly string[] | SuperviseOptions,
  third?: SuperviseOptions,
): Supervised {
  const [args, options] = argumentsOf(second, third);
  return superviseSandboxed(file, args, options, false);
}

/** `supervise`; with `endWithParent`, the kernel kills the command when the thread that starts it ends. */
export function superviseSandboxed(
  file: string,
  args: readonly string[],
  options: SuperviseOptions,
  endWithParent: boolean,
): Supervised {
  const { own, others } = apart(options);
  const sandboxed = sandbox(others, SPAWN_OPTIONS, endWithParent);
  if (own.reportOnly === true) return reportOnly(file, args, sandboxed, own);
  const { filter, load, isolation, rest } = sandboxed;
  const plan = planOf(filter, own, file);
  const { child, listener } = startWithListener(file, args, {
    filter: plan.filter,
    load: withKillable(load, own),
    isolation,
    rest,
    atStart: plan.atStart,
  });
  const supervisor =
    listener === undefined ? noSupervisor() : serveOrKill(child, listener, plan.handler, own);
  return supervised(child, isolation.receipt, supervisor);
}

const withKillable = (load: ChildLoadOptions, { waitKillable }: OwnOptions): StartPlan['load'] => ({
  ...load,
  ...(waitKillable !== undefined && { waitKillable }),
});

function supervised(child: ChildProcess, isolation: Isolation, supervisor: Supervisor): Supervised {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(supervisor));
  return Object.defineProperties(
    { child, isolation },
    // Node would also read inherited fields of property descriptors.
    Object.fromEntries(properties.map(([name, descriptor]) => [name, bare(descriptor)])),
  ) as Supervised;
}

/** Supervises a child. Kills it on failure, because a child without a supervisor must not continue. */
function serveOrKill(
  child: ChildProcess,
  listener: number,
  handler: Handler,
  options: OwnOptions,
): Supervisor {
  try {
    return serveListener(listener, handler, options, true);
  } catch (error) {
    child.kill('SIGKILL');
    native().closeDescriptor(listener);
    throw error;
  }
}

/**
 * Allows the command everything that its profile refuses. Calls with the action NOTIFY go to the handlers, if there are any.
 */
function reportOnly(
  file: string,
  args: readonly string[],
  { filter, load, isolation, rest }: Sandbox<SpawnOptions & SandboxOptions>,
  own: OwnOptions,
): Supervised {
  if (!isFilter(filter)) throw needsPolicy();
  const { receipt } = isolation;
  const plan = { filter, isolation, rest, report: own };
  if (own.handlers === undefined && own.otherwise === undefined) {
    const { child, follower } = startReportOnly(file, args, { ...plan, load, awaitRunning: undefined });
    return supervised(child, receipt, follower);
  }
  const { child, follower, listener } = startAttended(file, args, { ...plan, load: withKillable(load, own) });
  if (listener === undefined) return supervised(child, receipt, follower);
  const verdict = policyResponse(filter.policy, own, undefined);
  const handler = handlerOf(own);
  const attending = serveOrKill(child, listener, call => verdict(call) ?? handler(call), own);
  return supervised(child, receipt, both(follower, attending));
}

/** Starts a command with a listener for calls with NOTIFY; none if the command could not be executed. */
function startAttended(
  file: string,
  args: readonly string[],
  plan: Omit<ReportOnlyPlan, 'awaitRunning'>,
): ReportedCommand & { readonly listener: number | undefined } {
  let listener: number | undefined;
  let started: ReportedCommand;
  try {
    started = startReportOnly(file, args, {
      ...plan,
      awaitRunning: awaited => {
        listener = receiveListener(awaited);
        if (listener !== undefined) untilItRuns(listener, awaited, () => CONTINUE);
      },
    });
  } catch (error) {
    release(listener);
    throw error;
  }
  return { ...started, listener: listenerOf(started.child, listener, file) };
}

/** Combines two supervisors of the same command. */
const both = (one: Supervisor, other: Supervisor): Supervisor => ({
  get pending() {
    return one.pending + other.pending;
  },
  get received() {
    return one.received + other.received;
  },
  finished: Promise.all([one.finished, other.finished]).then(() => undefined),
  close: () => {
    one.close();
    other.close();
  },
  ref: () => {
    one.ref();
    other.ref();
  },
  unref: () => {
    one.unref();
    other.unref();
  },
});

type OwnOptions = Own<HandlerOptions & ViolationReportOptions & Pick<SuperviseOptions, 'waitKillable'>>;

const SUPERVISING = [...HANDLER_OPTIONS, ...REPORT_OPTIONS, 'waitKillable'];

const CHILD = [...SPAWN_OPTIONS, ...SANDBOX_OPTIONS];

/** Separates the options of this function from those of `spawn`, and checks them. */
function apart(options: SuperviseOptions): {
  readonly own: OwnOptions;
  readonly others: SpawnOptions & SandboxOptions;
} {
  const all = ownOptions(options, [...SUPERVISING, ...CHILD]);
  const checked = checkedHandlers(givenOptions<HandlerOptions>(all, HANDLER_OPTIONS));
  checkReport(all);
  oneOf('waitKillable', all.waitKillable, [true, false]);
  const { onViolation, reportFallbacks, reportOnly, waitKillable } = all;
  const others = givenOptions<SpawnOptions & SandboxOptions>(all, CHILD);
  // Without a profile, `sandbox` throws.
  return {
    own: { ...checked, onViolation, reportFallbacks, reportOnly, waitKillable },
    others: others as SpawnOptions & SandboxOptions,
  };
}

/** The filter, and the handlers of its calls. */
interface Plan {
  readonly filter: Filter | Uint8Array;
  readonly handler: Handler;
  /** Decides about the launcher's calls: execve and, if that fails, exit_group. */
  readonly atStart: Judge;
}

function planOf(filter: Filter | Uint8Array, own: OwnOptions, file: string): Plan {
  const handler = handlerOf(own);
  if (own.onViolation === undefined) return { filter, handler, atStart: () => CONTINUE };
  if (!isFilter(filter)) throw needsPolicy();
  const { policy } = filter;
  const verdict = policyResponse(policy, own, undefined);
  return {
    filter: compilePolicy(withNotifications(policy)),
    handler: call => verdict(call) ?? handler(call),
    atStart: policyResponse(policy, { ...own, onViolation: once(own.onViolation) }, file),
  };
}

/** Reports only the first call: the launcher tries to execute the command in one directory after another. */
function once<Argument>(listener: (argument: Argument) => void): (argument: Argument) => void {
  let called = false;
  return argument => {
    if (called) return;
    called = true;
    listener(argument);
  };
}
