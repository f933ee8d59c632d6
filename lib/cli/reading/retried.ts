// Reads and writes of descriptors that another process may have made non-blocking.

/** Does a read or a write, again until the other end of a non-blocking pipe lets it. */
export function retried<Result>(act: () => Result): Result {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error) || error.code !== 'EAGAIN') throw error;
      pause(PAUSE);
    }
  }
}

/** Milliseconds. */
const PAUSE = 5;

/** Blocks the thread, which has nothing else to do. */
const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};
