// libuv's thread pool: a filter on one thread must not be inherited by it, nor may a filter keep it from starting.
import { access, readdirSync } from 'node:fs';
import { readText } from '../util/host/read-text.js';

/**
 * Starts the threads of libuv's pool, if they are not running yet. They are there when this returns: libuv creates all
 * of them before it queues the first piece of work.
 */
export function startThreadPool(): void {
  access('/', () => undefined);
}

/**
 * Whether the pool is surely running: its threads are seen by name, which libuv gives them from Node 22 on.
 * False on Node 20 means that it cannot be known.
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
