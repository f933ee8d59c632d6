// The fast and the exact JSON parser return the same values, positions and errors for any text.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc, { type Arbitrary } from 'fast-check';
import { Findings } from '#lib/profile/findings.js';
import { locate, type JsonValue } from '#lib/profile/json.js';
import { readExactly } from '#lib/profile/read-json-exactly.js';
import { readJson } from '#lib/profile/read-json.js';
import { objectText } from '#lib/profile/object-text.js';
import { packageFile } from '#lib/package-files.js';
import { ProfileError } from '#lib/util/errors.js';
import { profile } from '../support/arbitrary.js';
import { property } from '../support/property.js';

/** The contents of a value, with the position of each value and key. */
function described(value: JsonValue): unknown {
  const at = locate(value);
  switch (value.kind) {
    case 'object':
      return [at, [...value.members].map(([name, { key, value }]) => [name, locate(key), described(value)])];
    case 'array':
      return [at, value.items.map(described)];
    case 'null':
      return [at, null];
    case 'number':
      return [at, 'number', value.text];
    default:
      return [at, value.value];
  }
}

/** The result or the error of a parser for a text. */
function outcome(read: typeof readJson, text: string): unknown {
  const findings = new Findings();
  try {
    const value = read(text, 'test.json', findings);
    findings.conclude(false);
    return described(value);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return error.problems;
  }
}

/** Values with every possible difference between the parsers: the text of numbers, and unordered, duplicate and numeric keys. */
const texts: Arbitrary<string> = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(
      '0',
      '-0',
      '1',
      '12.0',
      '1e2',
      '10E-1',
      '-5',
      '9007199254740993',
      '999999999999999',
      '1.5',
      'null',
      'true',
      'false',
    ),
    fc
      .string({ unit: fc.constantFrom('a', '"', '\\', ':', '{', ',', '\n', 'é', '😀', '-', '.') })
      .map(text => JSON.stringify(text)),
    fc.array(tie('value'), { maxLength: 4 }).map(items => `[${items.join(', ')}]`),
    fc
      .array(
        fc.tuple(
          fc.constantFrom('a', 'b', '1', '0', 'a:b', '__proto__', 'toString', 'é"', 'x'.repeat(1030)),
          tie('value'),
        ),
        { maxLength: 4 },
      )
      .map(
        members =>
          `{\n  ${members.map(([key, value]) => `${JSON.stringify(key)} : ${value}`).join(',\r\n\t')}}`,
      ),
  ),
})).value;

/** A text with one character removed, doubled or replaced. */
const damaged = (source: Arbitrary<string>): Arbitrary<string> =>
  fc
    .tuple(source, fc.nat(), fc.constantFrom('', '"', ',', ':', '}', '\\', '0', '.', ' ', '\u2028'))
    .map(([text, place, by]) => {
      const index = place % (text.length + 1);
      return text.slice(0, index) + by + text.slice(index + 1);
    });

describe('The JSON parsers', () => {
  const same = (text: string): void => assert.deepEqual(outcome(readJson, text), outcome(readExactly, text));

  property('agree on any value', texts, 300, same);
  property(
    'agree on profiles',
    profile.map(value => objectText(value)),
    50,
    same,
  );
  property('agree on texts with a mistake', damaged(texts), 300, same);
  it('agree on a shipped profile', () => {
    same(readFileSync(packageFile('profiles/docker-default.json'), 'utf8'));
  });
  it('agree on every kind of line end', () => {
    for (const end of ['\n', '\r', '\r\n', '\n\r']) same(`{${end}"a":${end}[1,${end}"b"${end}]${end}}${end}`);
  });
  it('agree on values at the nesting limit, and beyond', () => {
    for (const depth of [63, 64, 65]) same('['.repeat(depth) + ']'.repeat(depth));
    for (const depth of [63, 64, 65]) same(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  });
});
