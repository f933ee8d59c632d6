// Gets the text of a profile from wherever it is, without trusting what is there.
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { ProfileError, UsageError } from '../errors.js';
import { MAX_BYTES } from './json.js';
import { objectText } from './object-text.js';
import { didYouMean, quote } from './suggest.js';

/** What a profile can be read from. */
export type ProfileSource = string | Uint8Array | URL | object;

/** A text and what to call it in locations. */
export interface SourceText {
  readonly text: string;
  readonly file: string;
}

const SHIPPED = new URL('../../profiles/', import.meta.url);

const fail = (code: string, message: string, remedy?: string): never => {
  throw new ProfileError([{ code, severity: 'error', message, ...(remedy !== undefined && { remedy }) }]);
};

const tooLarge = (what: string): never =>
  fail('profile-too-large', `${what} is larger than ${MAX_BYTES} bytes`, 'A profile has some kilobytes');

/**
 * The JSON text behind a source.
 *
 * A string that starts with `{` or `[` is JSON; one without a dot or a slash is the name of a profile that ships with
 * the package; every other one is a path. Throws ProfileError (`unknown-profile`, `profile-not-found`,
 * `profile-unreadable`, `not-a-file`, `profile-too-large`, `invalid-utf8`, and those of objectText) and UsageError
 * (`bad-profile-source`).
 */
export function readSource(source: ProfileSource): SourceText {
  if (typeof source === 'string') {
    if (/^[\s\uFEFF]*[{[]/.test(source)) {
      if (source.length > MAX_BYTES || Buffer.byteLength(source) > MAX_BYTES) tooLarge('the text');
      return { text: source.replace(/^\uFEFF/, ''), file: '<string>' };
    }
    const path = /[./\\]/.test(source) || source === '' ? source : shippedPath(source);
    return { text: decode(readFile(path), quote(path)), file: path };
  }
  if (types.isUint8Array(source)) {
    if (source.length > MAX_BYTES) tooLarge('the buffer');
    return { text: decode(source, 'the buffer'), file: '<buffer>' };
  }
  // A proxy may throw at instanceof, and is an object to be read with care like any other.
  if (!types.isProxy(source) && source instanceof URL) {
    if (source.protocol !== 'file:')
      fail('profile-unreadable', `${quote(source.href)} is not a file: URL`, 'Fetch it and pass its text');
    return readSource(pathOf(source));
  }
  if (typeof source === 'object') return { text: objectText(source), file: '<object>' };
  throw new UsageError(
    'bad-profile-source',
    `a profile cannot be read from a value of type ${typeof source}`,
    'Give a path, JSON text, a Buffer, a file: URL, an object or the name of a profile that ships',
  );
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    return fail('profile-unreadable', `${quote(url.href)} names no file here: ${(error as Error).message}`);
  }
}

function shippedPath(name: string): string {
  const names = readdirSync(SHIPPED)
    .filter(file => file.endsWith('.json'))
    .map(file => file.slice(0, -'.json'.length))
    .sort();
  if (names.includes(name)) return fileURLToPath(new URL(`${name}.json`, SHIPPED));
  return fail(
    'unknown-profile',
    `no profile named ${quote(name)} ships with this package`,
    didYouMean(
      name,
      names,
      `There are: ${names.join(', ')}. For a file of that name write ${quote(`./${name}`)}`,
    ),
  );
}

function decode(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail('invalid-utf8', `${what} is not UTF-8`, 'JSON is written in UTF-8');
  }
}

function readFile(path: string): Uint8Array {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK opening a FIFO waits for its writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const status = fstatSync(descriptor);
    if (!status.isFile())
      fail('not-a-file', `${quote(path)} is not a regular file`, 'Read it yourself and pass its text');
    if (status.size > MAX_BYTES) tooLarge(quote(path));
    // A file may grow, and those of /proc claim to be empty: what counts is what is read.
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.max(64 * 1024, status.size - total + 1));
      const length = readSync(descriptor, chunk);
      if (length === 0) return chunks.length === 1 ? (chunks[0] ?? chunk) : Buffer.concat(chunks);
      total += length;
      if (total > MAX_BYTES) tooLarge(quote(path));
      chunks.push(chunk.subarray(0, length));
    }
  } catch (error) {
    if (error instanceof ProfileError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return fail('profile-not-found', `there is no file ${quote(path)}`);
    return fail('profile-unreadable', `${quote(path)} cannot be read: ${message}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
