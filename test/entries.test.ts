// The entries of the package: what each of them loads, and that they are one package in one process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inChild, told } from './support/child.js';

const bundle = fileURLToPath(new URL('../../bundle/', import.meta.url));

/** The text of a bundle and of all that it imports when it is loaded. */
function textOf(name: string): string {
  const seen = new Map<string, string>();
  const read = (path: string): void => {
    if (seen.has(path)) return;
    const text = readFileSync(path, 'utf8');
    seen.set(path, text);
    // Those of functions are for later.
    for (const [, next = ''] of text.matchAll(/^\S.*\brequire\(['"](\.[^'"]+)['"]\)/gm))
      read(join(dirname(path), next));
  };
  read(`${bundle}${name}.js`);
  return [...seen.values()].join('\n');
}

describe('The entries', () => {
  const PARTS: readonly (readonly [part: string, defined: string, entries: readonly string[]])[] = [
    ['the loader', 'function planLoad(', ['index', 'apply', 'load']],
    ["libseccomp's context", 'FilterContext = class', ['libseccomp']],
    ['the parser of profiles', 'function parseProfile(', ['index', 'apply', 'inspect']],
    ['the generator', 'function searchTree(', ['index', 'apply', 'inspect']],
    ['the tools that explain', 'function formatExplanation(', ['inspect']],
    ['lint', 'function lint(', ['index', 'inspect']],
    ['the page of reports', 'function comparisonSection(', ['inspect']],
  ];
  for (const [part, defined, entries] of PARTS) {
    it(`load ${part} where it is needed`, () => {
      assert.deepEqual(
        ['index', 'apply', 'load', 'inspect', 'libseccomp'].filter(name => textOf(name).includes(defined)),
        entries,
      );
    });
  }

  it('are the same for import and require, so that a process has one instance of the package', () => {
    const same = told<readonly boolean[]>(
      inChild(`
        const require = createRequire(import.meta.url);
        const results = [];
        for (const name of ['seccomp', 'seccomp/apply', 'seccomp/load', 'seccomp/inspect', 'seccomp/libseccomp']) {
          const [imported, required] = [await import(name), require(name)];
          const names = Object.keys(required);
          results.push(names.length > 10 && names.every(key => imported[key] === required[key]));
          results.push(Object.keys(imported).every(key => names.includes(key) || ['default', 'module.exports', '__esModule'].includes(key)));
        }
        const { parseProfile } = require('seccomp');
        const profile = parseProfile('docker-default');
        results.push((await import('seccomp')).parseProfile(profile) === profile);
        tell(results);`),
    );
    assert.deepEqual(
      same,
      same.map(() => true),
    );
  });

  it('are CommonJS that Node before require(esm) can load', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        '--no-experimental-require-module',
        '-e',
        "require('seccomp').compile('docker-default', { arch: 'x86_64' })",
      ],
      { cwd: fileURLToPath(new URL('../../', import.meta.url)), encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
  });

  it('are one package: a profile that one of them parsed is one for the others', () => {
    const same = told<readonly boolean[]>(
      inChild(`
        const [apply, load] = [await import('seccomp/apply'), await import('seccomp/load')];
        tell([apply.applyProfile === s.applyProfile, load.load === s.load, load.LoadError === s.LoadError]);`),
    );
    assert.deepEqual(
      same,
      same.map(() => true),
    );
  });

  it('put the process under a filter with what they have', () => {
    const modes = told<readonly string[]>(
      inChild(`
        const { applyProfile, status } = await import('seccomp/apply');
        const { load, status: state } = await import('seccomp/load');
        const { filter } = applyProfile('docker-default');
        const before = status().filters;
        load(filter.bpf);
        tell([status().mode, state().filters - before]);`),
    );
    assert.deepEqual(modes, ['filter', 1]);
  });
});
