// `seccomp run` becomes the command: how it isolates the command from the surrounding shell, by default and on request.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { features } from '#lib/process/machine/features.js';
import { CHILD_LIMIT } from '../support/child.js';
import { skip } from '../support/skip.js';
import { reach, resultsIn } from '../support/victim.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const EPERM = 1;
const NAMES = ['TIOCSTI', 'prlimit64', 'kill', 'process_vm_readv', 'inherited descriptor'];

/** Runs the attacker from a shell on a new terminal, with the shell (`$$`) as the victim; the shell remains its parent. */
function onTerminal(options: readonly string[]): ReadonlyMap<string, number> {
  const run = `"${process.execPath}" bundle/cli.js run ${options.join(' ')} docker-default --`;
  const heap = `$(sed -n 's/^\\([0-9a-f]*\\)-.*\\[heap\\]$/\\1/p' /proc/$$/maps)`;
  const names = NAMES.map(name => `'${name}'`).join(' ');
  const script = `${run} "${reach()}" attack $$ ${heap} nothing ${names}; :`;
  const { stdout, stderr } = spawnSync(reach(), ['leak', reach(), 'terminal', 'sh', '-c', script], {
    cwd: root,
    encoding: 'utf8',
    timeout: CHILD_LIMIT,
  });
  const results = resultsIn(stdout);
  assert.equal(results.size, NAMES.length, `${stdout}${stderr}`);
  return results;
}

const typingIsOff = (): boolean => {
  try {
    return (
      process.getuid?.() !== 0 && readFileSync('/proc/sys/dev/tty/legacy_tiocsti', 'utf8').trim() === '0'
    );
  } catch {
    return false;
  }
};

describe('seccomp run', () => {
  it('lets the command type into the terminal with --isolation none, and not by default', function () {
    if (typingIsOff()) skip(this, 'this kernel refuses TIOCSTI to everybody (dev.tty.legacy_tiocsti)');
    const open = onTerminal(['--isolation', 'none']);
    assert.deepEqual([open.get('TIOCSTI'), open.get('prlimit64')], [0, 0]);
    const closed = onTerminal([]);
    assert.deepEqual([closed.get('TIOCSTI'), closed.get('prlimit64')], [EPERM, EPERM]);
  });

  it('by default allows signals to the shell and inherited descriptors, as shells expect', () => {
    const results = onTerminal([]);
    assert.deepEqual([results.get('kill'), results.get('inherited descriptor')], [0, 0]);
  });

  for (const [what, options] of [
    ['with --isolation best-effort', ['--isolation', 'best-effort']],
    ['with a parent of ours', ['--report']],
    ['with a parent of ours for --timeout', ['--timeout', '600']],
  ] as const) {
    it(`isolates the command from the shell ${what}`, () => {
      const results = onTerminal(options);
      const { closed } = features().isolation;
      const expected = {
        signals: 'kill',
        memory: 'process_vm_readv',
        descriptors: 'inherited descriptor',
        terminal: 'TIOCSTI',
      };
      for (const [part, name] of Object.entries(expected))
        if ((closed as readonly string[]).includes(part)) assert.notEqual(results.get(name), 0, name);
    });
  }

  it('with --isolation required runs, or reports what is missing', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['bundle/cli.js', 'run', '--isolation', 'required', 'docker-default', '--', 'true'],
      { cwd: root, encoding: 'utf8' },
    );
    if (features().isolation.open.length === 0) assert.equal(status, 0, stderr);
    else assert.match(stderr, /isolation-unavailable|isolation: 'required' is not possible/);
  });
});
