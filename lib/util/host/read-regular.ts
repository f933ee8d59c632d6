// Reads a regular file whose owner and mode are acceptable.
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/** The mode bits that let others than the owner write. */
export const WRITABLE_BY_OTHERS = 0o022;

/**
 * The content of a regular file if `accepts` returns true for its status, undefined otherwise. Does not follow a link in the last part of
 * the path, or wait for a FIFO. Throws what node:fs throws.
 */
export function readRegular(file: string, accepts: (status: Stats) => boolean): Buffer | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const descriptor = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const status = fstatSync(descriptor);
    return status.isFile() && accepts(status) ? readFileSync(descriptor) : undefined;
  } finally {
    closeSync(descriptor);
  }
}
