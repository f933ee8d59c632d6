// What the process of a SandboxedWorker runs: it starts the worker as a thread and relays messages.
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { pack, unpack } from './clone.js';
import { MAX_PAYLOAD, readFrames, writeFrame } from './frames.js';
import { CHANNEL, frameOf, isStart, type Start } from './messages.js';
import { packThrown } from './thrown.js';

const channel = new Socket({ fd: CHANNEL });

const report = (...what: Parameters<typeof frameOf>): void => {
  writeFrame(channel, frameOf(...what));
};

/** As exit(3): of a code, eight bits arrive. */
const end = (code: number): void => {
  const status = code & 0xff;
  writeFrame(channel, frameOf('exit', Uint8Array.of(status)), () => process.exit(status));
};

let worker: Worker | undefined;

readFrames(channel, {
  maxPayload: MAX_PAYLOAD,
  isReferenced: () => true,
  frame: frame => {
    // Written by SandboxedWorker of the same package.
    const value = unpack(frame.payload);
    if (isStart(frame)) worker = start(value as Start);
    else worker?.postMessage(value);
  },
  // Not possible: the header has no room for more.
  failed: () => process.exit(1),
  // The process that started this one has ended.
  closed: () => process.exit(1),
});
channel.on('error', () => undefined);

function start({ module, isUrl, workerData, options }: Start): Worker | undefined {
  let thread: Worker;
  try {
    thread = new Worker(isUrl ? new URL(module) : module, { ...options, workerData });
  } catch (error) {
    report('error', packThrown(error));
    end(1);
    return undefined;
  }
  if (thread.stdin !== null) process.stdin.pipe(thread.stdin);
  thread.on('online', () => report('online'));
  thread.on('message', (value: unknown) => report(...messageOf(value)));
  thread.on('messageerror', error => report('messageerror', packThrown(error)));
  thread.on('error', error => report('error', packThrown(error)));
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
  // The pipe has no reader any more. The worker continues, as it would with one.
  to.on('error', () => from.resume());
  await finished(from);
  await new Promise(resolve => to.write('', resolve));
}

/** What another thread can receive, another process may not. */
function messageOf(value: unknown): Parameters<typeof frameOf> {
  try {
    return ['message', pack(value)];
  } catch (error) {
    return ['messageerror', packThrown(error)];
  }
}
