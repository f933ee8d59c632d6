// Reads /proc, where entries may vanish or be hidden.
import { readdirSync, readlinkSync } from 'node:fs';
import { readText } from '../../util/host/read-text.js';

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
