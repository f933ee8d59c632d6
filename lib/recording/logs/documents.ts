// Reads recordings that are a single document: profiles of the Security Profiles Operator, and those in Docker's format.
import { abiByScmpName, isCallNumber, syscallNumber } from '../../kernel/abi.js';
import { isNative, type AbiName } from '../../kernel/architectures.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_LOG } from '../../kernel/constants.js';
import { Findings } from '../../profile/findings.js';
import { failAt } from '../../profile/formats/common/scanner.js';
import { readYaml } from '../../profile/formats/common/yaml.js';
import { locate, plainOf, type JsonObject, type JsonValue } from '../../profile/json.js';
import { MAX_BASES } from '../../profile/parse.js';
import type { Profile, ProfileRule } from '../../profile/profile.js';
import { readJson } from '../../profile/read-json.js';
import { coveredAbis, readArchitectures } from '../../profile/schema/architecture.js';
import { fieldsOf, peek } from '../../profile/schema/fields.js';
import { readRules } from '../../profile/schema/rule.js';
import { groupBy } from '../../util/collections.js';
import { ProfileError } from '../../util/errors.js';
import { own } from '../../util/own.js';
import { quote } from '../../util/suggest.js';
import { byText, sealRecording, type Recording } from '../recording.js';

interface RecordedProfile {
  readonly how: 'operator' | 'profile';
  readonly profile: Pick<Profile, 'architectures' | 'rules'>;
  /** For each profile that it is based on, the calls that this one refuses. */
  readonly refusedByBases: readonly ReadonlySet<string>[];
  /** The number of merged runs, and of those with each call. */
  readonly coverage: { readonly total: number; readonly calls: ReadonlyMap<string, number> } | undefined;
}

/** The result of reading a document. */
interface ReadDocument {
  readonly recordings: readonly Recording[];
  /** Names that the ABI does not have, or that the profile does not allow unconditionally. */
  readonly skipped: readonly string[];
  /** Why the document cannot be read. */
  readonly fault?: string;
}

const COVERAGE = 'spo.x-k8s.io/syscall-coverage';
/** More runs than any recorder merges, so that hostile numbers stay safe integers. */
const MAX_RUNS = 1_000_000;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Whether a log that starts with this line is a document: JSON over several lines, a profile on one line, or Kubernetes YAML.
 */
export function beginsDocument(line: string): boolean {
  if (/^(?:---\s*$|apiVersion:|kind:|items:|metadata:|spec:)/.test(line)) return true;
  if (!line.trimStart().startsWith('{')) return false;
  try {
    return itemsOf(readJson(line, '', new Findings())).some(value => bodyOf(value) !== undefined);
  } catch {
    // In JSON lines, the line would be complete.
    return !/^\s*\{.*\}\s*$/.test(line);
  }
}

/** Whether an object is a profile, possibly an invalid one, with keys in any case. Its other members are not parts of a log. */
export const isProfileObject = (value: unknown): boolean =>
  isObject(value) &&
  Object.entries(value).some(([key, item]) => {
    const name = key.toLowerCase();
    return name === 'defaultaction' || (name === 'kind' && item === 'SeccompProfile');
  });

/**
 * The recordings of a document; empty if it contains no profile. `abi` is for profiles that name no architecture,
 * `file` for messages.
 */
export function readDocument(lines: readonly string[], abi: AbiName, file: string): ReadDocument {
  try {
    const values = valuesOf(lines.join('\n'), file).flatMap(itemsOf);
    const bases = new Bases(values);
    return recordProfiles(
      values.map(value => profileOf(value, bases)).filter(profile => profile !== undefined),
      abi,
    );
  } catch (error) {
    if (error instanceof ProfileError) return { recordings: [], skipped: [], fault: error.message };
    throw error;
  }
}

/** Parses a text in JSON or YAML. Throws ProfileError, also for duplicate keys, which parsers treat differently. */
function valuesOf(text: string, file: string): readonly JsonValue[] {
  if (!text.trimStart().startsWith('{')) return readYaml(text, file);
  const findings = new Findings();
  const value = readJson(text, file, findings);
  findings.conclude(true);
  return [value];
}

/** The items of a Kubernetes list, or the value itself. A profile is not a list, even if it has `items`. */
function itemsOf(value: JsonValue): readonly JsonValue[] {
  const items = bodyOf(value) === undefined ? memberOf(value, 'items') : undefined;
  return items?.kind === 'array' ? items.items : [value];
}

const memberOf = (value: JsonValue | undefined, key: string): JsonValue | undefined =>
  value?.kind === 'object' ? value.members.get(key)?.value : undefined;

const textOf = (value: JsonValue | undefined): string | undefined =>
  value?.kind === 'string' ? value.value : undefined;

/** The object with the rules: in a resource of the operator, or in Docker's format, with keys in any case as in Go. */
function bodyOf(value: JsonValue): JsonObject | undefined {
  if (value.kind !== 'object') return undefined;
  const isResource = textOf(peek(value, 'kind')) === 'SeccompProfile';
  const body = isResource ? memberOf(value, 'spec') : value;
  if (body?.kind !== 'object') return undefined;
  return isResource ||
    (peek(body, 'defaultAction')?.kind === 'string' && peek(body, 'syscalls')?.kind === 'array')
    ? body
    : undefined;
}

/** Parses a profile as for compiling, but ignores its default action, which does not matter here. Throws ProfileError. */
function profileOf(value: JsonValue, bases: Bases): RecordedProfile | undefined {
  const body = bodyOf(value);
  if (body === undefined) return undefined;
  const coverage = memberOf(memberOf(memberOf(value, 'metadata'), 'annotations'), COVERAGE);
  return {
    how: body === value ? 'profile' : 'operator',
    profile: readBody(value, body),
    refusedByBases: bases.refusals(value),
    coverage: coverageOf(coverage && plainOf(coverage)),
  };
}

function readBody(value: JsonValue, body: JsonObject): RecordedProfile['profile'] {
  const findings = new Findings();
  const fields = fieldsOf(body, ['architectures', 'archMap', 'syscalls'], findings);
  const architectures = readArchitectures(fields.get('architectures'), fields.get('archMap'), findings);
  const rules = readRules(
    fields.get('syscalls'),
    body === value ? 'docker' : 'spo',
    coveredAbis(architectures),
    findings,
  );
  findings.conclude(false);
  return { architectures, rules };
}

/**
 * The resources of a text by name, because their rules also apply to resources that are based on them. What a base allows is a
 * recording of its own. Bases outside the text are unknown.
 */
class Bases {
  readonly #named: ReadonlyMap<string, readonly JsonValue[]>;
  readonly #refused = new Map<JsonValue, ReadonlySet<string>>();

  constructor(values: readonly JsonValue[]) {
    this.#named = groupBy(values, value =>
      resourceName(value, textOf(memberOf(memberOf(value, 'metadata'), 'name')) ?? ''),
    );
  }

  /** The calls that each direct or indirect base refuses. Throws ProfileError. */
  refusals(value: JsonValue, depth = 0): readonly ReadonlySet<string>[] {
    const base = memberOf(memberOf(value, 'spec'), 'baseProfileName');
    const name = textOf(base);
    if (base === undefined || name === undefined) return [];
    const [found, another] = this.#named.get(resourceName(value, name)) ?? [];
    const body = found && bodyOf(found);
    if (found === undefined || body === undefined) return [];
    if (another !== undefined)
      failAt(
        locate(base),
        'several-profiles',
        `the text has several profiles with the name ${quote(name)}`,
        'Keep the one that was in force',
      );
    if (depth === MAX_BASES)
      failAt(
        locate(base),
        'include-refused',
        `profiles are based on each other more than ${MAX_BASES} deep, or in a circle`,
        'Put the rules into fewer profiles',
      );
    const refused = this.#refused.get(found) ?? refusedIn(readBody(found, body).rules);
    this.#refused.set(found, refused);
    return [refused, ...this.refusals(found, depth + 1)];
  }
}

/** A name in the namespace of a resource. */
const resourceName = (value: JsonValue, name: string): string =>
  `${textOf(memberOf(memberOf(value, 'metadata'), 'namespace')) ?? ''}/${name}`;

/** Parses `{"version":"v1","total":3,"syscalls":{"read":3,"mknod":1}}`. */
function coverageOf(text: unknown): RecordedProfile['coverage'] {
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || own(value, 'version') !== 'v1') return undefined;
    const total = own(value, 'total');
    const syscalls = own(value, 'syscalls');
    if (!isRuns(total) || !isObject(syscalls)) return undefined;
    const calls = Object.entries(syscalls).filter(
      (entry): entry is [string, number] => isRuns(entry[1]) && entry[1] <= total,
    );
    return { total, calls: new Map(calls) };
  } catch {
    return undefined;
  }
}

const isRuns = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_RUNS;

/** The calls of an ABI that a profile allows unconditionally, and the other names that it allows, which no recorder writes. */
function allowedIn(
  { profile: { rules }, refusedByBases }: RecordedProfile,
  abi: AbiName,
): {
  readonly names: readonly string[];
  readonly others: readonly string[];
} {
  const refusals = [refusedIn(rules), ...refusedByBases];
  const always = namesOf(rules, rule => isAllowing(rule) && isForAll(rule));
  const isAlways = (name: string): boolean => {
    const number = syscallNumber(abi, name);
    if (number === undefined || !always.has(name)) return false;
    return !refusals.some(refused => refused.has(name) || refused.has(String(number)));
  };
  const all = [...namesOf(rules, isAllowing)];
  return { names: all.filter(isAlways), others: all.filter(name => !isAlways(name)) };
}

/** The names and numbers of calls that some rule refuses. */
const refusedIn = (rules: readonly ProfileRule[]): ReadonlySet<string> =>
  namesOf(rules, rule => !isAllowing(rule));

const namesOf = (
  rules: readonly ProfileRule[],
  condition: (rule: ProfileRule) => boolean,
): ReadonlySet<string> =>
  new Set(
    rules
      .filter(condition)
      .flatMap(rule => rule.names.map(({ name }) => (isCallNumber(name) ? String(Number(name)) : name))),
  );

const isAllowing = ({ action }: ProfileRule): boolean => [SCMP_ACT_ALLOW, SCMP_ACT_LOG].includes(action);

/** Whether a rule applies to all arguments and machines. */
const isForAll = ({ conditions, includes, excludes }: ProfileRule): boolean =>
  conditions.length === 0 &&
  [includes, excludes].every(
    ({ caps, arches, ...rest }) => caps.length + arches.length === 0 && own(rest, 'minKernel') === undefined,
  );

const architecturesOf = ({ architectures }: Pick<Profile, 'architectures'>): readonly string[] => {
  switch (architectures.kind) {
    case 'native':
      return [];
    case 'list':
      return architectures.architectures;
    case 'map':
      return architectures.entries.map(({ architecture }) => architecture);
  }
};

/** Converts profiles to recordings, with unknown arguments and programs. `abi` is for profiles that name no architecture. */
function recordProfiles(profiles: readonly RecordedProfile[], abi: AbiName): ReadDocument {
  const skipped: string[] = [];
  const recordings = profiles.map((recorded): Recording => {
    const { how, profile, coverage } = recorded;
    const native = architecturesOf(profile)
      .map(name => abiByScmpName(name)?.name)
      .find(name => name !== undefined && isNative(name));
    const on = native ?? abi;
    const total = coverage?.total ?? 1;
    const { names, others } = allowedIn(recorded, on);
    for (const name of others) skipped.push(name);
    return sealRecording({
      runs: total,
      sources: [
        {
          how,
          arch: on,
          kernel: '',
          libc: '',
          command: '',
          runs: total,
          lost: 0,
          skipped: others.length,
        },
      ],
      calls: names.toSorted(byText).map(syscall => {
        const runs = coverage?.calls.get(syscall) ?? 1;
        return {
          abi: on,
          syscall,
          phase: '',
          count: runs,
          runs,
          atLeast: false,
          unavailable: 0,
          programs: [],
          morePrograms: false,
          args: [],
        };
      }),
    });
  });
  return { recordings, skipped };
}
