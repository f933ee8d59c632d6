// `seccomp precompile`.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { precompile } from '#lib/process/apply/precompile.js';
import { cli } from '../support/child.js';

describe('seccomp precompile', () => {
  let folder: string;
  let directory: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'seccomp-precompile-'));
    directory = join(folder, 'programs');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes the programs, and prints the path of their file', () => {
    const { code, stdout } = cli(['precompile', 'docker-default', directory]);
    assert.equal(code, 0);
    assert.equal(stdout.trim(), join(directory, readdirSync(directory)[0] ?? ''));
    assert.equal(stdout.trim(), precompile('docker-default', directory).file);
  });

  it('writes a file for each architecture', () => {
    const files = ['amd64', 'arm64'].map(arch => {
      const { stdout } = cli(['precompile', 'docker-default', directory, '--arch', arch, '--json']);
      return (JSON.parse(stdout) as { file: string }).file;
    });
    assert.deepEqual(
      files.sort(),
      readdirSync(directory)
        .map(name => join(directory, name))
        .sort(),
    );
    assert.equal(files.length, 2);
  });

  it('reads standard input, and calls it <stdin> in messages', () => {
    const profile =
      '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [], "flags": ["SECCOMP_FILTER_FLAG_LOG"] }';
    const { code, stderr } = cli(['precompile', '-', directory], profile);
    assert.equal(code, 2);
    assert.match(stderr, /^seccomp: error: "<stdin>" sets SECCOMP_FILTER_FLAG_LOG.*\[not-precompilable\]/);
  });
});
