// `seccomp ps`: the tree for people and the list for programs.
import assert from 'node:assert/strict';
import { ps, type ProcessList } from '#lib/process/inspect/ps.js';
import { cli } from '../support/child.js';
import { liveNode, type Live } from '../support/live.js';

describe('seccomp ps', () => {
  let target: Live;
  before(async () => {
    target = liveNode(`
      s.load(denying('swapon'));
      s.load(denying('reboot'), { scope: 'thread' });
      m('fs').writeFileSync('/proc/self/comm', 'a\\n\\x1b[2J\\x9b\\u202e');
      tell('ready');`);
    await target.line();
  });
  after(() => target.end());

  it('shows mode, filters and no_new_privs, below the parent', () => {
    const { code, stdout } = cli(['ps']);
    assert.equal(code, 0);
    const lines = stdout.split('\n');
    assert.equal(lines[0], '    PID MODE     FILTERS NNP NAME');
    const at = (pid: number): number => lines.findIndex(line => line.trim().startsWith(`${pid} `));
    const own = lines[at(process.pid)] ?? '';
    const line = lines[at(target.pid)] ?? '';
    assert.ok(at(process.pid) < at(target.pid));
    assert.match(own, /^ *\d+ - +- - +\S/);
    assert.match(line, /^ *\d+ filter +2 yes +\S/);
    const indent = (text: string): number => /\S/.exec(text.slice(29))?.index ?? -1;
    assert.equal(indent(line), indent(own) + 2);
  });

  it('escapes names for the terminal', () => {
    const { stdout } = cli(['ps']);
    assert.ok(stdout.includes('a\\n\\x1b[2J\\x9b\\u{202e}'));
    assert.doesNotMatch(stdout, /[^\P{C}\n]/u);
  });

  it('marks threads that differ', () => {
    const { stdout } = cli(['ps']);
    assert.match(stdout, /^ *\d+ filter +1 yes +\{.*\} thread differs$/m);
  });

  it('writes JSON with --json', () => {
    const { processes } = JSON.parse(cli(['ps', '--json']).stdout) as ProcessList;
    const found = processes.find(({ id }) => id === target.pid);
    assert.deepEqual([found?.mode, found?.filters, found?.noNewPrivs], ['filter', 2, true]);
  });

  it("shows the kernel's own threads only with --all", () => {
    const list = (...args: readonly string[]): readonly boolean[] =>
      (JSON.parse(cli(['ps', '--json', ...args]).stdout) as ProcessList).processes.map(
        ({ kernel }) => kernel,
      );
    assert.ok(list().every(kernel => !kernel));
    assert.equal(
      list('--all').includes(true),
      ps().processes.some(({ kernel }) => kernel),
    );
  });
});
