// The first step: from the text of a profile to a Profile, or to every reason why it is none.
import { LruCache } from '../util/lru-cache.js';
import { Findings } from './findings.js';
import { readJson } from './json.js';
import { isProfile, sealProfile, type Profile } from './profile.js';
import { readSource } from './read-source.js';
import { deriveProfile } from './derive/derive.js';
import { readExtends, type Extends } from './derive/extends.js';
import { readDocument } from './schema/document.js';
import { peek } from './schema/fields.js';
import { pickOptions } from '../util/options.js';

/** How `parseProfile` reads. */
export interface ParseOptions {
  /** Turns every warning into an error. */
  readonly strict?: boolean;
  /** What to call the source in locations, where it is not read from a path: `<stdin>`. */
  readonly file?: string;
}

/**
 * Reads and checks a profile in Docker's format (new or old), or OCI's, alone or in a config.json; or one that extends another
 * (`{ "extends": "docker-default", "allow": ["@io_uring"] }`).
 *
 * `source` is a ProfileSource: a path, JSON text (it starts with `{` or `[`), its UTF-8 bytes, a file: URL, an object, the name
 * of a profile that ships; or a Profile, which is returned as it is. Of any type, so that what JSON.parse or an imported file
 * gave can be checked here and passed on as a Profile. In an object, lines and columns count in its text
 * with an indentation of two spaces; its integers beyond 2^53 - 1 must be bigints.
 *
 * Throws ProfileError with every problem in the order of the text, and UsageError for a source of another type.
 * Sources: moby's profiles/seccomp, libcontainer/seccomp of runc, containers/common, runtime-spec.
 */
export function parseProfile(source: unknown, options: ParseOptions = {}): Profile {
  const { strict = false, file: name } = pickOptions(options, ['strict', 'file']);
  const findings = new Findings();
  if (isProfile(source)) {
    findings.conclude(strict, source.warnings);
    return source;
  }
  const { text, file: found } = readSource(source);
  const file = name ?? found;
  // What another file says may change while this text stays the same.
  if (text.length > REMEMBERED_LENGTH || EXTENDS.test(text)) return read(text, file, strict);
  const profile = recent.get(`${file.length} ${file}${text}`, () => read(text, file, strict));
  findings.conclude(strict, profile.warnings);
  return profile;
}

/** Texts that are kept with their profiles; a few, and none that is large. */
const REMEMBERED_LENGTH = 256 * 1024;
const recent = new LruCache<Profile>(16);

/** Whether a text may have the key; escapes of letters make another. */
const EXTENDS = /extends|\\u/i;

function read(text: string, file: string, strict: boolean, depth = 0): Profile {
  const findings = new Findings();
  const root = readJson(text, file, findings);
  if (root.kind === 'object' && peek(root, 'extends') !== undefined) {
    const extension = readExtends(root, file, depth, findings);
    const base = extension && read(extension.base.text, extension.base.file, false, depth + 1);
    const warnings = findings.conclude(strict, base?.warnings);
    if (base === undefined) throw new Error('unreachable: what extends nothing has errors');
    return derived(base, extension as Extends, warnings);
  }
  const document = readDocument(root, findings);
  const warnings = findings.conclude(strict);
  if (document === undefined) throw new Error('unreachable: a document that is not read has errors');
  return sealProfile({ file, ...document, warnings }, () => text);
}

const derived = (base: Profile, { changes, rules, at }: Extends, warnings: Profile['warnings']): Profile =>
  deriveProfile(base, changes, reread, at, warnings, rules);

/** Reads a text whose places alone matter. */
export const reread = (text: string): Profile => read(text, '<derived>', false);
