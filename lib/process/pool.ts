// libuv's thread pool: it must not inherit the filter of one thread, and a filter must not keep it from starting.
import { access, readdirSync } from 'node:fs';
import { readText } from '../util/host/read-text.js';

/**
 * Starts the threads of libuv's pool, unless they are running. They are running when this returns, because libuv
 * creates all of them before it queues the first task.
 */
export function startThreadPool(): void {
  access('/', () => undefined);
}

/**
 * Whether the pool is certainly running. Finds its threads by the name that libuv sets since Node 22; always false on
 * Node 20.
 */
export function poolIsRunning(): boolean {
  return readdirSync('/proc/self/task').some(id => {
    try {
      return readText(`/proc/self/task/${id}/comm`).trim() === 'libuv-worker';
    } catch {
      // The thread ended between the two reads, so it is not one of the pool's, which never end.
      return false;
    }
  });
}
