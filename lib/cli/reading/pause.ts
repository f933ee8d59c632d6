// Waits between two attempts, in commands that have nothing else to do.

/** Blocks the thread for a number of milliseconds. */
export const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};
