// Reads /proc, where entries may vanish or be hidden, and which an earlier filter may refuse to read.
import { readdirSync, readlinkSync } from 'node:fs';
import { readText } from '../../util/host/read-text.js';

/** What to do if /proc of this process cannot be read: the calls of opendir, readdir, readlink and read in the C libraries. */
export const ALLOW_PROC =
  'Mount /proc; filters that are loaded before must allow openat, fstat, newfstatat, getdents64, readlinkat, read and close, or be merged with this one';

/** The numeric names in a directory, ascending; undefined if it cannot be listed. */
export const idsIn = (directory: string): readonly number[] | undefined =>
  whereReadable(() => readdirSync(directory))
    ?.filter(name => /^[1-9][0-9]*$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);

/** The text of a file; undefined if it cannot be read. */
export const textOf = (path: string): string | undefined => whereReadable(() => readText(path));

/** The target of a link; undefined if it cannot be read. */
export const linkOf = (path: string): string | undefined => whereReadable(() => readlinkSync(path));

/** The result of a function of node:fs; undefined for a system error. */
export function whereReadable<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && Object.hasOwn(error, 'syscall')) return undefined;
    throw error;
  }
}
