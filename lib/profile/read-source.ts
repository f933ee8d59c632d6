// Reads a profile or a program from any source, without trusting the content, and detects which it is.
import { UsageError } from '../util/errors.js';
import { url as urls } from '../util/builtins.js';
import { isUint8Array, isUrl, utf8 } from '../util/host/bytes.js';
import { packageText, shippedProfiles } from '../util/host/read-text.js';
import { packageFile } from '../package-files.js';
import { MAX_BYTES } from './json.js';
import { objectText } from './object-text.js';
import { fail, readFile, tooLarge } from './read-file.js';
import type { ExtendingProfile, OciConfig, SeccompProfile } from './seccomp-profile.js';
import { didYouMean, quote } from '../util/suggest.js';
import { bare, hasOwn, own } from '../util/own.js';

/** A source of a profile: a path, the name of a profile that ships, JSON text, its bytes, a file: URL, or an object. */
export type ProfileSource = string | Uint8Array | URL | SeccompProfile | ExtendingProfile | OciConfig;

/** A text and its name in locations. */
export interface SourceText {
  readonly text: string;
  readonly file: string;
  /** The path of the file; absent if the text was not in a file. */
  readonly path?: string;
}

/** The content of a source: the text of a profile, or a program in the kernel's format. */
export type Input =
  | (SourceText & { readonly kind: 'text' })
  | { readonly kind: 'program'; readonly bytes: Uint8Array; readonly file: string };

/**
 * Whether bytes are a program. The code of its first instruction contains a zero byte, unlike the beginning of any
 * text.
 */
export const isProgramBytes = (bytes: Uint8Array): boolean => bytes.subarray(0, 2).includes(0);

const INSTRUCTION_BYTES = 8;

/** Whether bytes start with a UTF-16 byte order mark, as editors on Windows write it. */
const isUtf16 = ([first, second]: Uint8Array): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);

/** Reads a source as `readSource` does, but also accepts programs. `file` names bytes without a path. */
export function readInput(source: unknown, file = '<buffer>'): Input {
  const content = contentOf(source, file);
  if (hasOwn(content, 'text')) return { kind: 'text', ...content };
  const { bytes } = content;
  return isProgramBytes(bytes)
    ? { kind: 'program', bytes, file: content.file }
    : { kind: 'text', ...decoded(content) };
}

/** Bytes and their name in locations and messages. */
interface SourceBytes {
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly path?: string;
  readonly what: string;
}

/** Whether a string is itself a text: JSON, or several lines, unlike any path. */
const isText = (source: string): boolean => /^[\s\uFEFF]*[{[]/.test(source) || source.includes('\n');

/** Whether a string is the name of a profile that ships rather than a path. */
const isName = (source: string): boolean => !/[./\\]/.test(source) && source !== '';

/**
 * The text of a source.
 *
 * A string that starts with `{` or `[`, or has several lines, is a text; a string without a dot or a slash is the name of a
 * profile that ships with the package; any other string is a path. Throws ProfileError (`unknown-profile`,
 * `profile-not-found`, `profile-unreadable`, `not-a-file`, `profile-too-large`, `invalid-utf8`, and those of objectText) and
 * UsageError (`bad-profile-source`).
 */
export function readSource(source: unknown): SourceText {
  const content = contentOf(source, '<buffer>');
  return hasOwn(content, 'text') ? content : decoded(content);
}

/** The content of a source. Only bytes may be a program. */
function contentOf(source: unknown, bufferName: string): SourceText | SourceBytes {
  if (typeof source === 'string') {
    if (isText(source)) {
      if (source.length > MAX_BYTES || isLong(source)) tooLarge('the text');
      return { text: source.replace(/^\uFEFF/, ''), file: '<string>' };
    }
    if (isName(source)) return shippedProfile(source);
    return { bytes: readFile(source), file: source, path: source, what: quote(source) };
  }
  if (isUint8Array(source)) {
    if (source.length > MAX_BYTES) tooLarge('the buffer');
    return { bytes: source, file: bufferName, what: 'the buffer' };
  }
  if (isUrl(source)) {
    if (source.protocol !== 'file:')
      fail('profile-unreadable', `${quote(source.href)} is not a file: URL`, 'Fetch it and pass its text');
    return contentOf(pathOf(source), bufferName);
  }
  if (typeof source === 'object') return { text: objectText(source), file: '<object>' };
  throw new UsageError(
    'bad-profile-source',
    `a profile cannot be read from a value of type ${typeof source}`,
    'Pass a path, JSON text, a Buffer, a file: URL, an object or the name of a profile that ships',
  );
}

function decoded(source: SourceBytes): SourceText {
  const { bytes, file, what } = source;
  const path = own(source, 'path');
  return { text: decode(bytes, what), file, ...(path !== undefined && { path }) };
}

function pathOf(url: URL): string {
  try {
    return urls()?.fileURLToPath(url) ?? url.pathname;
  } catch (error) {
    return fail('profile-unreadable', `${quote(url.href)} is not a file here: ${(error as Error).message}`);
  }
}

/** File extensions of profiles that ship. */
const EXTENSIONS = ['.json', '.seccomp'];

function shippedProfile(name: string): SourceText {
  for (const extension of EXTENSIONS) {
    const path = `profiles/${name}${extension}`;
    const text = packageText(path);
    if (text !== undefined) return { text, file: packageFile(path) };
  }
  const names = shippedNames();
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

function shippedNames(): readonly string[] {
  try {
    return shippedProfiles();
  } catch (error) {
    return fail(
      'profile-unreadable',
      `the profiles that ship cannot be read: ${(error as Error).message}`,
      'If a filter of this process refuses to open files, parse profiles before it is loaded',
    );
  }
}

/** Whether a text has more bytes than allowed. */
const isLong = (text: string): boolean => text.length * 3 > MAX_BYTES && utf8(text).length > MAX_BYTES;

function decode(bytes: Uint8Array, what: string): string {
  if (isProgramBytes(bytes) && bytes.length % INSTRUCTION_BYTES === 0)
    fail(
      'invalid-utf8',
      `${what} is a program, and not a profile`,
      'Pass it to load, or convert it with seccomp convert',
    );
  try {
    return new TextDecoder('utf-8', bare({ fatal: true, ignoreBOM: false })).decode(bytes);
  } catch {
    return isUtf16(bytes)
      ? fail('invalid-utf8', `${what} is UTF-16`, 'Save it as UTF-8')
      : fail('invalid-utf8', `${what} is not UTF-8`, 'Profiles are written in UTF-8');
  }
}
