// The first step: parses the text of a profile to a Profile, or reports everything that is wrong with it.
import { ProfileError, type Location } from '../util/errors.js';
import { own } from '../util/own.js';
import { quote } from '../util/suggest.js';
import { LruCache } from '../util/lru-cache.js';
import { Findings } from './findings.js';
import { Includes, type ParseIncluded } from './formats/common/includes.js';
import type { TextFormat } from './formats/text-format.js';
import { failAt } from './formats/common/scanner.js';
import { readYaml } from './formats/common/yaml.js';
import { isJson, isYaml } from './formats/json-or-yaml.js';
import { textFormatOf } from './formats/text-formats.js';
import { readJson } from './read-json.js';
import { isProfile, sealProfile, type Profile, writtenPolicy } from './profile.js';
import { readSource, type SourceText } from './read-source.js';
import { deriveProfile } from './derive/derive.js';
import { writeOutGroups } from './derive/edit-text.js';
import { readExtends, type Extends } from './derive/extends.js';
import { readDocument } from './schema/document.js';
import { selectProfile, type Resources } from './schema/resources.js';
import { peek } from './schema/fields.js';
import { oneOf, pickOptions } from '../util/options.js';

/** Options of `parseProfile`. */
export interface ParseOptions {
  /** Turns every warning into an error. */
  readonly strict?: boolean | undefined;
  /** The name of a source without a path in locations: `<stdin>`. */
  readonly file?: string | undefined;
}

/**
 * Parses and checks a profile: Docker's (new or old), OCI's, alone or in a config.json, a policy in the words format, or
 * in the format of another tool: docs/convert.md lists them. The format is detected from the text.
 * A profile may also extend another one: `{ "extends": "docker-default", "allow": ["@io_uring"] }`.
 *
 * `source` is a ProfileSource: a path, a text (JSON, which starts with `{` or `[`, or several lines), its UTF-8 bytes, a
 * file: URL, an object, the name of a profile that ships; or a Profile, which is returned unchanged. It may have any
 * type, so that results of JSON.parse or imported files can be checked here. For an object, lines and columns are those
 * of its JSON text with an indentation of two spaces; its integers beyond 2^53 - 1 must be bigints. Files that a policy
 * includes are only read from the folder of its own file; a text that was not read from a file cannot include any.
 *
 * Throws ProfileError with every problem in the order of the text (only the first for a text that is not JSON), and
 * UsageError for a source of another type. Sources: moby's profiles/seccomp, libcontainer/seccomp of runc,
 * containers/common, runtime-spec.
 */
export function parseProfile(source: unknown, options: ParseOptions = {}): Profile {
  const { strict = false, file } = pickOptions(options, ['strict', 'file']);
  oneOf('strict', strict, [true, false]);
  if (!isProfile(source)) {
    const found = readSource(source);
    return parseText(file === undefined ? found : { ...found, file }, strict);
  }
  new Findings().conclude(strict, source.warnings);
  return source;
}

/** Like `parseProfile`, for a source that has been read. */
export function parseText(source: SourceText, strict: boolean): Profile {
  const { text, file } = source;
  const path = own(source, 'path');
  const format = isJson(text) ? undefined : textFormatOf(text);
  if (format !== undefined) return readWritten(format, text, file, Includes.of(path, parseIncluded));
  const includes = Includes.of(path, parseIncluded);
  // Files that this text refers to may change while the text stays the same.
  if (text.length > REMEMBERED_LENGTH || mayNameOthers(text)) return read(text, file, strict, includes);
  const profile = recent.get(`${file.length} ${file}${text}`, () => read(text, file, strict, includes));
  new Findings().conclude(strict, profile.warnings);
  return profile;
}

/** The maximum length of cached texts. */
const REMEMBERED_LENGTH = 256 * 1024;
const recent = new LruCache<Profile>(16);

/** Whether a text may refer to other files: resources of Kubernetes, and `extends`, which may contain escapes. */
export const mayNameOthers = (text: string): boolean => /SeccompProfile|extends|\\u/i.test(text);

/** Reads JSON or YAML. */
function read(text: string, file: string, strict: boolean, includes: Includes): Profile {
  const findings = new Findings();
  const inYaml = isYaml(text);
  const documents = inYaml ? readYaml(text, file) : ([readJson(text, file, findings)] as const);
  const { root, resources } = selectProfile(documents);
  if (root.kind === 'object' && peek(root, 'extends') !== undefined) {
    const extension = readExtends(root, findings);
    const base = extension && baseOf(extension, includes, findings);
    const warnings = findings.conclude(strict, base?.warnings);
    if (extension === undefined || base === undefined)
      throw new Error('unreachable: what extends nothing has errors');
    return deriveProfile(base, extension.changes, reread, extension.at, warnings, extension.rules);
  }
  const document = readDocument(root, findings);
  const ownWarnings = findings.conclude(strict);
  if (document === undefined) throw new Error('unreachable: a document that is not read has errors');
  const { profile } = document;
  const base = own(document, 'base');
  const above = base && inherited(base, includes, resources);
  const warnings = above === undefined ? ownWarnings : findings.conclude(strict, above.warnings);
  const rules = above === undefined ? profile.rules : Object.freeze([...above.rules, ...profile.rules]);
  return sealProfile(
    { file, ...profile, rules, warnings },
    inYaml || profile.format === 'spo' ? {} : { text: () => writeOutGroups(text) },
  );
}

/** What a profile extends; undefined if errors were reported. */
function baseOf({ name, at }: Extends, includes: Includes, findings: Findings): Profile | undefined {
  const base = includes.profile(name, at);
  if (writtenPolicy(base) === undefined) return base;
  findings.error(
    'bad-extends',
    at,
    `${quote(name)} is a policy in the format ${base.format}, which a JSON profile cannot extend`,
    'Use the words format: docs/words.md',
  );
  return undefined;
}

/** The maximum number of Kubernetes resources in a text that extend each other. */
export const MAX_BASES = 8;

/** The rules and the warnings of the Kubernetes resource that another one names as its base, merged as the operator does. */
function inherited(
  { name, at }: { readonly name: string; readonly at: Location },
  includes: Includes,
  resources: Resources,
  depth = 1,
): Pick<Profile, 'rules' | 'warnings'> {
  const beside = resources.get(name);
  if (beside === undefined) {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
      failAt(
        at,
        'include-refused',
        `the profile ${quote(name)} is not a file here`,
        'Pull it, put it beside this file as NAME.yaml, and write NAME',
      );
    return includes.profile(`./${name}.yaml`, at);
  }
  if (depth > MAX_BASES)
    failAt(
      at,
      'include-refused',
      `profiles are based on each other more than ${MAX_BASES} deep, or in a circle`,
      'Put the rules into fewer profiles',
    );
  const findings = new Findings();
  const document = readDocument(beside, findings);
  const warnings = findings.conclude(false);
  if (document === undefined) throw new Error('unreachable: a document that is not read has errors');
  const { rules } = document.profile;
  const base = own(document, 'base');
  if (base === undefined) return { rules, warnings };
  const above = inherited(base, includes, resources, depth + 1);
  return { rules: [...above.rules, ...rules], warnings: [...above.warnings, ...warnings] };
}

const parseIncluded: ParseIncluded = ({ text, file }, includes) => {
  const format = isJson(text) ? undefined : textFormatOf(text);
  return format === undefined ? read(text, file, false, includes) : readWritten(format, text, file, includes);
};

/** Reads a text in a format other than JSON. Its errors name the detected format. */
function readWritten(format: TextFormat, text: string, file: string, includes: Includes): Profile {
  try {
    const { defaultAction, architectures, policy } = format.read(text, file, includes);
    const profile = {
      file,
      format: format.format,
      defaultAction,
      architectures,
      rules: [],
      flags: [],
      warnings: [],
    };
    return sealProfile(profile, { policy });
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    const [first, ...rest] = error.problems;
    if (first === undefined || own(first, 'at')?.file !== file) throw error;
    throw new ProfileError([
      { ...first, message: `${first.message} (the text looks like ${format.name})` },
      ...rest,
    ]);
  }
}

/** Parses a text only for its positions. */
export const reread = (text: string): Profile =>
  read(text, '<derived>', false, Includes.of(undefined, parseIncluded));
