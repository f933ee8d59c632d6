// `seccomp derive` and `seccomp merge`: making profiles from others on the command line.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/filter/compile-profile.js';
import { isEquivalent, isSubset } from '#lib/filter/inspect/compare.js';
import { derive, formatProfile } from '#lib/filter/algebra/derive.js';
import { cli } from '../support/child.js';

describe('seccomp derive', () => {
  let directory = '';
  before(() => (directory = mkdtempSync(join(tmpdir(), 'seccomp-derive-'))));
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('writes the text of the base with the changes, and reports them', () => {
    const { code, stdout, stderr } = cli([
      'derive',
      'docker-default',
      '--deny',
      '@chmod',
      '--explain',
      '--arch',
      'x86_64',
    ]);
    assert.equal(code, 0);
    assert.equal(stdout, formatProfile(derive('docker-default', { deny: ['@chmod'] })));
    assert.equal(
      stderr,
      'on x86_64, x86, x32\nALLOW -> ERRNO(EPERM)\n  chmod, fchmod, fchmodat, fchmodat2\n',
    );
  });

  it('accepts comma-separated lists, repeated options, and profiles on standard input', () => {
    const profile =
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","exit"],"action":"SCMP_ACT_ALLOW"}]}';
    const { stdout } = cli(
      ['derive', '-', '--allow', 'write,mkdir', '--allow', 'rmdir', '--deny', 'read'],
      profile,
    );
    assert.deepEqual(
      (JSON.parse(stdout) as { syscalls: { names: string[] }[] }).syscalls.map(({ names }) => names),
      [['exit'], ['mkdir', 'rmdir', 'write']],
    );
  });

  it('refuses empty lists of calls, such as an unset variable', () => {
    for (const list of ['', ' , '])
      for (const option of ['--allow', '--deny', '--only']) {
        const { code, stdout, stderr } = cli(['derive', 'docker-default', option, list]);
        assert.deepEqual([code, stdout], [2, '']);
        assert.match(stderr, new RegExp(`'${option} <calls>' argument '${list}' is invalid`));
      }
  });

  it('writes a file that extends its base by a path relative to its folder', () => {
    const [output, folder] = [join(directory, 'derived.json'), join(directory, 'below')];
    const base = join(folder, 'base.json');
    mkdirSync(folder);
    writeFileSync(
      base,
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}',
    );
    assert.equal(cli(['derive', base, '--allow', 'write', '--to', 'extends', '-o', output]).code, 0);
    assert.equal(
      readFileSync(output, 'utf8'),
      '{\n  "extends": "./below/base.json",\n  "allow": ["write"]\n}\n',
    );
    assert.ok(isEquivalent(compile(output), compile(derive(base, { allow: ['write'] }))));
    assert.equal(
      cli(['derive', 'docker-default', '--allow', '@io_uring', '--to', 'extends']).stdout,
      '{\n  "extends": "docker-default",\n  "allow": ["@io_uring"]\n}\n',
    );
    for (const [source, place] of [
      ['-', join(directory, 'of-input.json')],
      [base, join(directory, 'elsewhere/derived.json')],
    ] as const)
      assert.match(
        cli(['derive', source, '--to', 'extends', '-o', place], readFileSync(base, 'utf8')).stderr,
        /bad-option/,
      );
  });

  it('accepts a program as its base, and writes other formats', () => {
    const path = join(directory, 'base.bpf');
    writeFileSync(path, compile('docker-default', { arch: 'x86_64' }).bpf);
    const derived = join(directory, 'derived.bpf');
    assert.equal(
      cli(['derive', path, '--deny', '@network', '--to', 'bpf', '--arch', 'x86_64', '-o', derived]).code,
      0,
    );
    assert.ok(
      isSubset(
        readFileSync(derived),
        compile(derive('docker-default', { deny: ['@network'] }), { arch: 'x86_64' }),
      ),
    );
  });

  it('suggests the closest name', () => {
    const { code, stderr } = cli(['derive', 'docker-default', '--deny', 'chmodd']);
    assert.equal(code, 2);
    assert.match(stderr, /deny names "chmodd".*Did you mean "chmod"\?/);
  });
});

describe('seccomp merge', () => {
  const deny =
    '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[{"names":["socket"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]}]}';
  for (const [way, expected] of [
    ['--intersection', 'socket: ALLOW -> ERRNO(EPERM) if domain is AF_INET'],
    ['--difference', 'socket: ALLOW -> ERRNO(EPERM) if domain is none of AF_INET, AF_ALG and AF_VSOCK'],
  ] as const) {
    it(`${way} combines the conditions of both`, () => {
      const { code, stderr, stdout } = cli(
        ['merge', way, 'docker-default', '-', '--explain', '--arch', 'x86_64', '--to', 'bpf'],
        deny,
      );
      assert.equal(code, 0, stderr);
      assert.ok(stderr.includes(expected), stderr);
      assert.ok(stdout.length > 0);
    });
  }

  it('writes a profile that equals the union', () => {
    const { code, stdout, stderr } = cli([
      'merge',
      '--union',
      'docker-default',
      'docker-default',
      '--arch',
      'x86_64',
      '--explain',
    ]);
    assert.equal(code, 0);
    assert.ok(
      isEquivalent(
        compile(Buffer.from(stdout), { arch: 'x86_64' }),
        compile('docker-default', { arch: 'x86_64' }),
      ),
    );
    assert.equal(stderr, 'seccomp: nothing changes\n');
  });

  it('requires one option, and two filters', () => {
    for (const args of [[], ['--union', '--intersection']])
      assert.match(cli(['merge', ...args, 'docker-default', 'docker-default']).stderr, /bad-option/);
    assert.equal(cli(['merge', '--union', 'docker-default']).code, 2);
  });
});
