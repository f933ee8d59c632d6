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

/** Calls back with each that arrives, in memory of its own. */
export function readFrames(channel: Socket, listener: (bytes: Uint8Array) => void): void {
  let chunks: Buffer[] = [];
  let length = 0;
  let wanted = HEADER;
  let isHeader = true;
  channel.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    while (length >= wanted) {
      const all = Buffer.concat(chunks);
      // Not from Node's pool, parts of which would go on with a message.
      const piece = new Uint8Array(all.subarray(0, wanted));
      chunks = [all.subarray(wanted)];
      length -= wanted;
      wanted = isHeader ? Buffer.from(piece.buffer).readUInt32LE() : HEADER;
      if (!isHeader) listener(piece);
      isHeader = !isHeader;
    }
  });
}
