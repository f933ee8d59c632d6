// Brings the calls of a listener to a handler, through the event loop of the calling thread.
import { LoadError, SupervisionError } from '../../errors.js';
import { isFailure, native } from '../../native.js';
import { sendAnswer, UNAVAILABLE, type Answer, type Handler } from './answer.js';
import { callAt, callRecords, type CallRecords, type SupervisedCall } from './call.js';
import { type Own } from '../../own.js';

/** Somebody who answers the calls of a listener. */
export interface Supervisor {
  /** Calls that a handler has and that were not answered yet. */
  readonly pending: number;
  /** Calls that have arrived. */
  readonly received: number;
  /** Fulfilled when no process is left under the filter, or after `close`. */
  readonly finished: Promise<void>;
  /**
   * Gives up the listener: calls that wait fail with ENOSYS, and so does every later one. The kernel does the same when this
   * process ends, in whatever way.
   */
  close(): void;
  /** Keep the event loop alive as long as there is a process under the filter (default), or not. */
  ref(): void;
  /** Do not keep the event loop alive. */
  unref(): void;
}

/** What becomes of calls that are not answered. */
export interface AttendOptions {
  /**
   * How long a caller waits, in milliseconds; for ever unless given. Counted by the event loop: code that blocks it, blocks
   * the callers with it.
   */
  readonly answerTimeout?: number;
  /** The answer after that time. Default: ENOSYS, as when there is no supervisor. */
  readonly timeoutAnswer?: Answer;
  /**
   * Hears of errors that handlers throw, and of answers that are none; the call has failed with ENOSYS then. Unless given,
   * such an error is an uncaught exception.
   */
  readonly onError?: (error: unknown, call: SupervisedCall) => void;
}

/** Calls that are taken before the event loop gets its turn. */
const BATCH = 64;

/**
 * Answers what arrives on a listener, which it takes over, by a handler. `exclusive` where nobody else can hold it.
 * Throws LoadError (`listener-unusable`) for a descriptor that is no listener.
 */
export function attend(
  listener: number,
  handler: Handler,
  options: Own<AttendOptions>,
  exclusive: boolean,
): Supervisor {
  const next = callRecords(1);
  const more = callRecords(BATCH);
  const { promise: finished, resolve: finish } = resolvers();
  let pending = 0;
  let received = 0;
  let closed = false;

  // Callers that take turns with this process are woken sooner, on the same processor. Before Linux 6.6 they are not.
  const untold = native().wakeInTurn(listener);
  if (untold !== undefined && ['EBADF', 'ENOTTY'].includes(untold.errnoName))
    throw unusable(untold.errno, untold.errnoName);
  const watch = native().watchCalls(listener, next.words, exclusive, arrived);
  if (isFailure(watch)) throw unusable(watch.errno, `${watch.failed}: ${watch.errnoName}`);

  function close(): void {
    if (closed || isFailure(watch)) return;
    closed = true;
    native().watchStop(watch);
    finish();
  }

  /** Has been given the next call, if there is one: -1 when none ever will be. */
  function arrived(taken: number): void {
    handle(next, taken);
    // To look for more takes time that a caller would wait who is alone.
    if (pending > 0 && !closed) {
      const others = native().takeNotifications(listener, more.words);
      handle(more, isFailure(others) ? -1 : others);
    }
  }

  function handle(records: CallRecords, taken: number): void {
    if (taken < 0) {
      close();
      return;
    }
    received += taken;
    for (let index = 0; index < taken; index++) answer(callAt(listener, records, index));
  }

  function answer(call: SupervisedCall): void {
    pending++;
    let given: Answer | Promise<Answer>;
    try {
      given = handler(call);
    } catch (error) {
      settle(call, UNAVAILABLE);
      report(error, call);
      return;
    }
    if (given instanceof Promise) answerLater(call, given);
    else settle(call, given);
  }

  /** The first answer counts; an error is told of in any case. */
  function answerLater(call: SupervisedCall, promise: Promise<Answer>): void {
    let settled = false;
    const settleOnce = (given: unknown): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      settle(call, given);
    };
    const timer =
      options.answerTimeout === undefined
        ? undefined
        : setTimeout(settleOnce, options.answerTimeout, options.timeoutAnswer ?? UNAVAILABLE);
    promise.then(settleOnce, (error: unknown) => {
      settleOnce(UNAVAILABLE);
      report(error, call);
    });
  }

  function settle(call: SupervisedCall, given: unknown): void {
    pending--;
    // The number of the listener may be another descriptor's by now.
    if (closed) return;
    try {
      const failure = sendAnswer(listener, call.id, given);
      if (failure !== undefined) throw unusable(failure.errno, `${failure.failed}: ${failure.errnoName}`);
    } catch (error) {
      sendAnswer(listener, call.id, UNAVAILABLE);
      complain(error, call);
    }
  }

  /** That a caller has gone is no error of the handler that finds out. */
  function report(error: unknown, call: SupervisedCall): void {
    if (!(error instanceof SupervisionError && error.code === 'call-gone')) complain(error, call);
  }

  function complain(error: unknown, call: SupervisedCall): void {
    if (options.onError !== undefined) {
      options.onError(error, call);
      return;
    }
    queueMicrotask(() => {
      throw error;
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
    ref: () => {
      if (!closed) native().watchKeepAlive(watch, true);
    },
    unref: () => {
      if (!closed) native().watchKeepAlive(watch, false);
    },
  };
}

/** A supervisor of nobody, for a command that has not started. */
export const nobody = (): Supervisor => ({
  pending: 0,
  received: 0,
  finished: Promise.resolve(),
  close: () => undefined,
  ref: () => undefined,
  unref: () => undefined,
});

const unusable = (errno: number, why: string): LoadError =>
  new LoadError(
    'listener-unusable',
    `the listener cannot be used (${why})`,
    'Give the descriptor that a load with listener: true gave, open and not watched already',
    { errno },
  );

function resolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>(done => {
    resolve = done;
  });
  return { promise, resolve };
}
