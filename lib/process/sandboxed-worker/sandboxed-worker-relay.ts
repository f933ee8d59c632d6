// The main module of a SandboxedWorker's process: starts the worker as a thread and relays messages.
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

/** Ends the process. As with exit(3), only eight bits of the code count. */
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
  // Impossible, because the header cannot express a larger length.
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
 * Waits until the kernel has all of the worker's output, which Node pipes to the stream of this process. Output that does
 * not fit into the pipe at once would be lost with the process.
 */
async function passedOn(from: Readable, to: NodeJS.WriteStream): Promise<void> {
  // The pipe has no reader any more. The worker continues as it would with one.
  to.on('error', () => from.resume());
  await finished(from);
  await new Promise(resolve => to.write('', resolve));
}

/** Converts a message. Some values can be cloned to another thread but not to another process. */
function messageOf(value: unknown): Parameters<typeof frameOf> {
  try {
    return ['message', pack(value)];
  } catch (error) {
    return ['messageerror', packThrown(error)];
  }
}
