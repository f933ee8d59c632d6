// Reads and writes of descriptors that another process may have made non-blocking.

/** Repeats a read or a write while a non-blocking descriptor is not ready. */
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

/** The time between attempts, in milliseconds. */
const PAUSE = 5;

/** Blocks the thread, which has nothing else to do. */
const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};
