// A worker thread that confines itself before it handles its input. Shows what that covers and what it does not.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { applyProfile } from 'seccomp';

const FILE = '/etc/passwd';

/** The thread can no longer open files or connect; everything else still works. */
const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    { names: ['open', 'openat', 'openat2', 'creat'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' },
    { names: ['socket', 'socketpair', 'connect'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' },
    { names: ['execve', 'execveat'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' },
  ],
};

async function attempt(action) {
  try {
    await action();
    return 'works';
  } catch (error) {
    return error.code;
  }
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  const seen = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const main = await attempt(() => readFileSync(FILE));
  console.log(`the worker, by itself:             ${seen.synchronous}`);
  console.log(`the worker, through the pool:      ${seen.asynchronous}`);
  console.log(`the main thread:                   ${main}`);
  console.log(`threads that took the filter:      ${seen.threads} (${seen.scope})`);
  const expected =
    seen.synchronous === 'EACCES' && seen.asynchronous === 'works' && main === 'works' && seen.threads === 1;
  process.exitCode = expected ? 0 : 1;
} else {
  // In a worker the scope is required: 'thread' covers this thread and those that it starts, nothing else.
  const { threads, scope } = applyProfile(PROFILE, { scope: 'thread' });
  parentPort.postMessage({
    threads: threads.length,
    scope,
    synchronous: await attempt(() => readFileSync(FILE)),
    // The threads of libuv's pool make asynchronous file calls, and they serve the whole process.
    asynchronous: await attempt(() => readFile(FILE)),
  });
}
