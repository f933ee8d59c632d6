// What all that waits on the event loop of the calling thread has in common.
import { native, type WatchHandle } from '../../native.js';

/** Throws an error as an uncaught exception, with nothing of ours left undone. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Calls a listener, whose errors are uncaught exceptions and keep nothing else back. */
export function guarded(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    throwLater(error);
  }
}

/** A promise and what fulfils it: Promise.withResolvers, which Node 20 lacks. */
export function resolvers<Value = void>(): {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
} {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>(done => {
    resolve = done;
  });
  return { promise, resolve };
}

/** `ref` and `unref` of a watched descriptor, until it is closed. */
export function keepingAlive(
  watch: WatchHandle,
  isClosed: () => boolean,
): { readonly ref: () => void; readonly unref: () => void } {
  const keep = (wanted: boolean) => (): void => {
    if (!isClosed()) native().watchKeepAlive(watch, wanted);
  };
  return { ref: keep(true), unref: keep(false) };
}
