// Passes the calls of a listener to a handler, through the event loop of the calling thread.
import { errnoName } from '../../kernel/errno.js';
import { LoadError, SupervisionError } from '../../util/errors.js';
import { isFailure, native, type Failure, describeFailure } from '../../native.js';
import { sendAnswer, UNAVAILABLE, type Response, type Handler } from './response.js';
import { callAt, callRecords, type CallRecords, type SupervisedCall } from './call.js';
import type { Own } from '../../util/own.js';
import { memoryReader } from './memory-reader.js';
import { throwLater, resolvers, keepingAlive, guarded } from './event-loop.js';
import { linkOf } from '../inspect/proc.js';

/** Supervises the calls of a listener. */
export interface Supervisor {
  /** The number of calls that a handler has received but not yet responded to. */
  readonly pending: number;
  /** The number of received calls. */
  readonly received: number;
  /** Fulfilled when no process is left under the filter, or after `close`. */
  readonly finished: Promise<void>;
  /**
   * Closes the listener: waiting and all later calls fail with ENOSYS. The kernel does the same when this process ends, for any
   * reason.
   */
  close(): void;
  /** Keeps the event loop alive as long as there is a process under the filter (default). */
  ref(): void;
  /** Lets this process end while calls can still arrive. */
  unref(): void;
}

/** Options for timeouts and errors. */
export interface ServeOptions {
  /**
   * How long a call waits for a response, in milliseconds. Default: forever. Measured by the event loop: code that
   * blocks it also blocks the callers.
   */
  readonly answerTimeout?: number | undefined;
  /** The response after that time. Default: ENOSYS, as without a supervisor. */
  readonly timeoutAnswer?: Response | undefined;
  /**
   * How long reading the caller's memory may take, in milliseconds. Default: 1000. Then the promise of `readString` or
   * `readMemory` is rejected (`memory-timeout`).
   */
  readonly readTimeout?: number | undefined;
  /**
   * Called for errors that handlers throw, and for invalid responses; the call has failed with ENOSYS. Called without a
   * call if the listener fails (`listener-unusable`) and was closed. Without this function, such an error is an uncaught
   * exception, and so is an error that this function throws.
   */
  readonly onError?: (error: unknown, call: SupervisedCall | undefined) => void;
}

/** The number of calls that are received from the kernel in one step. */
const BATCH = 16;

/**
 * How long one listener may run in one turn of the event loop, in milliseconds, before others, timers and signals run.
 */
const TURN = 4;

/**
 * Takes ownership of a listener and responds to its calls with a handler. `exclusive`: no other process holds the
 * listener. Throws LoadError (`listener-unusable`) for a descriptor that is not a listener.
 */
export function serveListener(
  listener: number,
  handler: Handler,
  options: Own<ServeOptions>,
  exclusive: boolean,
): Supervisor {
  const next = callRecords(1);
  const more = callRecords(BATCH);
  const reader = memoryReader(options.readTimeout);
  const timers = new Set<NodeJS.Timeout>();
  const { promise: finished, resolve: finish } = resolvers();
  let pending = 0;
  let received = 0;
  let closed = false;

  refuseOthers(listener);
  // Wakes callers that alternate with this process sooner, on the same processor (since Linux 6.6).
  const failure = native().wakeInTurn(listener);
  if (failure !== undefined && ['EBADF', 'ENOTTY'].includes(errnoName(failure.errno)))
    throw unusable(failure);
  const watch = native().watchCalls(listener, next.words, exclusive, arrived);
  if (isFailure(watch)) throw unusable(watch);

  /** Whether the listener is closed; a function, because handlers and error listeners may close it. */
  const isClosed = (): boolean => closed;

  function close(): void {
    if (closed || isFailure(watch)) return;
    closed = true;
    native().watchStop(watch);
    reader.close();
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    finish();
  }

  /** Closes a listener that fails. Waiting callers fail with ENOSYS. */
  function fail(failure: Failure): void {
    close();
    complain(unusable(failure), undefined);
  }

  /** Called with the next call in `next`, if `taken` is 1; -1 means that none can follow. */
  function arrived(taken: number | Failure): void {
    handle(next, taken);
    // Looking for more calls would delay the only caller.
    if (pending === 0 || isClosed()) return;
    const end = performance.now() + TURN;
    for (;;) {
      const others = native().takeNotifications(listener, more.words);
      handle(more, others);
      // The remaining calls follow in the next turn.
      if (isClosed() || others !== BATCH || performance.now() >= end) return;
    }
  }

  function handle(records: CallRecords, taken: number | Failure): void {
    if (isFailure(taken)) {
      fail(taken);
      return;
    }
    if (taken < 0) {
      close();
      return;
    }
    received += taken;
    for (let index = 0; index < taken; index++) {
      // The kernel has already responded to the others.
      if (isClosed()) return;
      answer(callAt(listener, records, index, reader));
    }
  }

  /** Never throws, because other calls still wait for their responses. */
  function answer(call: SupervisedCall): void {
    pending++;
    try {
      const given = handler(call);
      if (given instanceof Promise) answerLater(call, given);
      else settle(call, given);
    } catch (error) {
      settle(call, UNAVAILABLE);
      report(error, call);
    }
  }

  /** Only the first response counts; all errors are reported. */
  function answerLater(call: SupervisedCall, promise: Promise<Response>): void {
    let settled = false;
    const settleOnce = (given: unknown): void => {
      if (settled) return;
      settled = true;
      if (timer !== undefined) {
        clearTimeout(timer);
        timers.delete(timer);
      }
      settle(call, given);
    };
    whenSettled(promise, settleOnce, (error: unknown) => {
      settleOnce(UNAVAILABLE);
      report(error, call);
    });
    const timer =
      options.answerTimeout === undefined
        ? undefined
        : setTimeout(settleOnce, options.answerTimeout, options.timeoutAnswer ?? UNAVAILABLE);
    if (timer !== undefined) timers.add(timer);
  }

  function settle(call: SupervisedCall, given: unknown): void {
    pending--;
    // The number of the listener may have been reused for another descriptor.
    if (closed) return;
    let failure: Failure | undefined;
    try {
      failure = sendAnswer(listener, call.id, given);
    } catch (error) {
      failure = sendAnswer(listener, call.id, UNAVAILABLE);
      complain(error, call);
    }
    if (failure !== undefined && !isClosed()) fail(failure);
  }

  /** Reports an error, unless it only says that the caller has gone. */
  function report(error: unknown, call: SupervisedCall): void {
    if (!(error instanceof SupervisionError && error.code === 'call-gone')) complain(error, call);
  }

  function complain(error: unknown, call: SupervisedCall | undefined): void {
    const { onError } = options;
    if (onError === undefined) throwLater(error);
    else
      guarded(() => {
        onError(error, call);
      });
  }

  return {
    get pending() {
      return pending;
    },
    get received() {
      return received;
    },
    finished,
    close,
    ...keepingAlive(watch, isClosed),
  };
}

/** A supervisor with no calls to serve, for a command that has not started. */
export const noSupervisor = (): Supervisor => ({
  pending: 0,
  received: 0,
  finished: Promise.resolve(),
  close: () => undefined,
  ref: () => undefined,
  unref: () => undefined,
});

/** Throws LoadError (`listener-unusable`) for any other descriptor, before operating on what may be another file. */
function refuseOthers(listener: number): void {
  // Without a link, the descriptor is closed, or there is no /proc; the kernel then reports the error.
  const link = linkOf(`/proc/self/fd/${listener}`);
  if (link !== undefined && link !== LISTENER) throw unusable({ failed: 'readlink', errno: ENOTTY });
}

const LISTENER = 'anon_inode:seccomp notify';
const ENOTTY = 25;

const unusable = (failure: Failure): LoadError =>
  new LoadError(
    'listener-unusable',
    `the listener cannot be used (${describeFailure(failure)})`,
    'Pass the descriptor from a load with listener: true, which must be open and not in use',
    { errno: failure.errno },
  );

/** Calls the built-in `then`, which a promise's own property may hide. */
const whenSettled = (
  promise: Promise<unknown>,
  fulfilled: (value: unknown) => void,
  rejected: (error: unknown) => void,
): void => {
  void Promise.prototype.then.call(promise, fulfilled, rejected);
};
