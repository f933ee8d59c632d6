// Reads a file that may be anything: huge, growing, a FIFO, a directory, or missing.
import type { Code } from '../util/codes.js';
import { fs, paths } from '../util/builtins.js';
import { ProfileError } from '../util/errors.js';
import { MAX_BYTES } from './json.js';
import { packageText } from '../util/host/read-text.js';
import { quote } from '../util/suggest.js';
import { own } from '../util/own.js';

/** Throws a ProfileError with one problem without a position. */
export const fail = (code: Code, message: string, remedy?: string): never => {
  throw new ProfileError([{ code, severity: 'error', message, ...(remedy !== undefined && { remedy }) }]);
};

/** Throws ProfileError (`profile-too-large`). */
export const tooLarge = (what: string): never =>
  fail(
    'profile-too-large',
    `${what} is larger than ${MAX_BYTES} bytes`,
    'A profile has a few kilobytes, and a recording less than a megabyte',
  );

/**
 * Reads everything up to a limit. `size` is the expected size, but only the bytes read count: a file may be larger or endless,
 * and files of /proc have size 0. Throws ProfileError (`profile-too-large`), and the errors of `read`.
 */
export function readToEnd(read: (chunk: Uint8Array) => number, what: string, size = 0): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.max(64 * 1024, size - total + 1));
    const length = read(chunk);
    if (length === 0) return chunks.length === 1 ? (chunks[0] ?? chunk) : Buffer.concat(chunks);
    total += length;
    if (total > MAX_BYTES) tooLarge(what);
    chunks.push(chunk.subarray(0, length));
  }
}

/**
 * Reads a regular file up to a limit, without blocking on other kinds of files. Throws ProfileError
 * (`profile-not-found`, `profile-unreadable`, `not-a-file`, `profile-too-large`).
 */
export function readFile(path: string): Uint8Array {
  let descriptor: number | undefined;
  try {
    const { constants, fstatSync, openSync, readSync } = fs();
    // Without O_NONBLOCK, opening a FIFO blocks until it has a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const status = fstatSync(descriptor);
    if (!status.isFile())
      fail(
        'not-a-file',
        `${quote(path)} is ${status.isDirectory() ? 'a directory' : 'not a regular file'}`,
        status.isDirectory()
          ? 'Name a file in it'
          : 'Read it yourself and pass its text; on the command line, pipe it in and pass -',
      );
    if (status.size > MAX_BYTES) tooLarge(quote(path));
    const opened = descriptor;
    return readToEnd(chunk => readSync(opened, chunk), quote(path), status.size);
  } catch (error) {
    if (error instanceof ProfileError) throw error;
    const { message } = error as Error;
    const code = own(error as NodeJS.ErrnoException, 'code');
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return fail('profile-not-found', `there is no file ${quote(path)}`, whereIs(path));
    return fail('profile-unreadable', `${quote(path)} cannot be read: ${message}`);
  } finally {
    if (descriptor !== undefined) fs().closeSync(descriptor);
  }
}

/** What to do about a path to nothing. */
function whereIs(path: string): string {
  const [, name] = /^([a-z-]+)\.json$/.exec(path) ?? [];
  if (name !== undefined && packageText(`profiles/${path}`) !== undefined)
    return `The profile that ships is ${quote(name)}, without .json`;
  if (paths().isAbsolute(path)) return 'Correct the path';
  try {
    return `Correct the path, which starts at the working directory ${quote(process.cwd())}`;
  } catch {
    return 'Pass an absolute path: the working directory does not exist';
  }
}
