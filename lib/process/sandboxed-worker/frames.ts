// Frames of bytes over a stream: a kind, a length and a payload. The channel of `fork` is unsuitable: bytes on it
// that are not a message are an uncaught exception in the reader.
import type { Socket } from 'node:net';
import { WorkerError } from '../../util/errors.js';
import { TurnQueue, type Task } from './turns.js';

/** What is sent: a kind, which is a byte, and any bytes. */
export interface Frame {
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** A byte for the kind and four for the length, little-endian. */
const HEADER = 5;

/** The longest payload that the header can announce. */
export const MAX_PAYLOAD = 0xffff_ffff;

const FIRST_CAPACITY = 64 * 1024;

/** Writes one; `then` is called when it has been handed to the kernel. */
export function writeFrame(channel: Socket, { kind, payload }: Frame, then?: () => void): void {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(kind);
  header.writeUInt32LE(payload.byteLength, 1);
  // In one piece: two take writev, for which a profile may have no other reason.
  channel.write(Buffer.concat([header, payload]), then);
}

/** Takes frames out of chunks, however these are cut. Holds one chunk and one payload at most. */
export class FrameReader {
  readonly #maxPayload: number;
  #chunk: Uint8Array = new Uint8Array(0);
  readonly #header = new Uint8Array(HEADER);
  #headerLength = 0;
  /** Grows with what arrives: a length that is announced and not sent takes no memory. */
  #payload = new Uint8Array(0);
  #payloadLength = 0;

  constructor(maxPayload: number) {
    this.#maxPayload = maxPayload;
  }

  /** Takes a chunk, once `next` has given all of the one before. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
  }

  /**
   * The next frame, with a payload in its own memory; undefined if another chunk is needed. Throws WorkerError
   * (`worker-message-too-large`) for one that is too long; nothing can be read after that.
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

/** What `readFrames` calls, and asks. */
interface FrameListener {
  /** The longest payload, in bytes. */
  readonly maxPayload: number;
  /** Whether frames that wait keep the process alive. */
  isReferenced(): boolean;
  /** Takes a frame. What it throws is an uncaught exception, and the next frame arrives all the same. */
  frame(frame: Frame): void;
  /** Called for data that cannot be read. No frame follows. */
  failed(error: WorkerError): void;
  /** The channel is closed, and every frame has been taken or was dropped. */
  closed(): void;
}

/** Frames that are being read. */
export interface FrameStream {
  /** Drops the frames that have not been read yet. */
  stop(): void;
}

/** One for the event loop of this thread, whose time it limits. */
const turns = new TurnQueue();

/**
 * Reads frames for a listener, some in each turn of the event loop. The channel is read no further while there are frames to
 * be taken: the sender waits when what the kernel holds for it is full.
 */
export function readFrames(channel: Socket, listener: FrameListener): FrameStream {
  const reader = new FrameReader(listener.maxPayload);
  // Even a paused stream ends when the other side is closed, while there may be frames left in the last chunk.
  let isStopped = false;
  let isClosed = false;
  // One, and another if Node resumes the stream by itself, as at the exit of a child.
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
