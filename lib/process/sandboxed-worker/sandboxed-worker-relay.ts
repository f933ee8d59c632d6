// What the process of a SandboxedWorker runs: it starts the worker as a thread of its own and passes on what is said.
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { pack, unpack } from './clone.js';
import { readFrames, writeFrame } from './frames.js';
import { CHANNEL, type Order, type Report } from './messages.js';
import { packThrown } from './thrown.js';

const channel = new Socket({ fd: CHANNEL });

const report = (what: Report, then?: () => void): void => {
  writeFrame(channel, pack(what), then);
};

const end = (code: number): void => {
  report({ kind: 'exit', code }, () => process.exit(code));
};

let worker: Worker | undefined;

readFrames(channel, bytes => {
  // Written by SandboxedWorker of the same package.
  const order = unpack(bytes) as Order;
  if (order.kind === 'message') worker?.postMessage(unpack(order.value));
  else worker = start(order);
});
// Whoever has started this is gone.
channel.on('error', () => undefined);
channel.on('close', () => process.exit(1));

function start({
  module,
  isUrl,
  workerData,
  options,
}: Extract<Order, { kind: 'start' }>): Worker | undefined {
  let thread: Worker;
  try {
    thread = new Worker(isUrl ? new URL(module) : module, { ...options, workerData: unpack(workerData) });
  } catch (error) {
    report({ kind: 'error', thrown: packThrown(error) });
    end(1);
    return undefined;
  }
  if (thread.stdin !== null) process.stdin.pipe(thread.stdin);
  thread.on('online', () => report({ kind: 'online' }));
  thread.on('message', (value: unknown) => report(messageOf(value)));
  thread.on('messageerror', error => report({ kind: 'messageerror', thrown: packThrown(error) }));
  thread.on('error', error => report({ kind: 'error', thrown: packThrown(error) }));
  const written = Promise.all([
    passedOn(thread.stdout, process.stdout),
    passedOn(thread.stderr, process.stderr),
  ]);
  thread.on('exit', code => void written.then(() => end(code)));
  return thread;
}

/**
 * Waits until the kernel has all that the worker wrote, which Node pipes to the stream of this process: what does not fit
 * into the pipe at once would be lost with the process.
 */
async function passedOn(from: Readable, to: NodeJS.WriteStream): Promise<void> {
  // Nobody reads it any more. The worker goes on, as it would beside its reader.
  to.on('error', () => from.resume());
  await finished(from);
  await new Promise(resolve => to.write('', resolve));
}

/** What another thread can receive, another process may not. */
function messageOf(value: unknown): Report {
  try {
    return { kind: 'message', value: pack(value) };
  } catch (error) {
    return { kind: 'messageerror', thrown: packThrown(error) };
  }
}
