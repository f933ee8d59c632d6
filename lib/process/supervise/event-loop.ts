// Helpers for code that waits on the event loop of the calling thread.
import { native, type WatchHandle } from '../../native.js';

/** Throws an error as an uncaught exception, without interrupting the current function. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Calls a listener. Its errors become uncaught exceptions that do not interrupt the caller. */
export function guarded(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    throwLater(error);
  }
}

/** A promise and its resolve function, as from Promise.withResolvers, which Node 20 lacks. */
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

const exitListeners = new Set<() => void>();

const callExitListeners = (): void => {
  for (const listener of exitListeners) guarded(listener);
};

/**
 * Calls a listener when the process exits, unless the returned function is called first. All listeners share one listener of
 * the process, because Node warns of a leak for more than ten.
 */
export function whenExiting(listener: () => void): () => void {
  if (exitListeners.size === 0) process.on('exit', callExitListeners);
  exitListeners.add(listener);
  return () => {
    exitListeners.delete(listener);
    if (exitListeners.size === 0) process.off('exit', callExitListeners);
  };
}

/** `ref` and `unref` for a watched descriptor; they have no effect once it is closed. */
export function keepingAlive(
  watch: WatchHandle,
  isClosed: () => boolean,
): { readonly ref: () => void; readonly unref: () => void } {
  const keep = (wanted: boolean) => (): void => {
    if (!isClosed()) native().watchKeepAlive(watch, wanted);
  };
  return { ref: keep(true), unref: keep(false) };
}
