// Reads recordings that are a single document: profiles of the Security Profiles Operator, and those in Docker's format.
import { abiByScmpName, syscallNumber } from '../../kernel/abi.js';
import { isNative, type AbiName } from '../../kernel/architectures.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_LOG } from '../../kernel/constants.js';
import { Findings } from '../../profile/findings.js';
import { readYaml } from '../../profile/formats/common/yaml.js';
import { plainOf, type JsonObject, type JsonValue } from '../../profile/json.js';
import type { Profile, ProfileRule } from '../../profile/profile.js';
import { readJson } from '../../profile/read-json.js';
import { coveredAbis, readArchitectures } from '../../profile/schema/architecture.js';
import { fieldsOf } from '../../profile/schema/fields.js';
import { readRules } from '../../profile/schema/rule.js';
import { ProfileError } from '../../util/errors.js';
import { own } from '../../util/own.js';
import { byText, sealRecording, type Recording } from '../recording.js';

interface RecordedProfile {
  readonly how: 'operator' | 'profile';
  readonly profile: Pick<Profile, 'architectures' | 'rules'>;
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

/**
 * The recordings of a document; empty if it contains no profile. `abi` is for profiles that name no architecture,
 * `file` for messages.
 */
export function readDocument(lines: readonly string[], abi: AbiName, file: string): ReadDocument {
  try {
    const values = valuesOf(lines.join('\n'), file).flatMap(itemsOf);
    return recordProfiles(
      values.map(profileOf).filter(profile => profile !== undefined),
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

/** The items of a Kubernetes list, or the value itself. */
function itemsOf(value: JsonValue): readonly JsonValue[] {
  const items = memberOf(value, 'items');
  return items?.kind === 'array' ? items.items : [value];
}

const memberOf = (value: JsonValue | undefined, key: string): JsonValue | undefined =>
  value?.kind === 'object' ? value.members.get(key)?.value : undefined;

/** The object with the rules: in a resource of the operator, or in Docker's format. */
function bodyOf(value: JsonValue): JsonObject | undefined {
  const kind = memberOf(value, 'kind');
  const isResource = kind?.kind === 'string' && kind.value === 'SeccompProfile';
  const body = isResource ? memberOf(value, 'spec') : value;
  if (body?.kind !== 'object') return undefined;
  return isResource ||
    (memberOf(body, 'defaultAction')?.kind === 'string' && memberOf(body, 'syscalls')?.kind === 'array')
    ? body
    : undefined;
}

/** Parses a profile as for compiling, but ignores its default action, which does not matter here. Throws ProfileError. */
function profileOf(value: JsonValue): RecordedProfile | undefined {
  const body = bodyOf(value);
  if (body === undefined) return undefined;
  const isOwn = body === value;
  const findings = new Findings();
  const fields = fieldsOf(body, ['architectures', 'archMap', 'syscalls'], findings);
  const architectures = readArchitectures(fields.get('architectures'), fields.get('archMap'), findings);
  const rules = readRules(
    fields.get('syscalls'),
    isOwn ? 'docker' : 'spo',
    coveredAbis(architectures),
    findings,
  );
  findings.conclude(false);
  const coverage = memberOf(memberOf(memberOf(value, 'metadata'), 'annotations'), COVERAGE);
  return {
    how: isOwn ? 'profile' : 'operator',
    profile: { architectures, rules },
    coverage: coverageOf(coverage && plainOf(coverage)),
  };
}

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

/** The names of calls that a profile allows unconditionally, and of others that it allows, which no recorder writes. */
function allowedIn(rules: readonly ProfileRule[]): {
  readonly names: readonly string[];
  readonly others: readonly string[];
} {
  const namesOf = (some: (rule: ProfileRule) => boolean): ReadonlySet<string> =>
    new Set(rules.filter(some).flatMap(rule => rule.names.map(({ name }) => name)));
  const refused = namesOf(rule => !isAllowing(rule));
  const always = namesOf(rule => isAllowing(rule) && isForAll(rule));
  const isAlways = (name: string): boolean => always.has(name) && !refused.has(name);
  const all = [...namesOf(isAllowing)];
  return { names: all.filter(isAlways), others: all.filter(name => !isAlways(name)) };
}

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
  const recordings = profiles.map(({ how, profile, coverage }): Recording => {
    const native = architecturesOf(profile)
      .map(name => abiByScmpName(name)?.name)
      .find(name => name !== undefined && isNative(name));
    const on = native ?? abi;
    const total = coverage?.total ?? 1;
    const { names, others } = allowedIn(profile.rules);
    const isThere = (name: string): boolean => syscallNumber(on, name) !== undefined;
    const known = names.filter(isThere);
    const unknown = [...names.filter(name => !isThere(name)), ...others];
    for (const name of unknown) skipped.push(name);
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
          skipped: unknown.length,
        },
      ],
      calls: known.sort(byText).map(syscall => {
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
