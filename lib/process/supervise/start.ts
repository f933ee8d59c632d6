// Starts a command under a filter with a listener, and receives the listener.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { LoadError } from '../../util/errors.js';
import type { Filter } from '../../filter/filter.js';
import { isFilter } from '../../filter/filter.js';
import { isFailure, native } from '../../native.js';
import { syscallNumber } from '../../kernel/abi.js';
import { actionKind } from '../../kernel/action.js';
import { SCMP_ACT_NOTIFY } from '../../kernel/constants.js';
import { outcome } from '../../policy/evaluate.js';
import type { IsolationPlan } from '../isolation/isolate.js';
import { launchOf, childLoadRequest, commandOf, type LaunchRequest } from '../children/launch/launch.js';
import type { ChildLoadOptions } from '../children/sandbox.js';
import { spawnWith, startChild } from '../children/launch/start-child.js';
import { stdioList } from '../children/launch/stdio.js';
import { loadRequest } from '../load.js';
import { ringVerdicts } from '../isolation/ring-filter.js';
import { CONTINUE, sendAnswer } from './response.js';
import { callAt, callRecords } from './call.js';
import { memoryReader } from './memory-reader.js';
import type { Judge } from './report.js';
import { own, owned, type Own } from '../../util/own.js';
import { givenOptions } from '../../util/options.js';

/** The filter and the options of a start, and the handler for calls during the start. */
export interface StartPlan {
  readonly filter: Filter | Uint8Array;
  readonly load: ChildLoadOptions & { readonly waitKillable?: boolean };
  readonly isolation: IsolationPlan;
  /** Options for Node. */
  readonly rest: Own<SpawnOptions>;
  /** Decides about the launcher's calls: execve and, if that fails, exit_group. */
  readonly atStart: Judge;
}

/**
 * A child and its listener. The listener is undefined if the command could not be executed, which an event of the child
 * reports.
 */
export interface Started {
  readonly child: ChildProcess;
  readonly listener: number | undefined;
}

/** Starts a command. Throws as `spawn` does, and LoadError (`listener-unusable`); then the command has not run, or was killed. */
export function startWithListener(file: string, args: readonly string[], plan: StartPlan): Started {
  const { filter, load, isolation, rest, atStart } = plan;
  let listener: number | undefined;
  try {
    const child = startChild(
      supervisedRequest(filter, load, isolation),
      commandOf(file, args, rest),
      stdioList(rest.stdio),
      spawnWith(rest),
      awaited => {
        listener = receiveListener(awaited);
        if (listener !== undefined) untilItRuns(listener, awaited, atStart);
      },
    );
    return { child, listener: listenerOf(child, listener, file) };
  } catch (error) {
    release(listener);
    throw error;
  }
}

/**
 * Returns the listener of a running child, and closes that of a child that is not running. Throws LoadError
 * (`listener-unusable`) if there is none; then the child is killed, because its calls would get no response.
 */
export function listenerOf(
  child: ChildProcess,
  listener: number | undefined,
  file: string,
): number | undefined {
  if (own(child, 'pid') === undefined) {
    release(listener);
    return undefined;
  }
  if (listener !== undefined) return listener;
  child.kill('SIGKILL');
  throw new LoadError(
    'listener-unusable',
    `the listener of ${file} could not be received`,
    'Check the limit of open files, and the filters of this process',
  );
}

/** Closes a listener. */
export function release(listener: number | undefined): void {
  if (listener !== undefined) native().closeDescriptor(listener);
}

/** As for `spawn`, but the filter may notify for execve. */
function supervisedRequest(
  filter: Filter | Uint8Array,
  load: StartPlan['load'],
  isolation: IsolationPlan,
): LaunchRequest {
  const { waitKillable, ...rest } = owned(load);
  const others = givenOptions<ChildLoadOptions>(rest, Object.keys(rest));
  if (!isFilter(filter) || !asksForExec(filter)) childLoadRequest(filter, others);
  const request = loadRequest(filter, {
    ...others,
    ...(waitKillable !== undefined && { waitKillable }),
    scope: 'thread',
    listener: true,
  });
  return launchOf(request, isolation, ringVerdicts(filter, isolation.ringFilter));
}

function asksForExec({ policy }: Filter): boolean {
  const [{ abi }] = policy.abis;
  const { rules, otherwise } = outcome(policy, abi.audit, syscallNumber(abi.name, 'execve') ?? -1);
  return [otherwise, ...rules.map(({ action }) => action)].some(
    action => actionKind(action) === SCMP_ACT_NOTIFY,
  );
}

/**
 * The listener of the child; undefined if the launcher failed before it had one, or the listener cannot be received.
 */
export function receiveListener(socket: number): number | undefined {
  const message = native().receiveMessage(socket);
  return isFailure(message) ? undefined : message.descriptors[0];
}

/** Responds to the launcher's calls until it has executed the command, or failed to. */
export function untilItRuns(listener: number, awaited: number, atStart: Judge): void {
  const record = callRecords(1);
  const reader = memoryReader();
  for (;;) {
    const ready = native().waitForEither(listener, awaited);
    // At the end of the socket, the launcher is done: further data is the command's.
    if (isFailure(ready) || (ready & 2) !== 0) return;
    const taken = native().takeNotifications(listener, record.words);
    if (isFailure(taken) || taken < 0) return;
    if (taken === 0) continue;
    const call = callAt(listener, record, 0, reader);
    sendAnswer(listener, call.id, atStart(call) ?? CONTINUE);
  }
}
