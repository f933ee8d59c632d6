// The first problem of a YAML text against the library, which reports all of them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseProfile, ProfileError } from 'seccomp';
import { LineCounter, parseAllDocuments } from 'yaml';
import { property } from '../../support/property.js';

const PIECES = [
  'a: b\n',
  'a: b: c\n',
  '- x\n',
  '- @\n',
  '- "a\n',
  '"\\q"\n',
  ']\n',
  '}\n',
  '[a b: c, , d]\n',
  '{: : }\n',
  '- !x a\n',
  '!y z\n',
  '- &a &b c\n',
  '---\n',
  '...\n',
  '... x\n',
  '%FOO\n',
  '%YAML 1.1\n',
  '%YAML 9.9\n',
  '%TAG ! x\n',
  '# comment\n',
  '\t- a\n',
  '  y\n',
  '  |x\n',
  '>\n',
  '? a\n',
  '\ufeff',
  '\r\n',
  '@',
];

/** The place and the words of the first problem in the first document that has one. */
function firstProblem(text: string): string | undefined {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter,
    schema: 'core',
    merge: false,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
  });
  for (const { errors, warnings } of documents)
    for (const { pos, message } of [...errors, ...warnings]) {
      const { line, col } = lineCounter.linePos(pos[0]);
      return `${Math.max(1, line)}:${Math.max(1, col)} ${message.replace(/\s+/g, ' ')}`;
    }
  return undefined;
}

const problemOf = (text: string): string | undefined => {
  try {
    parseProfile(Buffer.from(text));
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    const [problem] = error.problems;
    if (problem?.code === 'yaml-syntax')
      return `${problem.at?.line}:${problem.at?.column} ${problem.message}`;
  }
  return undefined;
};

describe('The problem that is reported of a YAML text', () => {
  property(
    'is the first one of the library',
    fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map(pieces => `kind: x\n${pieces.join('')}`),
    500,
    text => {
      const expected = firstProblem(text);
      if (expected !== undefined) assert.equal(problemOf(text), expected);
    },
  );

  it('takes no longer to find among a hundred thousand than a text without any', () => {
    const time = (text: string, isFaulty: boolean): number => {
      const start = process.cpuUsage().user;
      assert.equal(problemOf(text) !== undefined, isFaulty);
      return process.cpuUsage().user - start;
    };
    const usual = time(`kind: x\nspec:\n${'- a\n'.repeat(50_000)}`, false);
    for (const faulty of [']\n'.repeat(100_000), `[${','.repeat(200_000)}`, `"${'\\q'.repeat(100_000)}"`]) {
      const took = time(`kind: x\nspec:\n  ${faulty}`, true);
      assert.ok(took < 1.5 * usual, `${took / usual} times as long for ${faulty.slice(0, 8)}`);
    }
  });
});
