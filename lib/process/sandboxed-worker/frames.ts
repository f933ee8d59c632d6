// Frames of bytes over a stream: a kind, a length and a payload. The channel of `fork` is unsuitable, because bytes on
// it that are not a message cause an uncaught exception in the reader.
import type { Socket } from 'node:net';
import { WorkerError } from '../../util/errors.js';
import { TurnQueue, type Task } from './turns.js';

/** A frame: a kind, which is a byte, and any bytes. */
export interface Frame {
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** The size of the header: one byte for the kind and four for the length, little-endian. */
const HEADER = 5;

/** The maximum length in a header. */
export const MAX_PAYLOAD = 0xffff_ffff;

const FIRST_CAPACITY = 64 * 1024;

/** Writes a frame. `then` is called when it has been passed to the kernel. */
export function writeFrame(channel: Socket, { kind, payload }: Frame, then?: () => void): void {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(kind);
  header.writeUInt32LE(payload.byteLength, 1);
  // In one chunk, because two would need writev, which a profile may not allow otherwise.
  channel.write(Buffer.concat([header, payload]), then);
}

/** Reads frames from chunks of any size. Holds at most one chunk and one payload. */
export class FrameReader {
  readonly #maxPayload: number;
  #chunk: Uint8Array = new Uint8Array(0);
  readonly #header = new Uint8Array(HEADER);
  #headerLength = 0;
  /** Grows as data arrives, so that a length without data takes no memory. */
  #payload = new Uint8Array(0);
  #payloadLength = 0;

  constructor(maxPayload: number) {
    this.#maxPayload = maxPayload;
  }

  /** Adds a chunk, once `next` has consumed the previous one. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
  }

  /**
   * The next frame, with its own copy of the payload; undefined if another chunk is needed. Throws WorkerError
   * (`worker-message-too-large`) for a payload that is too long; nothing can be read after that.
   */
  next(): Frame | undefined {
    const missing = HEADER - this.#headerLength;
    this.#header.set(this.#chunk.subarray(0, missing), this.#headerLength);
    this.#headerLength += Math.min(missing, this.#chunk.length);
    this.#chunk = this.#chunk.subarray(missing);
    if (this.#headerLength < HEADER) return undefined;
    const view = new DataView(this.#header.buffer);
    const length = view.getUint32(1, true);
    if (length > this.#maxPayload) throw tooLarge(length, this.#maxPayload);
    this.#read(length);
    if (this.#payloadLength < length) return undefined;
    const payload = this.#payload;
    this.#headerLength = 0;
    this.#payloadLength = 0;
    this.#payload = new Uint8Array(0);
    return { kind: view.getUint8(0), payload };
  }

  #read(length: number): void {
    const part = this.#chunk.subarray(0, length - this.#payloadLength);
    this.#chunk = this.#chunk.subarray(part.length);
    const needed = this.#payloadLength + part.length;
    if (needed > this.#payload.length) {
      const capacity = Math.min(length, Math.max(needed, 2 * this.#payload.length, FIRST_CAPACITY));
      const grown = new Uint8Array(capacity);
      grown.set(this.#payload.subarray(0, this.#payloadLength));
      this.#payload = grown;
    }
    this.#payload.set(part, this.#payloadLength);
    this.#payloadLength = needed;
  }
}

/** Callbacks and settings of `readFrames`. */
interface FrameListener {
  /** The maximum length of a payload, in bytes. */
  readonly maxPayload: number;
  /** Whether pending frames keep the process alive. */
  isReferenced(): boolean;
  /** Called for each frame. Its errors are uncaught exceptions; the next frame arrives nevertheless. */
  frame(frame: Frame): void;
  /** Called for invalid data. No frame follows. */
  failed(error: WorkerError): void;
  /** Called when the channel is closed and every frame has been delivered or dropped. */
  closed(): void;
}

/** An active reader of frames. */
export interface FrameStream {
  /** Drops all frames that have not been read yet. */
  stop(): void;
}

/** One queue for the event loop of this thread, whose time it limits. */
const turns = new TurnQueue();

/**
 * Reads frames for a listener, a limited number in each turn of the event loop. The channel is not read while frames are
 * pending, so that the sender blocks once the kernel's buffer is full.
 */
export function readFrames(channel: Socket, listener: FrameListener): FrameStream {
  const reader = new FrameReader(listener.maxPayload);
  // Even a paused stream ends when the other side closes, while the last chunk may still contain frames.
  let isStopped = false;
  let isClosed = false;
  // Usually one; two if Node resumes the stream itself, as at the exit of a child.
  const chunks: Uint8Array[] = [];
  const next = (): Frame | undefined => {
    if (isStopped) return undefined;
    try {
      for (;;) {
        const frame = reader.next();
        const chunk = frame === undefined ? chunks.shift() : undefined;
        if (chunk === undefined) return frame;
        reader.push(chunk);
      }
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
      isStopped = true;
      listener.failed(error);
      return undefined;
    }
  };
  const task: Task = {
    get isReferenced() {
      return listener.isReferenced();
    },
    step() {
      const frame = next();
      if (frame !== undefined) listener.frame(frame);
      else if (isClosed) listener.closed();
      else channel.resume();
      return frame !== undefined;
    },
  };
  channel.on('data', (chunk: Buffer) => {
    if (isStopped) return;
    channel.pause();
    chunks.push(chunk);
    turns.add(task);
  });
  channel.once('close', () => {
    isClosed = true;
    turns.add(task);
  });
  return {
    stop: () => {
      isStopped = true;
    },
  };
}

const tooLarge = (length: number, limit: number): WorkerError =>
  new WorkerError(
    'worker-message-too-large',
    `the worker announced a message of ${length} bytes, more than maxMessageSize allows (${limit})`,
    'Send less at once, or raise the limit',
    null,
  );
