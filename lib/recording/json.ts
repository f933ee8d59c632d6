// Reads and writes recordings as JSON: deterministic text that diffs well, and a parser for untrusted text.
import { ABIS, isCallNumber, syscallNumber } from '../kernel/abi.js';
import type { AbiName } from '../kernel/architectures.js';
import { parameterOf } from '../kernel/arguments/signatures.js';
import { noSuchCall } from '../kernel/calls/suggest-call.js';
import { Findings } from '../profile/findings.js';
import { locate, MAX_VALUES, type JsonArray, type JsonObject, type JsonValue } from '../profile/json.js';
import { readJson } from '../profile/read-json.js';
import { ProfileError, RecordingError } from '../util/errors.js';
import { attempt, requireText } from '../util/failures.js';
import { own } from '../util/own.js';
import { pickOptions } from '../util/options.js';
import { quote } from '../util/suggest.js';
import {
  byText,
  byValue,
  callKey,
  checkedRecording,
  LIMITS,
  sealRecording,
  type RecordedArgument,
  type RecordedCall,
  type Recording,
  type RecordingSource,
} from './recording.js';

/** The value of `kind` in the text of a recording. */
const KIND = 'seccomp recording';
const VERSION = 1;

/**
 * Returns the text of a recording: JSON of version 1, one call per line, the same for equal recordings.
 * Throws UsageError (`not-a-recording`), and RecordingError (`recording-too-large`) if `parseRecording` would reject the text.
 */
export function formatRecording(recording: Recording): string {
  const { runs, sources, calls } = checkedRecording(recording);
  const text = [
    '{',
    `  "kind": ${JSON.stringify(KIND)},`,
    `  "version": ${VERSION},`,
    `  "runs": ${runs},`,
    list('sources', sources.map(sourceText), ','),
    list('calls', calls.map(callText), ''),
    '}',
    '',
  ].join('\n');
  // Each value takes at least two characters, so shorter texts are within the limits.
  if (text.length > 2 * MAX_VALUES) parseRecording(text);
  return text;
}

const list = (key: string, lines: readonly string[], end: string): string =>
  lines.length === 0
    ? `  "${key}": []${end}`
    : `  "${key}": [\n${lines.map(line => `    ${line}`).join(',\n')}\n  ]${end}`;

const TEXTS = ['arch', 'kernel', 'libc', 'command'] as const;

const sourceText = (source: RecordingSource): string =>
  JSON.stringify({
    how: source.how,
    ...Object.fromEntries(TEXTS.filter(key => source[key] !== '').map(key => [key, source[key]])),
    runs: source.runs,
    ...(source.lost > 0 && { lost: source.lost }),
    ...(source.skipped > 0 && { skipped: source.skipped }),
  });

function callText({ abi, syscall, phase, count, atLeast, runs, unavailable, ...rest }: RecordedCall): string {
  const text = JSON.stringify({
    abi,
    call: syscall,
    ...(phase !== '' && { phase }),
    count,
    ...(atLeast && { atLeast }),
    runs,
    ...(unavailable > 0 && { unavailable }),
    ...(rest.programs.length > 0 && { programs: rest.programs }),
    ...(rest.morePrograms && { morePrograms: true }),
  });
  if (rest.args.length === 0) return text;
  // Formatted by hand, because JSON.stringify does not support 64-bit integers.
  const args = rest.args.map(arg => `"${arg.index}":${argumentText(arg)}`);
  return `${text.slice(0, -1)},"args":{${args.join(',')}}}`;
}

/** Formats an argument: `[1,2]` if these are all values; an object if values are unknown. */
function argumentText({ values, bits, more, unknown }: RecordedArgument): string {
  const list = `[${values.join(',')}]`;
  if (!more && !unknown) return list;
  return `{${more ? `"bits":${bits}` : `"values":${list}`}${unknown ? ',"unknown":true' : ''}}`;
}

/** Options of `parseRecording`. */
export interface ParseRecordingOptions {
  /** The name of the text in messages; default: `<recording>`. */
  readonly file?: string | undefined;
}

/**
 * Parses a text of `formatRecording`. The text may be untrusted.
 *
 * Throws RecordingError with the position: `bad-recording` for a text that is not a recording of version 1,
 * `recording-too-large`; and UsageError (`bad-argument`) for a value that is not a string.
 */
export function parseRecording(text: string, options: ParseRecordingOptions = {}): Recording {
  requireText('the text of a recording', text);
  const { file = '<recording>' } = pickOptions(options, ['file']);
  if (text.length > MAX_LENGTH)
    throw new RecordingError(
      'recording-too-large',
      `${file} is longer than ${MAX_LENGTH} characters`,
      'A day of a large program needs less than a million: check what you pass',
    );
  const read = (): Recording => {
    const findings = new Findings();
    const document = readJson(text.replace(/^\ufeff/, ''), file, findings);
    findings.conclude(true);
    return readRecording(document);
  };
  return attempt(read, ProfileError, ({ problems: [problem], at }) => {
    throw new RecordingError(
      problem?.code === 'too-many-values' ? 'recording-too-large' : 'bad-recording',
      problem?.message ?? 'the text is not JSON',
      /^\s*\{/.test(text)
        ? problem && own(problem, 'remedy')
        : 'Make a recording of a log with readLog or seccomp import',
      at,
    );
  });
}

/** Whether a text starts like those of `formatRecording`. */
export const isRecordingText = (text: string): boolean =>
  /^\s*\{\s*"kind"\s*:\s*"seccomp recording"/.test(text);

const MAX_LENGTH = 16 * 1024 * 1024;

const bad = (at: JsonValue, message: string, remedy?: string): never => {
  throw new RecordingError('bad-recording', message, remedy, locate(at));
};

function readRecording(document: JsonValue): Recording {
  const root = objectOf(document, 'a recording', ['kind', 'version', 'runs', 'sources', 'calls']);
  const kind = root.members.get('kind')?.value;
  if (kind?.kind !== 'string' || kind.value !== KIND)
    bad(
      document,
      `this is not a recording: "kind" is not ${JSON.stringify(KIND)}`,
      'Create one with seccomp import',
    );
  const version = countOf(root, 'version', 1);
  if (version !== VERSION)
    bad(
      document,
      `this recording is of version ${version}, not ${VERSION}`,
      'Use the version of seccomp that wrote it',
    );
  const runs = countOf(root, 'runs', 0);
  const sources = itemsOf(root, 'sources', LIMITS.sources).map(readSource);
  const calls = itemsOf(root, 'calls', LIMITS.calls).map(item => readCall(item, runs));
  const keys = new Set<string>();
  for (const { call, at } of calls) {
    const key = callKey(call);
    if (keys.has(key)) bad(at, `${call.syscall} is listed twice`, 'Add their counts');
    keys.add(key);
  }
  return sealRecording({
    runs,
    sources: sources.sort((a, b) => byText(JSON.stringify(a), JSON.stringify(b))),
    calls: calls.map(({ call }) => call).sort((a, b) => byText(callKey(a), callKey(b))),
  });
}

function readSource(item: JsonValue): RecordingSource {
  const object = objectOf(item, 'a source', ['how', ...TEXTS, 'runs', 'lost', 'skipped']);
  return {
    how: textOf(object, 'how') ?? bad(item, 'a source has no "how"'),
    arch: textOf(object, 'arch') ?? '',
    kernel: textOf(object, 'kernel') ?? '',
    libc: textOf(object, 'libc') ?? '',
    command: textOf(object, 'command') ?? '',
    runs: countOf(object, 'runs', 0),
    lost: countOf(object, 'lost', 0, 0),
    skipped: countOf(object, 'skipped', 0, 0),
  };
}

const CALL_KEYS = [
  'abi',
  'call',
  'phase',
  'count',
  'runs',
  'unavailable',
  'atLeast',
  'programs',
  'morePrograms',
  'args',
];

function readCall(item: JsonValue, allRuns: number): { readonly call: RecordedCall; readonly at: JsonValue } {
  const object = objectOf(item, 'a call', CALL_KEYS);
  const abi = textOf(object, 'abi');
  const syscall = textOf(object, 'call');
  if (abi === undefined || !isAbi(abi))
    return bad(item, `${quote(abi ?? '')} is not an ABI`, `Write one of: ${Object.keys(ABIS).join(', ')}`);
  if (syscall === undefined || !isCall(abi, syscall))
    return bad(item, noSuchCall(syscall ?? '', abi), 'Use the version of seccomp that recorded it');
  const count = countOf(object, 'count', 1);
  const runs = countOf(object, 'runs', 1);
  const unavailable = countOf(object, 'unavailable', 0, 0);
  if (runs > allRuns) bad(item, `${syscall} was seen in ${runs} runs of ${allRuns}`);
  if (unavailable > count) bad(item, `${syscall} failed ${unavailable} times of ${count}`);
  const programs = itemsOf(object, 'programs', LIMITS.programs, []).map(program =>
    program.kind === 'string' ? bounded(program, program.value) : bad(program, 'a program is not a string'),
  );
  const flag = (key: string): boolean => {
    const value = object.members.get(key)?.value;
    if (value === undefined) return false;
    return value.kind === 'boolean' ? value.value : bad(value, `"${key}" is not a boolean`);
  };
  const call: RecordedCall = {
    abi,
    syscall,
    phase: textOf(object, 'phase') ?? '',
    count,
    atLeast: flag('atLeast'),
    runs,
    unavailable,
    programs: [...new Set(programs)].sort(byText),
    morePrograms: flag('morePrograms'),
    args: readArguments(object, abi, syscall),
  };
  return { call, at: item };
}

const isAbi = (name: string): name is AbiName => Object.hasOwn(ABIS, name);

const isCall = (abi: AbiName, name: string): boolean =>
  isCallNumber(name)
    ? Number(name) < 2 ** 30 && String(Number(name)) === name
    : syscallNumber(abi, name) !== undefined;

function readArguments(call: JsonObject, abi: AbiName, syscall: string): readonly RecordedArgument[] {
  const args = call.members.get('args')?.value;
  if (args === undefined) return [];
  return [...objectOf(args, '"args"', ['0', '1', '2', '3', '4', '5']).members]
    .map(([index, { value }]) => {
      const argument = readArgument(Number(index), value);
      const width = parameterOf(abi, syscall, argument.index)?.width ?? 64;
      if (argument.bits >> BigInt(width) !== 0n)
        bad(value, `argument ${index} of ${syscall} has ${width} bits on ${abi}, and a value has more`);
      return argument;
    })
    .sort((a, b) => a.index - b.index);
}

function readArgument(index: number, value: JsonValue): RecordedArgument {
  if (value.kind === 'array') return { index, ...valuesOf(value), more: false, unknown: false };
  const { members } = objectOf(value, 'an argument', ['values', 'bits', 'unknown']);
  const [values, bits, unknown] = ['values', 'bits', 'unknown'].map(key => members.get(key)?.value);
  if (unknown !== undefined && unknown.kind !== 'boolean') bad(unknown, '"unknown" is not a boolean');
  const isUnknown = unknown?.kind === 'boolean' && unknown.value;
  if ((values === undefined) === (bits === undefined))
    return bad(value, 'an argument has either "values" or "bits"');
  if (bits !== undefined) return { index, values: [], bits: integerOf(bits), more: true, unknown: isUnknown };
  return values?.kind === 'array'
    ? { index, ...valuesOf(values), more: false, unknown: isUnknown }
    : bad(value, '"values" is not a list');
}

function valuesOf(list: JsonArray): Pick<RecordedArgument, 'values' | 'bits'> {
  if (list.items.length === 0 || list.items.length > LIMITS.values)
    bad(list, `an argument has 1 to ${LIMITS.values} values, not ${list.items.length}`);
  const values = [...new Set(list.items.map(integerOf))].sort(byValue);
  return { values, bits: values.reduce((all, each) => all | each, 0n) };
}

function objectOf(value: JsonValue, what: string, keys: readonly string[]): JsonObject {
  if (value.kind !== 'object') return bad(value, `${what} is not an object`);
  for (const [name, member] of value.members)
    if (!keys.includes(name))
      bad(member.value, `${what} has no key ${quote(name)}`, `The keys are: ${keys.join(', ')}`);
  return value;
}

function itemsOf(
  object: JsonObject,
  key: string,
  most: number,
  otherwise?: readonly JsonValue[],
): JsonValue[] {
  const value = object.members.get(key)?.value;
  if (value === undefined && otherwise !== undefined) return [...otherwise];
  if (value?.kind !== 'array') return bad(value ?? object, `"${key}" is not a list`);
  return [...boundedItems(value, key, most)];
}

const boundedItems = (value: JsonArray, key: string, most: number): readonly JsonValue[] => {
  if (value.items.length <= most) return value.items;
  throw new RecordingError(
    'recording-too-large',
    `"${key}" has ${value.items.length} items, more than ${most}`,
    undefined,
    locate(value),
  );
};

function textOf(object: JsonObject, key: string): string | undefined {
  const value = object.members.get(key)?.value;
  if (value === undefined) return undefined;
  return value.kind === 'string' ? bounded(value, value.value) : bad(value, `"${key}" is not a string`);
}

const bounded = (at: JsonValue, text: string): string =>
  text.length <= LIMITS.text ? text : bad(at, `a string is longer than ${LIMITS.text} characters`);

/** A count of at least `least`. */
function countOf(object: JsonObject, key: string, least: number, otherwise?: number): number {
  const value = object.members.get(key)?.value;
  if (value === undefined && otherwise !== undefined) return otherwise;
  const count = value?.kind === 'number' && /^\d{1,16}$/.test(value.text) ? Number(value.text) : undefined;
  if (count !== undefined && count >= least && Number.isSafeInteger(count)) return count;
  return bad(value ?? object, `"${key}" is not a whole number of at least ${least}`);
}

/** An unsigned integer of 64 bits. */
function integerOf(value: JsonValue): bigint {
  const number = value.kind === 'number' && /^\d{1,20}$/.test(value.text) ? BigInt(value.text) : undefined;
  if (number !== undefined && number < 1n << 64n) return number;
  return bad(value, 'a value is not an unsigned integer of 64 bits');
}
