// Replaces a file so that it has its earlier content or the new one, whatever happens meanwhile.
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
 * Writes a file beside another one and renames it to that. `like` is the file whose owner, group and mode it is to have. Throws what fails,
 * and leaves nothing beside it then.
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
