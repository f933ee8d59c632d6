// A stopped SandboxedWorker, which can neither handle a signal nor see that its channel is closed when its parent dies.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ForkLoad } from 'seccomp';
import { callerAddon } from '../support/caller.js';
import { inChild } from '../support/child.js';
import { numberOf } from '../support/native.js';
import { skip } from '../support/skip.js';

/** The state of a process, as ps shows it; '' if there is none. */
function state(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return '';
  }
}

/** Starts a process from a new parent, stops it, kills the parent, and returns the pid of the stopped process. */
function orphan(start: string, last = "process.kill(process.pid, 'SIGKILL');"): number {
  const { stdout } = inChild(`
    ${start}
    process.kill(pid, 'SIGSTOP');
    await until(() => / T /.test(m('fs').readFileSync('/proc/' + pid + '/stat', 'utf8')));
    tell(pid);
    ${last}`);
  const pid = Number(stdout.trim());
  assert.ok(pid > 0, stdout);
  return pid;
}

const worker = (load: ForkLoad): string => `
  const worker = new s.SandboxedWorker('setInterval(() => 0, 1000)', { eval: true, profile: harmless, load: '${load}' });
  await new Promise(resolve => worker.once('online', resolve));
  const { pid } = worker;`;

/** Has the children of a process begin a PID namespace, in which it has no number itself. */
const apart = (): string => `
  const CLONE_NEWPID = 0x20000000;
  if (m(${JSON.stringify(callerAddon())}).call(${numberOf('unshare')}, CLONE_NEWPID) !== 0) throw new Error('unshare');`;

const isOver = (pid: number): boolean => ['', 'Z', 'X'].includes(state(pid));

describe('A stopped SandboxedWorker', () => {
  it('would never end without a signal at the death of its parent, like other children', () => {
    const pid = orphan(
      `const { pid } = s.spawn('sleep', ['1000'], { profile: harmless, stdio: ['ignore', 'pipe', 'pipe'] });`,
    );
    assert.equal(state(pid), 'T');
    process.kill(pid, 'SIGKILL');
  });

  for (const load of ['before-exec', 'before-user-code'] as const) {
    it(`ends when its parent is killed, with load: '${load}'`, async () => {
      const pid = orphan(worker(load));
      while (!isOver(pid)) await new Promise(resolve => setTimeout(resolve, 5));
    });

    it(`ends when its parent ends by itself, with load: '${load}'`, async () => {
      const pid = orphan(worker(load), 'worker.unref();');
      while (!isOver(pid)) await new Promise(resolve => setTimeout(resolve, 5));
    });

    it(`ends when its parent outside of its PID namespace is killed, with load: '${load}'`, async function () {
      if (process.getuid?.() !== 0) skip(this, 'PID namespaces need root');
      const pid = orphan(`${apart()} ${worker(load)}`);
      while (!isOver(pid)) await new Promise(resolve => setTimeout(resolve, 5));
    });
  }
});
