// Every lint rule and every policy format has the parts that CONTRIBUTING.md requires, unless another test checks them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LINT_RULES } from 'seccomp/inspect';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const testsIn = (folder: string): string =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'))
    .map(name => read(`${folder}/${name}`))
    .join('\n');

describe('every lint rule', () => {
  // Warnings from parsing and resolving are rules too.
  const tests = testsIn('test/lint') + testsIn('test/profile');
  for (const code of Object.keys(LINT_RULES)) {
    it(`${code} is found by a test`, () => {
      assert.match(tests, new RegExp(`\\b${code}\\b`));
    });
  }
});

describe('every policy format', () => {
  const formats = readdirSync(`${root}lib/profile/formats`, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !['common', 'export'].includes(entry.name))
    .map(({ name }) => name);
  const tests = testsIn('test/profile');
  for (const format of formats) {
    it(`${format} is described in docs/convert.md`, () => {
      assert.match(read('docs/convert.md'), new RegExp(`\\b${format}\\b`, 'i'));
    });

    it(`${format} is parsed by a test`, () => {
      assert.match(tests, new RegExp(`\\b${format}\\b`, 'i'));
    });
  }
});
