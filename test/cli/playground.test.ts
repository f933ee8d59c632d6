// `seccomp playground`.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/child.js';

describe('seccomp playground', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-playground-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('writes a page even for a profile with mistakes', () => {
    const output = join(folder, 'page.html');
    const { code, stdout } = cli(['playground', '-', '-o', output, '--json'], '{ "defaultAction": 1, }');
    assert.equal(code, 0);
    const text = readFileSync(output, 'utf8');
    assert.deepEqual(JSON.parse(stdout), { output, bytes: Buffer.byteLength(text) });
    assert.match(text, /id="initial">"\{ \\"defaultAction\\": 1, \}"/);
    assert.doesNotMatch(text, /https?:\/\/(?!127)/, 'nothing is fetched');
  });

  it('reports a profile that does not exist', () => {
    const { code, stderr } = cli(['playground', 'dokcer-default']);
    assert.equal(code, 2);
    assert.match(stderr, /docker-default.*\n$/);
  });
});
