// Gets a profile or a program from wherever it is, without trusting what is there, and tells one from the other.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { UsageError } from '../util/errors.js';
import { packageFile } from '../package-files.js';
import { MAX_BYTES } from './json.js';
import { objectText } from './object-text.js';
import { fail, readFile, tooLarge } from './read-file.js';
import type { ExtendingProfile, OciConfig, SeccompProfile } from './seccomp-profile.js';
import { didYouMean, quote } from '../util/suggest.js';
import { bare, hasOwn } from '../util/own.js';

/** What a profile can be read from: a path, the name of a profile that ships, JSON text, its bytes, a file: URL, an object. */
export type ProfileSource = string | Uint8Array | URL | SeccompProfile | ExtendingProfile | OciConfig;

/** A text and what to call it in locations. */
export interface SourceText {
  readonly text: string;
  readonly file: string;
}

/** What a source holds: the text of a profile, or a program in the kernel's format. */
export type Input =
  | (SourceText & { readonly kind: 'text' })
  | { readonly kind: 'program'; readonly bytes: Uint8Array; readonly file: string };

/** Whether bytes are a program. The code of each of its instructions has a byte of zero, which no JSON text has. */
export const isProgramBytes = (bytes: Uint8Array): boolean => bytes.includes(0);

/** Reads a source as `readSource` does, whatever it holds. `file` is what to call bytes. */
export function readInput(source: unknown, file = '<buffer>'): Input {
  const content = contentOf(source, file);
  if (hasOwn(content, 'text')) return { kind: 'text', ...content };
  const { bytes } = content;
  return isProgramBytes(bytes)
    ? { kind: 'program', bytes, file: content.file }
    : { kind: 'text', ...decoded(content) };
}

/** Bytes, and what to call them in locations and in messages. */
interface SourceBytes {
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly what: string;
}

const isText = (source: string): boolean => /^[\s\uFEFF]*[{[]/.test(source);

/** The path that a string stands for: a path, or the name of a profile that ships. */
const pathNamed = (source: string): string =>
  /[./\\]/.test(source) || source === '' ? source : shippedPath(source);

/**
 * The JSON text behind a source.
 *
 * A string that starts with `{` or `[` is JSON; one without a dot or a slash is the name of a profile that ships with
 * the package; every other one is a path. Throws ProfileError (`unknown-profile`, `profile-not-found`,
 * `profile-unreadable`, `not-a-file`, `profile-too-large`, `invalid-utf8`, and those of objectText) and UsageError
 * (`bad-profile-source`).
 */
export function readSource(source: unknown): SourceText {
  const content = contentOf(source, '<buffer>');
  return hasOwn(content, 'text') ? content : decoded(content);
}

/** What a source holds, of which only bytes may be a program. */
function contentOf(source: unknown, bufferName: string): SourceText | SourceBytes {
  if (typeof source === 'string') {
    if (isText(source)) {
      if (source.length > MAX_BYTES || Buffer.byteLength(source) > MAX_BYTES) tooLarge('the text');
      return { text: source.replace(/^\uFEFF/, ''), file: '<string>' };
    }
    const path = pathNamed(source);
    return { bytes: readFile(path), file: path, what: quote(path) };
  }
  if (types.isUint8Array(source)) {
    if (source.length > MAX_BYTES) tooLarge('the buffer');
    return { bytes: source, file: bufferName, what: 'the buffer' };
  }
  // A proxy may throw at instanceof, and is an object to be read with care like any other.
  if (!types.isProxy(source) && source instanceof URL) {
    if (source.protocol !== 'file:')
      fail('profile-unreadable', `${quote(source.href)} is not a file: URL`, 'Fetch it and pass its text');
    return contentOf(pathOf(source), bufferName);
  }
  if (typeof source === 'object') return { text: objectText(source), file: '<object>' };
  throw new UsageError(
    'bad-profile-source',
    `a profile cannot be read from a value of type ${typeof source}`,
    'Give a path, JSON text, a Buffer, a file: URL, an object or the name of a profile that ships',
  );
}

const decoded = ({ bytes, file, what }: SourceBytes): SourceText => ({ text: decode(bytes, what), file });

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    return fail('profile-unreadable', `${quote(url.href)} names no file here: ${(error as Error).message}`);
  }
}

function shippedPath(name: string): string {
  const path = packageFile(`profiles/${name}.json`);
  if (existsSync(path)) return path;
  const names = readdirSync(packageFile('profiles/'))
    .filter(file => file.endsWith('.json'))
    .map(file => file.slice(0, -'.json'.length))
    .sort();
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
    return new TextDecoder('utf-8', bare({ fatal: true, ignoreBOM: false })).decode(bytes);
  } catch {
    return fail('invalid-utf8', `${what} is not UTF-8`, 'JSON is written in UTF-8');
  }
}
