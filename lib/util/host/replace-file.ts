// Replaces a file atomically.
import {
  chmodSync,
  chownSync,
  renameSync,
  rmSync,
  writeFileSync,
  type Stats,
  type WriteFileOptions,
} from 'node:fs';

/**
 * Writes `beside`, and renames it to `file`. The new file gets the owner, group and mode of `like`. On failure, it removes
 * `beside` and throws.
 */
export function replaceFile(
  file: string,
  content: string | Uint8Array,
  beside: string,
  options: WriteFileOptions,
  like?: Pick<Stats, 'uid' | 'gid' | 'mode'>,
): void {
  try {
    writeFileSync(beside, content, options);
    if (like !== undefined) {
      chownSync(beside, like.uid, like.gid);
      chmodSync(beside, like.mode);
    }
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
