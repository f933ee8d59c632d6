// `seccomp/inspect` on platforms without an add-on: a process that claims to be on another platform and cannot load one.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { compileAll, digests, expected } from './corpus.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Evaluates an expression with `seccomp`, the package's entry, and returns the result. */
function on(platform: string, arch: string, entry: string, expression: string): unknown {
  const program = `
    for (const [name, value] of Object.entries({ platform: '${platform}', arch: '${arch}' }))
      Object.defineProperty(process, name, { value });
    process.dlopen = () => { throw new Error('a library is loaded'); };
    const seccomp = require('${entry}');
    const codeOf = make => { try { return make(); } catch (error) { return error.code; } };
    process.stdout.write(JSON.stringify(${expression}));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-'], {
    cwd: root,
    // Not as an argument, which can have at most 128 KiB.
    input: program,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

describe('seccomp/inspect without an add-on', function () {
  this.timeout(120_000);

  for (const [platform, arch, native] of [
    ['darwin', 'arm64', 'aarch64'],
    ['win32', 'x64', 'x86_64'],
    ['freebsd', 'riscv64', undefined],
  ] as const)
    it(`works on ${platform} with ${arch}`, () => {
      const { programs, target, libseccomp } = on(
        platform,
        arch,
        'seccomp/inspect',
        `{
          programs: ${platform === 'darwin' ? compileAll : '{}'},
          target: codeOf(() => seccomp.compile('docker-default').target.arch),
          libseccomp: codeOf(() => seccomp.compile('docker-default', { arch: 'x86_64', codegen: 'libseccomp' }) && 0),
        }`,
      ) as { programs: Record<string, string>; target: string; libseccomp: string };
      if (platform === 'darwin') assert.deepEqual(digests(programs), expected);
      assert.equal(target, native ?? 'unsupported-architecture');
      assert.equal(libseccomp, 'unsupported-platform');
    });

  it('reports that filters cannot be loaded there', () => {
    assert.equal(
      on('win32', 'x64', 'seccomp', `codeOf(() => seccomp.applyProfile('docker-default'))`),
      'unsupported-platform',
    );
  });
});
