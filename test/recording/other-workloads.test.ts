// A program recorded with one workload runs under its profile with others: larger input, an error, another locale.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/child.js';

describe('A generated profile', function () {
  this.timeout(60_000);
  let directory = '';
  let profile = '';
  const path = (name: string): string => join(directory, name);

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-workloads-'));
    mkdirSync(path('small'));
    writeFileSync(path('small/a'), 'a\n');
    mkdirSync(path('large'));
    for (const name of ['a', 'b', 'ü']) writeFileSync(path(`large/${name}`), Buffer.alloc(300_000, name));
    const recorded = cli([
      'record',
      '-o',
      path('r.json'),
      '--',
      'tar',
      '-cf',
      path('a.tar'),
      '-C',
      directory,
      'small',
    ]);
    assert.equal(recorded.code, 0, recorded.stderr);
    profile = path('profile.json');
    const generated = cli(['generate', '-o', profile, path('r.json')]);
    assert.equal(generated.code, 0, generated.stderr);
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  for (const [what, args, locale] of [
    ['the workload that was recorded', ['small'], 'C'],
    ['larger input and another locale', ['large', 'small'], 'C.UTF-8'],
    ['an error', ['small', 'missing'], 'C'],
  ] as const)
    it(`allows tar ${what}`, () => {
      const tar = (name: string): readonly string[] => [
        ...['env', `LC_ALL=${locale}`, 'tar', '-cvf', path(name), '-C', directory],
        ...args,
      ];
      const [command = '', ...rest] = tar('plain.tar');
      const plain = spawnSync(command, rest, { encoding: 'utf8' });
      const under = cli(['run', profile, '--', ...tar('under.tar')]);
      assert.deepEqual([under.code, under.stdout], [plain.status, plain.stdout], under.stderr);
    });

  it('refuses calls that were not seen and are not needed', () => {
    const { code, stdout } = cli(['simulate', profile, 'mount']);
    assert.equal(code, 1, stdout);
  });
});
