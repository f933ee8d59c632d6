// Reads the memory of processes that make supervised calls, without ever blocking the event loop.
import { errnoName } from '../../kernel/errno.js';
import { SupervisionError } from '../../util/errors.js';
import { isFailure, native, type Failure, type WatchHandle } from '../../native.js';

/** The default time limit of a read, in milliseconds. */
const READ_TIMEOUT = 1000;

/**
 * The maximum number of concurrent reads per listener, so that its processes cannot block the reads of another
 * listener.
 */
const READS_AT_ONCE = 8;

/** The share of a read's time that its helper process may use. */
const HELPER_SHARE = 0.9;

/** Reads memory for one listener. */
export interface MemoryReader {
  /**
   * The mapped bytes from the address on, at most `length`, or the failure. Rejected with SupervisionError:
   * `memory-timeout`, `too-many-reads`, or `call-gone` once closed.
   */
  readonly read: (pid: number, pointer: bigint, length: number) => Promise<Uint8Array | Failure>;
  /** Abandons reads in progress and rejects new ones. */
  readonly close: () => void;
  readonly closed: () => boolean;
}

interface Read {
  readonly pid: number;
  readonly pointer: bigint;
  readonly length: number;
  readonly deadline: number;
  readonly resolve: (result: Uint8Array | Failure) => void;
  readonly reject: (error: unknown) => void;
  timer: NodeJS.Timeout | undefined;
  handle: WatchHandle | undefined;
  settled: boolean;
}

/** A reader with a time limit per read, in milliseconds, which includes waiting for other reads. */
export function memoryReader(limit = READ_TIMEOUT): MemoryReader {
  const waiting = new Set<Read>();
  const running = new Set<Read>();
  let closed = false;

  function settle(read: Read, finish: () => void): void {
    if (read.settled) return;
    read.settled = true;
    clearTimeout(read.timer);
    waiting.delete(read);
    finish();
  }

  function start(read: Read): void {
    // A helper that can be killed ends before the time limit, which frees its slot.
    const left = Math.max(1, Math.floor(HELPER_SHARE * (read.deadline - performance.now())));
    running.add(read);
    const handle = native().readMemory(read.pid, read.pointer, read.length, left, result => {
      if (read.handle !== undefined) native().watchStop(read.handle);
      running.delete(read);
      if (isFailure(result) && errnoName(result.errno) === 'ETIMEDOUT')
        settle(read, () => read.reject(late(limit)));
      else settle(read, () => read.resolve(result));
      next();
    });
    if (isFailure(handle)) {
      running.delete(read);
      settle(read, () => {
        if (errnoName(handle.errno) === 'EAGAIN') read.reject(tooMany());
        else read.resolve(handle);
      });
      return;
    }
    read.handle = handle;
  }

  function next(): void {
    for (const read of waiting) {
      if (running.size >= READS_AT_ONCE) return;
      waiting.delete(read);
      start(read);
    }
  }

  return {
    read: (pid, pointer, length) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(gone());
          return;
        }
        const read: Read = {
          pid,
          pointer,
          length,
          deadline: performance.now() + limit,
          resolve,
          reject,
          timer: undefined,
          handle: undefined,
          settled: false,
        };
        if (running.size < READS_AT_ONCE) {
          start(read);
        } else if ([...running].every(({ settled }) => settled)) {
          // None of these reads will end before its process does.
          settle(read, () => reject(tooMany()));
        } else {
          waiting.add(read);
        }
        if (read.settled) return;
        read.timer = setTimeout(() => {
          // A read in progress keeps only its slot, not the event loop or this process.
          if (read.handle !== undefined) native().watchKeepAlive(read.handle, false);
          settle(read, () => reject(late(limit)));
        }, limit);
      }),
    close: () => {
      closed = true;
      for (const read of [...waiting, ...running]) {
        if (read.handle !== undefined) native().watchStop(read.handle);
        settle(read, () => read.reject(gone()));
      }
      running.clear();
    },
    closed: () => closed,
  };
}

export const gone = (): SupervisionError =>
  new SupervisionError('call-gone', 'the caller no longer waits', 'No response is needed');

const late = (limit: number): SupervisionError =>
  new SupervisionError(
    'memory-timeout',
    `the caller's memory could not be read within ${limit} ms`,
    'Refuse the call: a page that its process supplies itself (userfaultfd, FUSE) may never arrive. readTimeout sets the limit',
  );

const tooMany = (): SupervisionError =>
  new SupervisionError(
    'too-many-reads',
    `too many reads have timed out and are still blocked (${READS_AT_ONCE} at most for one listener)`,
    'Refuse the call, or end the processes under the filter',
  );
