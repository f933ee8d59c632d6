// The entries of the package: the files that each loads, and that they share one instance of the package in a process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BUNDLE_FILES } from './support/bundle-files.js';
import { inChild, told } from './support/child.js';

/** Parts of the package, each recognised by a line of its text. */
const PARTS = {
  'the loader': 'function planLoad(',
  'the parser': 'function parseProfile(',
  'the generator': 'function searchTree(',
  'the proof': 'function walked(',
  'the tools that explain': 'function formatExplanation(',
  lint: 'function lint(',
  "libseccomp's context": 'FilterContext = class',
};

/** The parts whose files a program has loaded by its end. */
function loadedBy(program: string): readonly string[] {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `${program}
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      console.log(JSON.stringify(${BUNDLE_FILES}));`,
    ],
    { cwd: fileURLToPath(new URL('../../', import.meta.url)), encoding: 'utf8' },
  );
  assert.notEqual(stdout, '', stderr);
  const texts = (JSON.parse(stdout) as readonly string[]).map(path => readFileSync(path, 'utf8'));
  assert.notEqual(texts.length, 0);
  return Object.entries(PARTS)
    .filter(([, line]) => texts.some(text => text.includes(line)))
    .map(([part]) => part);
}

describe('The entries', () => {
  const RULE =
    "{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'reboot', action: 'SCMP_ACT_ERRNO' }] }";
  for (const [program, parts] of [
    ["import 'seccomp';", []],
    ["import 'seccomp/apply';", []],
    ["import 'seccomp/load';", []],
    ["import { load } from 'seccomp/load'; load(Buffer.from('060000000000ff7f', 'hex'));", ['the loader']],
    ["import { applyProfile } from 'seccomp'; applyProfile('docker-default');", ['the loader']],
    [
      `import { applyProfile } from 'seccomp/apply'; applyProfile(${RULE});`,
      ['the loader', 'the parser', 'the generator', 'the proof'],
    ],
    ["import { lint } from 'seccomp'; lint('docker-default');", 'lint'],
  ] as const) {
    it(`load only the files that are needed: ${program}`, () => {
      const loaded = loadedBy(program);
      if (typeof parts === 'string') assert.ok(loaded.includes(parts), loaded.join());
      else assert.deepEqual(loaded, parts);
    });
  }

  it('export classes that work before anything else is loaded', () => {
    const answers = told<readonly unknown[]>(
      inChild(`
        class Own extends s.SandboxedWorker { isOwn() { return true; } }
        const worker = new Own('setImmediate(() => {})', { eval: true, profile: harmless });
        worker.terminate();
        tell([worker instanceof s.SandboxedWorker, worker instanceof Own, worker.isOwn(), s.SandboxedWorker.name]);`),
    );
    assert.deepEqual(answers, [true, true, true, 'SandboxedWorker']);
  });

  it('are the same for import and require, so a process has one instance of the package', () => {
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

  it('are CommonJS that Node without require(esm) can load', () => {
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

  it('share one package: each accepts a profile that another one parsed', () => {
    const same = told<readonly boolean[]>(
      inChild(`
        const [apply, load] = [await import('seccomp/apply'), await import('seccomp/load')];
        const profile = s.parseProfile('docker-default');
        tell([apply.compile(profile) === s.compile(profile), load.LoadError === s.LoadError,
          load.load(s.compile(profile), { dryRun: true }).filter === s.compile(profile)]);`),
    );
    assert.deepEqual(
      same,
      same.map(() => true),
    );
  });

  it('put the process under a filter on their own', () => {
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
