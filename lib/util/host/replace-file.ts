// Replaces a file so that it has its earlier content or the new one, whatever happens meanwhile.
import { renameSync, rmSync, writeFileSync, type WriteFileOptions } from 'node:fs';

/** Writes a file beside another one and renames it to that. Throws what fails, and leaves nothing beside it then. */
export function replaceFile(
  file: string,
  content: string | Uint8Array,
  beside: string,
  options: WriteFileOptions,
): void {
  try {
    writeFileSync(beside, content, options);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
