// Pieces of bytes over a stream, each behind its length. The channel of `fork` will not do: what is no message on it is an
// uncaught exception in the process that reads.
import type { Socket } from 'node:net';

const HEADER = 4;

/** Writes one; `then` is called when it has been handed to the kernel. */
export function writeFrame(channel: Socket, bytes: Uint8Array, then?: () => void): void {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(bytes.byteLength);
  // In one piece: two take writev, for which a profile may have no other reason.
  channel.write(Buffer.concat([header, bytes]), then);
}

/** Calls back with each that arrives, in memory of its own. What a listener throws keeps none of the others back. */
export function readFrames(channel: Socket, listener: (bytes: Uint8Array) => void): void {
  let chunks: Buffer[] = [];
  let length = 0;
  let wanted = HEADER;
  channel.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length < wanted) return;
    const all = Buffer.concat(chunks);
    let start = 0;
    const end = (): number => start + HEADER + (start + HEADER > length ? 0 : all.readUInt32LE(start));
    for (; end() <= length; start = end()) {
      // A copy, and not from Node's pool, parts of which would go on with a message.
      process.nextTick(listener, new Uint8Array(all.subarray(start + HEADER, end())));
    }
    wanted = end() - start;
    chunks = [all.subarray(start)];
    length -= start;
  });
}
