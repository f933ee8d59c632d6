// libuv's thread pool: it must not inherit the filter of one thread, and a filter must not keep it from starting.
import { access, readdirSync } from 'node:fs';
import { readText } from '../util/host/read-text.js';

/**
 * Starts the threads of libuv's pool, if they are not running yet. They are running when this returns: libuv creates
 * all of them before it queues the first task.
 */
export function startThreadPool(): void {
  access('/', () => undefined);
}

/**
 * Whether the pool is certainly running: its threads are found by name, which libuv sets from Node 22 on. Always
 * false on Node 20.
 */
export function poolIsRunning(): boolean {
  return readdirSync('/proc/self/task').some(id => {
    try {
      return readText(`/proc/self/task/${id}/comm`).trim() === 'libuv-worker';
    } catch {
      // The thread ended between the two reads: it is not one of the pool, whose threads never end.
      return false;
    }
  });
}
