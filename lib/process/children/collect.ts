// Collects the output of a child, up to a limit.
import type { Readable } from 'node:stream';

/**
 * Collects the data of a stream: text if it has an encoding, bytes otherwise. Data beyond `limit` bytes is dropped,
 * and `overflow` is called. The result is the data so far.
 */
export function collect(
  stream: Readable,
  encoding: string | null | undefined,
  limit: number,
  overflow: () => void,
): () => string | Buffer {
  const chunks: (string | Buffer)[] = [];
  let room = limit;
  const text = encoding === undefined ? 'utf8' : encoding;
  if (text !== null && Buffer.isEncoding(text)) stream.setEncoding(text);
  stream.on('data', (chunk: string | Buffer) => {
    const size = Buffer.byteLength(chunk, stream.readableEncoding ?? undefined);
    if (size <= room) chunks.push(chunk);
    else if (room > 0)
      chunks.push(typeof chunk === 'string' ? chunk.slice(0, room) : chunk.subarray(0, room));
    room -= size;
    if (room < 0) overflow();
  });
  return () =>
    stream.readableEncoding === null
      ? Buffer.concat(chunks.filter(chunk => typeof chunk !== 'string'))
      : chunks.join('');
}
