// An operator's question: is the expected filter really in force?
import assert from 'node:assert/strict';
import { cli } from '../support/child.js';
import { live, type Live } from '../support/live.js';
import { skip } from '../support/skip.js';

const isRoot = process.getuid?.() === 0;

describe('seccomp explain and diff of a running process', () => {
  let shell: Live;
  before(async function () {
    if (!isRoot) skip(this, 'only root can read the filters of another process');
    const run = ['run', '--isolation', 'none', 'docker-default', '--', 'sh', '-c', 'echo ready; read line'];
    shell = live(process.execPath, ['bundle/cli.js', ...run]);
    assert.equal(await shell.line(), 'ready');
  });
  after(() => shell.end());

  it('finds the profile in force', () => {
    const { code, stdout } = cli(['diff', `pid:${shell.pid}`, 'docker-default']);
    assert.equal(stdout, 'A and B have the same action for every call\n');
    assert.equal(code, 0);
  });

  it('reports what another profile would change', () => {
    const { code, stdout } = cli(['diff', `pid:${shell.pid}`, 'docker-default', '--cap-b', 'CAP_BPF']);
    assert.equal(code, 1);
    assert.match(stdout, /bpf/);
  });

  it('explains and simulates the filter in force', () => {
    assert.match(
      cli(['explain', `pid:${shell.pid}`, 'socket']).stdout,
      /unless domain is AF_ALG or AF_VSOCK/,
    );
    assert.equal(cli(['simulate', `pid:${shell.pid}`, 'socket', 'AF_VSOCK']).code, 1);
  });
});
