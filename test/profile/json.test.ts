// The JSON parser: nothing is lost, and everything has its position.
import assert from 'node:assert/strict';
import { Findings } from '#lib/profile/findings.js';
import { locate, MAX_DEPTH, MAX_KEY, MAX_VALUES, type JsonValue } from '#lib/profile/json.js';
import { readJson } from '#lib/profile/read-json.js';
import { failure, marked } from './helpers.js';

const read = (text: string): JsonValue => {
  const findings = new Findings();
  const value = readJson(text, 'test.json', findings);
  findings.conclude(false);
  return value;
};

/** The value at a path of keys and indices. */
function dig(value: JsonValue | undefined, ...path: readonly (string | number)[]): JsonValue {
  for (const step of path) {
    if (value?.kind === 'object') value = value.members.get(String(step))?.value;
    else if (value?.kind === 'array') value = value.items[Number(step)];
    else value = undefined;
  }
  assert.ok(value !== undefined);
  return value;
}

describe('JSON parser', () => {
  it('preserves the text of numbers', () => {
    for (const text of ['0', '-0', '18446744073709551615', '9007199254740993', '1e400', '1.50', '-12E+3']) {
      const value = dig(read(`[${text}]`), 0);
      assert.equal(value.kind === 'number' && value.text, text);
    }
  });

  it('has the line, column and pointer of every value and key', () => {
    const root = read('{\n  "a/b": [\n    true,\n    {"~": null}\n  ]\n}');
    assert.deepEqual(locate(root), { file: 'test.json', line: 1, column: 1, pointer: '' });
    assert.deepEqual(locate(dig(root, 'a/b', 0)), {
      file: 'test.json',
      line: 3,
      column: 5,
      pointer: '/a~1b/0',
    });
    assert.deepEqual(locate(dig(root, 'a/b', 1, '~')), {
      file: 'test.json',
      line: 4,
      column: 11,
      pointer: '/a~1b/1/~0',
    });
    const object = dig(root, 'a/b', 1);
    const member = object.kind === 'object' ? object.members.get('~') : undefined;
    assert.deepEqual(member && locate(member.key), {
      file: 'test.json',
      line: 4,
      column: 6,
      pointer: '/a~1b/1/~0',
    });
  });

  it('counts \\n, \\r\\n and \\r as one line break each, and columns in UTF-16 units', () => {
    const root = read('[1,\n2,\r\n3,\r4, "😀", 5]');
    assert.deepEqual(
      [0, 1, 2, 3, 5].map(index => locate(dig(root, index))).map(({ line, column }) => [line, column]),
      [
        [1, 2],
        [2, 1],
        [3, 1],
        [4, 1],
        [4, 10],
      ],
    );
  });

  const faults: readonly (readonly [text: string, message: RegExp])[] = [
    ['→', /expected a value, found the end of the text/],
    ['{→', /expected "}", found the end/],
    ['{"a"→', /expected ":", found the end/],
    ['{"a":→', /expected a value, found the end/],
    ['{"a":→}', /expected a value, found "}"$/],
    ['{"a":1→', /expected "}", found the end/],
    ['{"a":1,→}', /expected a key in double quotes, found "}".*Remove the comma before it/s],
    ['[1,→]', /expected a value, found "\]".*Remove the comma before it/s],
    ['[1 →2]', /expected ",", found "2"/],
    ['[0→1]', /expected ",", found "1"/],
    ['[→1.]', /this number is incomplete/],
    ['[→-]', /expected a value, found "-"/],
    ['[→+1]', /expected a value, found "\+1"/],
    ['[→NaN]', /expected a value, found "NaN"/],
    ['[→TRUE]', /expected a value, found "TRUE"/],
    ["{→'a': 1}", /found "'a'".*double quotes/s],
    ['{→a: 1}', /found "a"/],
    ['[→"a', /does not end on its line/],
    ['[→"a\n"]', /does not end on its line/],
    ['[→"\\x"]', /unknown escape/],
    ['[→"\\u12"]', /four hexadecimal digits/],
    ['[→"\u0000"]', /control character/],
    ['[→\u0000]', /expected a value, found "\\u0000"/],
    ['[\n  →// why\n]', /JSON has no comments/],
    ['→/* why */ []', /JSON has no comments/],
    ['[] →[]', /expected the end of the text, found "\["/],
    ['[→\u00a0]', /expected a value/],
  ];
  for (const [text, message] of faults) {
    it(`reports ${JSON.stringify(text)} at the arrow`, () => {
      const { text: broken, line, column } = marked(text);
      const error = failure(() => read(broken));
      assert.equal(error.code, 'json-syntax');
      assert.deepEqual([error.at?.line, error.at?.column], [line, column]);
      assert.match(
        error.problems
          .map(({ message, remedy }) => (remedy === undefined ? message : `${message}. ${remedy}`))
          .join(),
        message,
      );
    });
  }

  it('reports the member with a syntax error', () => {
    assert.equal(failure(() => read('{"a": {"b": [0, {"c": }]}}')).at?.pointer, '/a/b/1/c');
  });

  it('reports a duplicate key, with both positions', () => {
    const { text, line, column } = marked('{"a": 1,\n "b": 2, →"a": 3}');
    const error = failure(() => read(text));
    assert.equal(error.code, 'duplicate-key');
    assert.deepEqual(error.at, { file: 'test.json', line, column, pointer: '/a' });
    assert.match(error.message, /line 1, column 2/);
  });

  it('reports every duplicate key', () => {
    assert.equal(failure(() => read('[{"a":1,"a":1}, {"b":1,"b":1,"b":1}]')).problems.length, 3);
  });

  it('treats a key with an escape as the same key', () => {
    assert.equal(failure(() => read('{"a":1,"\\u0061":2}')).code, 'duplicate-key');
  });

  it('keeps __proto__ as a key like any other', () => {
    const root = read('{"__proto__": {"polluted": true}, "constructor": 1}');
    assert.equal(dig(root, '__proto__', 'polluted').kind, 'boolean');
    assert.equal('polluted' in {}, false);
  });

  it('keeps lone surrogates and escaped NULs', () => {
    const root = read('["\\ud800", "\\u0000", "\udfff"]');
    assert.deepEqual(
      [0, 1, 2].map(index => dig(root, index)).map(value => value.kind === 'string' && value.value),
      ['\ud800', '\0', '\udfff'],
    );
  });

  it(`parses ${MAX_DEPTH} levels and refuses more, however many`, () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    assert.equal(read(nested(MAX_DEPTH)).kind, 'array');
    for (const text of [nested(MAX_DEPTH + 1), '['.repeat(5_000_000), '{"a":'.repeat(1_000_000)]) {
      assert.equal(failure(() => read(text)).code, 'too-deep');
    }
  });

  it('refuses more values and longer keys than any profile needs', () => {
    assert.equal(failure(() => read(`[${'0,'.repeat(MAX_VALUES)}0]`)).code, 'too-many-values');
    assert.equal(failure(() => read(`{"${'k'.repeat(MAX_KEY + 1)}": 1}`)).code, 'key-too-long');
  });
});
