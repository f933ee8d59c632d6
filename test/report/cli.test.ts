// `seccomp report`.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/filter/compile-profile.js';
import { cli } from '../support/child.js';

const PROFILE =
  '{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{ "names": ["read"], "action": "SCMP_ACT_ALLOW" }] }';

describe('seccomp report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-report-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const title = (page: string): string | undefined => /<title>(.*?)<\/title>/.exec(page)?.[1];

  it('writes a page to a file', () => {
    const file = join(folder, 'page.html');
    const { code, stdout } = cli(['report', 'docker-default', '-o', file]);
    assert.deepEqual([code, stdout], [0, '']);
    assert.equal(title(readFileSync(file, 'utf8')), 'seccomp: docker-default');
  });

  it('reads a profile from standard input and writes to standard output', () => {
    const { code, stdout } = cli(['report', '-'], PROFILE);
    assert.equal(code, 0);
    assert.equal(title(stdout), 'seccomp: &lt;stdin&gt;');
    assert.ok(stdout.includes('id="profile"'));
  });

  it('accepts a program', () => {
    const file = join(folder, 'program.bpf');
    writeFileSync(file, compile(PROFILE, { arch: 'x86_64' }).bpf);
    const { code, stdout } = cli(['report', file]);
    assert.equal(code, 0);
    assert.ok(!stdout.includes('id="profile"'));
  });

  it('compares two profiles', () => {
    const { code, stdout } = cli(['report', 'docker-default', '--against', '-'], PROFILE);
    assert.equal(code, 0);
    assert.ok(stdout.includes('id="comparison"'));
  });

  it('prints the path and the size of the written page with --json', () => {
    const file = join(folder, 'json.html');
    const { stdout } = cli(['report', 'docker-default', '--json', '-o', file]);
    assert.deepEqual(JSON.parse(stdout), { output: file, bytes: readFileSync(file).length });
  });

  it('writes no page for an invalid profile', () => {
    const { code, stdout } = cli(['report', '-', '--json'], '{ "defaultAction": "SCMP_ACT_MAYBE" }');
    assert.equal(code, 2);
    assert.ok('error' in (JSON.parse(stdout) as object));
  });
});
