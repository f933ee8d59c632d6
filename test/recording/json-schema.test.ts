// recording.schema.json: it is up to date, accepts every recording of this package, and agrees with the parser.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc, { type Arbitrary } from 'fast-check';
import { formatRecording, mergeRecordings, parseRecording, readLog, RecordingError } from 'seccomp';
import { schemaValidator } from '../support/json-schema.js';
import { property } from '../support/property.js';
import { run } from './arbitrary-recording.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const schemaProblems = schemaValidator('recording.schema.json');

/** Problems that a schema cannot detect, such as inconsistent sums and duplicate calls; docs/recording.md lists them. */
const UNSEEN = /is listed twice|was seen in|failed \d+ times|and a value has more/;

/** The parser's error for a text; undefined if it is valid. */
function readerProblem(text: string): string | undefined {
  try {
    parseRecording(text);
    return undefined;
  } catch (error) {
    if (error instanceof RecordingError) return error.message;
    throw error;
  }
}

function agree(value: unknown): void {
  const text = JSON.stringify(value);
  const schema = schemaProblems(value);
  const reader = readerProblem(text);
  if (schema.length > 0)
    assert.ok(reader !== undefined, `the schema alone refuses ${text}: ${schema.join('; ')}`);
  else if (reader !== undefined) assert.match(reader, UNSEEN, `the schema takes ${text}`);
}

const odd: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', 0, 1, 2, -1, 1.5, 2 ** 53, 2 ** 31, 1e21),
  fc.constantFrom<unknown>(
    [],
    {},
    [null],
    [''],
    [1],
    [-1],
    ['a'],
    { values: [1] },
    { bits: 1 },
    { values: [] },
  ),
  fc.constantFrom(
    'read',
    'fork',
    'mmap2',
    '1073741823',
    '1073741824',
    '007',
    '7',
    'x86',
    'x86_64',
    'arm',
    'constructor',
  ),
  fc.constantFrom('x'.repeat(512), 'x'.repeat(513), '\0', '\ud800'),
  fc.integer({ min: 1, max: 70 }).map(length => Array.from({ length }, (_, index) => index)),
);
const key = fc.constantFrom(
  ...'kind version runs sources calls how arch kernel libc command lost skipped abi call phase count unavailable'.split(
    ' ',
  ),
  ...'programs morePrograms args 0 5 6 values bits unknown __proto__ constructor Count $schema'.split(' '),
);
const mistake = fc.record({ at: fc.nat(60), member: fc.nat(10), key, value: odd, kind: fc.nat(3) });

type Container = Record<string, unknown> | unknown[];
const containersOf = (value: unknown): readonly Container[] =>
  typeof value === 'object' && value !== null
    ? [value as Container, ...Object.values(value).flatMap(containersOf)]
    : [];

/** Removes, renames, adds or replaces one item somewhere in a value. */
function err(
  value: unknown,
  { at, member, key: name, value: given, kind }: typeof mistake extends Arbitrary<infer M> ? M : never,
): void {
  const all = containersOf(value);
  const place = all[at % all.length];
  if (place === undefined) return;
  const odd: unknown = structuredClone(given);
  if (Array.isArray(place)) {
    if (kind === 0) place.splice(member % (place.length + 1), 1);
    else if (kind === 1) place.push(odd);
    else if (place.length > 0) place[member % place.length] = odd;
    return;
  }
  const old = Object.keys(place)[member % Object.keys(place).length];
  const define = (property: string, content: unknown): unknown =>
    Object.defineProperty(place, property, {
      value: content,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  if (kind === 0 || old === undefined) define(name, odd);
  else if (kind === 1) define(old, odd);
  else {
    const before = place[old];
    Reflect.deleteProperty(place, old);
    if (kind === 2) define(name, before);
  }
}

describe('The JSON Schema of recordings', () => {
  it('is up to date', () => {
    execFileSync(process.execPath, [`${root}scripts/generate-recording-schema.mjs`, '--check'], {
      stdio: 'pipe',
    });
  });

  it('accepts 64-bit values, and many of them', () => {
    const lines = Array.from({ length: 70 }, (_, index) => `ioctl(1, ${index * 1000}, 0x1) = 0`);
    const { recording } = readLog(['kill(1, -1) = 0', 'syscall_0x7d0(0x1) = 0', ...lines], {
      arch: 'x86_64',
    });
    const text = formatRecording(recording);
    assert.match(text, /"bits":/);
    assert.deepEqual(schemaProblems(JSON.parse(text)), []);
  });

  property('takes every recording', fc.array(run, { maxLength: 3 }), 60, runs => {
    assert.deepEqual(schemaProblems(JSON.parse(formatRecording(mergeRecordings(...runs)))), []);
  });

  property(
    'agrees with the reader about mistakes',
    fc.tuple(run, fc.array(mistake, { minLength: 1, maxLength: 2 })),
    600,
    ([recording, mistakes]) => {
      const value: unknown = JSON.parse(formatRecording(recording));
      for (const each of mistakes) err(value, each);
      agree(value);
    },
  );
});
