// Starts a command under a profile whose NOTIFY actions are answered by functions of this process.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { LoadError, UsageError } from '../../errors.js';
import { compilePolicy } from '../../filter/compile.js';
import { Filter } from '../../filter/filter.js';
import { isFailure, native } from '../../native.js';
import { syscallNumber } from '../../policy/abi.js';
import { actionKind } from '../../policy/action.js';
import { SCMP_ACT_NOTIFY } from '../../policy/constants.js';
import { outcome } from '../../policy/evaluate.js';
import { notified } from '../../policy/notified.js';
import { oneOf } from '../../policy/options.js';
import { argumentsOf } from '../children/arguments.js';
import { childProcess } from '../children/builtin.js';
import { commandOf, launchRequest } from '../children/launch.js';
import { sandbox, type SandboxOptions } from '../children/sandbox.js';
import { SPAWN_OPTIONS, startChild } from '../children/spawn.js';
import { stdioList } from '../children/stdio.js';
import { loadRequest, type LoadRequest } from '../load.js';
import { CONTINUE, sendAnswer } from './answer.js';
import { attend, nobody, type Supervisor } from './attend.js';
import { callAt, CALL_WORDS } from './call.js';
import { checkHandlers, HANDLER_OPTIONS, handlerOf, type HandlerOptions } from './handlers.js';
import { judge, REPORT_OPTIONS, type Judge, type ReportOptions } from './report.js';

export interface SuperviseOptions extends SpawnOptions, SandboxOptions, HandlerOptions, ReportOptions {
  /** Once a handler has a call, only fatal signals interrupt it: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19. */
  readonly waitKillable?: boolean;
}

/** A child, and what answers its calls and those of all that it starts. */
export interface Supervised extends Supervisor {
  /** As `spawn` returns it. */
  readonly child: ChildProcess;
}

/**
 * Starts a command as `spawn` does, and brings the calls that its profile answers with NOTIFY to functions of this
 * process. They may take their time: the event loop goes on, and the caller waits. The execve that starts the command is not
 * brought to them. When this process ends, in whatever way, calls that wait and all later ones fail with ENOSYS.
 *
 * With `onViolation`, the calls that the profile refuses are reported too; with `reportOnly`, they are allowed.
 *
 * Throws what `spawn` throws; UsageError (`bad-option`, `bad-answer`; `report-needs-policy` for a report on a raw program).
 * Source: seccomp_unotify(2).
 */
export function supervise(command: string, options: SuperviseOptions): Supervised;
export function supervise(command: string, args: readonly string[], options: SuperviseOptions): Supervised;
export function supervise(
  file: string,
  second: readonly string[] | SuperviseOptions,
  third?: SuperviseOptions,
): Supervised {
  const [args, options] = argumentsOf(second, third);
  const { own, others } = apart(options);
  const { filter, load, rest } = sandbox(others, SPAWN_OPTIONS);
  const command = commandOf(file, args, rest);
  const plan = planOf(filter, own, file);
  const request = supervisedRequest(plan.filter, {
    ...load,
    ...(own.waitKillable !== undefined && { waitKillable: own.waitKillable }),
  });

  let listener: number | undefined;
  const child = startChild(
    request,
    command,
    stdioList(rest.stdio),
    (what, stdio) =>
      childProcess().spawn(what.file, what.words.slice(1), {
        ...rest,
        argv0: what.words[0] ?? '',
        shell: false,
        stdio,
      }),
    awaited => {
      listener = receiveListener(awaited);
      if (listener !== undefined) untilItRuns(listener, awaited, plan.atStart);
    },
  );
  const supervisor =
    child.pid === undefined || listener === undefined
      ? nobody(listener)
      : attend(listener, plan.handler, own);
  return Object.defineProperties({ child }, Object.getOwnPropertyDescriptors(supervisor)) as Supervised;
}

type OwnOptions = HandlerOptions & ReportOptions & { readonly waitKillable?: boolean };

const OWN = [...HANDLER_OPTIONS, ...REPORT_OPTIONS, 'waitKillable'];

/** Takes the options of this function apart from those of `spawn`, and checks them. */
function apart(options: unknown): {
  readonly own: OwnOptions;
  readonly others: SpawnOptions & SandboxOptions;
} {
  if (typeof options !== 'object' || options === null)
    throw new UsageError('bad-option', 'there are no options', 'Give an object with a profile');
  const entries = Object.entries(options);
  const own = Object.fromEntries(entries.filter(([name]) => OWN.includes(name))) as OwnOptions;
  checkHandlers(own);
  checkReport(own);
  // What is left is checked by `sandbox`.
  const others = Object.fromEntries(entries.filter(([name]) => !OWN.includes(name))) as unknown;
  return { own, others: others as SpawnOptions & SandboxOptions };
}

function checkReport({ onViolation, reportOnly, waitKillable }: OwnOptions): void {
  oneOf('reportOnly', reportOnly, [true, false]);
  oneOf('waitKillable', waitKillable, [true, false]);
  if (onViolation !== undefined && typeof onViolation !== 'function')
    throw new UsageError('bad-option', 'onViolation is no function', 'Give a function of the violation');
  if (reportOnly === true && onViolation === undefined)
    throw new UsageError('bad-option', 'reportOnly allows what nobody would hear of', 'Give onViolation too');
}

/** What is loaded, and who answers. */
interface Plan {
  readonly filter: Filter | Uint8Array;
  readonly handler: ReturnType<typeof handlerOf>;
  /** For the calls of the launcher, of which there is execve and, should it fail, exit_group. */
  readonly atStart: Judge;
}

function planOf(filter: Filter | Uint8Array, own: OwnOptions, file: string): Plan {
  const handler = handlerOf(own);
  if (own.onViolation === undefined) return { filter, handler, atStart: () => CONTINUE };
  if (!(filter instanceof Filter)) {
    throw new UsageError(
      'report-needs-policy',
      'what a raw program refuses cannot be reported, since nothing says what it means',
      'Give a profile',
    );
  }
  const { policy } = filter;
  const verdict = judge(policy, own, undefined);
  return {
    filter: compilePolicy(notified(policy, { traps: own.reportOnly === true })),
    handler: call => verdict(call) ?? handler(call),
    atStart: judge(policy, { ...own, onViolation: once(own.onViolation) }, file),
  };
}

/** The launcher looks for the command in one directory after the other: one report is enough. */
function once<Argument>(listener: (argument: Argument) => void): (argument: Argument) => void {
  let called = false;
  return argument => {
    if (called) return;
    called = true;
    listener(argument);
  };
}

/** As for `spawn`, but that execve may be one that asks. */
function supervisedRequest(
  filter: Filter | Uint8Array,
  load: Parameters<typeof loadRequest>[1],
): LoadRequest {
  const asks = filter instanceof Filter && asksForExec(filter);
  if (!asks) launchRequest(filter, {});
  return loadRequest(filter, { ...load, scope: 'thread', listener: true });
}

function asksForExec({ policy }: Filter): boolean {
  const [{ abi }] = policy.abis;
  const { rules, otherwise } = outcome(policy, abi.audit, syscallNumber(abi.name, 'execve') ?? -1);
  return [otherwise, ...rules.map(({ action }) => action)].some(
    action => actionKind(action) === SCMP_ACT_NOTIFY,
  );
}

/** The listener of the child; undefined where the launcher has failed before it had one, and will have told why. */
function receiveListener(socket: number): number | undefined {
  const message = native().receiveMessage(socket);
  if (!isFailure(message)) return message.descriptors[0];
  throw new LoadError(
    'listener-unusable',
    `the listener cannot be received (${message.failed}: ${message.errnoName})`,
    'Look at the limit of open files, and at the filters that this process has',
    { errno: message.errno },
  );
}

/** Answers what the launcher calls until it has become the command, or has failed to. */
function untilItRuns(listener: number, awaited: number, atStart: Judge): void {
  const record = new BigUint64Array(CALL_WORDS);
  for (;;) {
    const ready = native().waitForEither(listener, awaited);
    // The socket is at its end by then: what else is there is the command's.
    if (isFailure(ready) || (ready & 2) !== 0) return;
    const taken = native().takeNotifications(listener, record);
    if (isFailure(taken)) return;
    if (taken.count === 0) continue;
    const call = callAt(listener, record, 0);
    sendAnswer(listener, call.id, atStart(call) ?? CONTINUE);
  }
}
