// Reads what other recorders hand over as one document: profiles of the Security Profiles Operator, and those in Docker's format.
import { abiByScmpName, syscallNumber } from '../../kernel/abi.js';
import { isNative, type AbiName } from '../../kernel/architectures.js';
import { Findings } from '../../profile/findings.js';
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

/** The recordings of a document; none where it has no profile. `abi` is for profiles that name no architecture. */
export function readDocument(lines: readonly string[], abi: AbiName): ReadDocument {
  if (!(lines.find(line => line.trim() !== '') ?? '').trimStart().startsWith('{'))
    return recordProfiles(profilesOfYaml(lines), abi);
  const text = lines.join('\n');
  try {
    const findings = new Findings();
    readJson(text, '<log>', findings);
    // Parsers differ in which of two duplicate keys they use.
    findings.conclude(true);
    return recordProfiles(profilesOf(JSON.parse(text)), abi);
  } catch (error) {
    if (error instanceof ProfileError) return recordProfiles([], abi);
    throw error;
  }
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

/**
 * The profiles of the operator in YAML as the API server writes it: in block style, one key or item a line. Other styles of
 * YAML are left out, and so never make a recording wider.
 */
function profilesOfYaml(lines: readonly string[]): readonly RecordedProfile[] {
  const profiles: RecordedProfile[] = [];
  let document: string[] = [];
  const take = (): void => {
    if (document.some(line => /^(?: {2})?(?:- | {2})?kind: SeccompProfile *$/.test(line)))
      profiles.push(yamlProfile(document));
    document = [];
  };
  for (const line of withoutTexts(lines)) {
    // Items of a list begin at the margin or two spaces from it.
    if (line.startsWith('---') || /^(?: {2})?- apiVersion:/.test(line)) take();
    document.push(line);
  }
  take();
  return profiles;
}

/** Marks a duplicate key; no key is empty. */
const TWICE = '';

/** A scalar in block style, and one in quotes that does not end on its line. */
const BLOCK = /^( *(?:- +)*)(?:[^'"#\s][^#]*: +|- +)?[|>][+-]?\d?[+-]? *(?:#.*)?$/;
const OPEN_QUOTE = /^ *(?:- +)*(?:[^'"#\s][^#]*?: +)?(["'])(?!.*\1 *$)/;

/** Without the lines of block scalars, whose content may look like a profile. */
function* withoutTexts(lines: readonly string[]): Generator<string> {
  let block: number | undefined;
  let quote: string | undefined;
  for (const line of lines) {
    if (quote !== undefined) {
      if (line.includes(quote)) quote = undefined;
      continue;
    }
    const indent = line.search(/[^ ]/);
    if (block !== undefined && (indent < 0 || indent > block)) continue;
    block = BLOCK.exec(line)?.[1]?.length;
    quote = block === undefined ? OPEN_QUOTE.exec(line)?.[1] : undefined;
    yield line;
  }
}

/** `    - name: value`: the indentation, whether an item begins, the key, the value. */
const YAML = /^( *)(- +)?(?:([\w.$/-]+):(?: +|$))?(.*)$/;

function yamlProfile(lines: readonly string[]): RecordedProfile {
  const architectures: string[] = [];
  const names: string[] = [];
  let coverage: string | undefined;
  let rules: number | undefined;
  let inSpec = false;
  let item: number | undefined;
  let list: { readonly key: string; readonly indent: number; readonly into: string[] } | undefined;
  const newRule = (): { names: string[]; action: string | undefined; keys: Set<string> } => ({
    names: [],
    action: undefined,
    keys: new Set(),
  });
  let rule = newRule();
  const takeRule = (): void => {
    if (isAllowing(rule.action) && !rule.keys.has(TWICE)) for (const name of rule.names) names.push(name);
    rule = newRule();
  };
  for (const line of lines) {
    const [, margin = '', dash, key, text = ''] = YAML.exec(line.trimEnd()) ?? [];
    if (text.startsWith('#') || (text === '' && key === undefined)) continue;
    const value = text.replace(/^(['"])(.*)\1$/, '$2');
    const outer = margin.length;
    if (key === COVERAGE) coverage = value.replaceAll("''", "'").replaceAll('\\"', '"');
    if (key === 'spec' && dash === undefined) inSpec = true;
    if (!inSpec) continue;
    if (dash !== undefined && key === undefined && list !== undefined && outer >= list.indent) {
      list.into.push(value);
      continue;
    }
    list = undefined;
    if (rules !== undefined && (dash === undefined ? outer <= rules : outer < rules)) {
      takeRule();
      rules = undefined;
      item = undefined;
    }
    if (rules === undefined) {
      if (key === 'syscalls') rules = outer;
      if (key === 'architectures') list = { key, indent: outer, into: architectures };
      continue;
    }
    item ??= outer;
    if (dash !== undefined && outer === item) takeRule();
    // Keys of the rule itself, not those of its arguments.
    const indent = outer + (dash?.length ?? 0);
    if (indent !== item + 2) continue;
    // Parsers differ in how they treat duplicate keys.
    if (key !== undefined && rule.keys.has(key)) rule.keys.add(TWICE);
    if (key !== undefined) rule.keys.add(key);
    if (key === 'action') rule.action = value;
    if (key === 'names') {
      const flow = /^\[(.*)\]$/.exec(value)?.[1];
      if (flow !== undefined) rule.names.push(...flow.split(',').map(name => name.trim()));
      else list = { key, indent, into: rule.names };
    }
  }
  takeRule();
  return { how: 'operator', architectures, names, coverage: coverageOf(coverage) };
}

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
