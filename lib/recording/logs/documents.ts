// Reads what other recorders hand over as one document: profiles of the Security Profiles Operator, and those in Docker's format.
import { abiByScmpName, syscallNumber } from '../../kernel/abi.js';
import { isNative, type AbiName } from '../../kernel/architectures.js';
import { Findings } from '../../profile/findings.js';
import { readYaml } from '../../profile/formats/common/yaml.js';
import { plainOf, type JsonValue } from '../../profile/json.js';
import { readJson } from '../../profile/read-json.js';
import { ProfileError } from '../../util/errors.js';
import { own } from '../../util/own.js';
import { byText, sealRecording, type Recording } from '../recording.js';

interface RecordedProfile {
  readonly how: 'operator' | 'profile';
  readonly architectures: readonly string[];
  /** The calls that it allows. */
  readonly names: readonly string[];
  /** How many runs it was made of, and in how many of them each call was seen. */
  readonly coverage: { readonly total: number; readonly calls: ReadonlyMap<string, number> } | undefined;
}

/** What was made of a document. */
interface ReadDocument {
  readonly recordings: readonly Recording[];
  /** Names that the ABI does not have. */
  readonly skipped: readonly string[];
  /** Why it cannot be read. */
  readonly fault?: string;
}

const COVERAGE = 'spo.x-k8s.io/syscall-coverage';
/** More than any recorder merges, so that hostile numbers stay numbers. */
const MAX_RUNS = 1_000_000;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const stringsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];

/** Whether a log that begins with this line is a document: JSON over several lines, a profile on one, or YAML of Kubernetes. */
export function beginsDocument(line: string): boolean {
  if (/^(?:---\s*$|apiVersion:|kind:|items:|metadata:|spec:)/.test(line)) return true;
  if (!line.trimStart().startsWith('{')) return false;
  try {
    return profilesOf(JSON.parse(line)).length > 0;
  } catch {
    // A line of JSON lines would be complete.
    return !/^\s*\{.*\}\s*$/.test(line);
  }
}

/**
 * The recordings of a document; none where it has no profile. `abi` is for profiles that name no architecture, `file` for
 * messages.
 */
export function readDocument(lines: readonly string[], abi: AbiName, file: string): ReadDocument {
  try {
    const values = valuesOf(lines.join('\n'), file);
    return recordProfiles(
      values.flatMap(value => profilesOf(plainOf(value))),
      abi,
    );
  } catch (error) {
    if (error instanceof ProfileError) return { recordings: [], skipped: [], fault: error.message };
    throw error;
  }
}

/** The values of a text in JSON or YAML. Throws ProfileError, also for duplicate keys: parsers differ in which one they use. */
function valuesOf(text: string, file: string): readonly JsonValue[] {
  if (!text.trimStart().startsWith('{')) return readYaml(text, file);
  const findings = new Findings();
  const value = readJson(text, file, findings);
  findings.conclude(true);
  return [value];
}

/** The profiles in a JSON value: one, that of a Kubernetes object, or those in a list. */
function profilesOf(value: unknown): readonly RecordedProfile[] {
  if (!isObject(value)) return [];
  const items = own(value, 'items');
  if (Array.isArray(items))
    return items.flatMap(item => (isObject(item) && !Object.hasOwn(item, 'items') ? profilesOf(item) : []));
  const spec = own(value, 'spec');
  if (isObject(spec)) {
    if (own(value, 'kind') !== 'SeccompProfile') return [];
    const metadata = own(value, 'metadata');
    const annotations = isObject(metadata) ? own(metadata, 'annotations') : undefined;
    return [profileOf(spec, 'operator', isObject(annotations) ? own(annotations, COVERAGE) : undefined)];
  }
  return typeof own(value, 'defaultAction') === 'string' && Array.isArray(own(value, 'syscalls'))
    ? [profileOf(value, 'profile', undefined)]
    : [];
}

function profileOf(
  body: Record<string, unknown>,
  how: RecordedProfile['how'],
  coverage: unknown,
): RecordedProfile {
  const rules = own(body, 'syscalls');
  const names = (Array.isArray(rules) ? rules : []).flatMap((rule: unknown) =>
    isObject(rule) && isAllowing(own(rule, 'action')) ? stringsOf(own(rule, 'names')) : [],
  );
  return { how, architectures: stringsOf(own(body, 'architectures')), names, coverage: coverageOf(coverage) };
}

const isAllowing = (action: unknown): boolean => action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG';

/** `{"version":"v1","total":3,"syscalls":{"read":3,"mknod":1}}`. */
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

/** The recordings of profiles. Nothing is known of arguments and programs. `abi` is for profiles that name no architecture. */
function recordProfiles(profiles: readonly RecordedProfile[], abi: AbiName): ReadDocument {
  const skipped: string[] = [];
  const recordings = profiles.map(({ how, architectures, names, coverage }): Recording => {
    const native = architectures
      .map(name => abiByScmpName(name)?.name)
      .find(name => name !== undefined && isNative(name));
    const on = native ?? abi;
    const total = coverage?.total ?? 1;
    const known = [...new Set(names)].filter(name => {
      const isThere = syscallNumber(on, name) !== undefined;
      if (!isThere) skipped.push(name);
      return isThere;
    });
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
          skipped: names.length - known.length,
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
