// SIGUSR1 opens Node's debugger, which can run any code: a child must not be able to send it to its parent.
import assert from 'node:assert/strict';
import { features } from '#lib/process/machine/features.js';
import { skip } from '../support/skip.js';
import { toldBy, USERS, victim } from '../support/victim.js';

/** Sends SIGUSR1 to its parent from JavaScript, and prints whether that was refused. */
const HOSTILE = `try { process.kill(process.ppid, 'SIGUSR1'); console.log('sent'); } catch ({ code }) { console.log(code); }`;

/** Starts that program under a profile, and reports whether the debugger of this process is open afterwards. */
const PROGRAM = (options: string, before = ''): string => `
  const inspector = m('node:inspector');
  let marked = false;
  process.on('SIGUSR2', () => { marked = true; });
  ${before}
  // Not spawnSync: Node opens the debugger from a thread that asks the event loop.
  const child = s.spawn(process.execPath, ['-e', ${JSON.stringify(HOSTILE)}], { profile: 'docker-default', stdio: ['ignore', 'pipe', 'inherit'], ${options} });
  let said = '';
  child.stdout.on('data', text => (said += text));
  child.on('close', async () => {
    process.kill(process.pid, 'SIGUSR2');
    await until(() => marked);
    // The thread has a moment to see to it; it takes a fraction of that.
    for (let turn = 0; turn < 200 && inspector.url() === undefined; turn++) await new Promise(resolve => setTimeout(resolve, 5));
    tell({ said: said.trim(), open: inspector.url() !== undefined });
    process.exit();
  });`;

interface Told {
  readonly said: string;
  readonly open: boolean;
}

describe('the debugger of the parent', () => {
  for (const user of USERS) {
    it(`can be opened by a child as uid ${user} without isolation, but not by default`, function () {
      assert.deepEqual(toldBy(victim<Told>(PROGRAM(`isolation: 'none'`), { user })), {
        said: 'sent',
        open: true,
      });
      const open = features().isolation.open.find(({ part }) => part === 'signals');
      if (open !== undefined) skip(this, `signals stay open: ${open.reason}`);
      assert.deepEqual(toldBy(victim<Told>(PROGRAM(''), { user })), { said: 'EPERM', open: false });
    });
  }

  it('cannot be opened on any kernel if the parent listens for SIGUSR1', () => {
    const listening = PROGRAM(`isolation: 'none'`, `process.on('SIGUSR1', () => undefined);`);
    assert.deepEqual(toldBy(victim<Told>(listening)), { said: 'sent', open: false });
  });

  it('cannot be opened on any kernel if Node was started with --disable-sigusr1', function () {
    if (!process.allowedNodeEnvironmentFlags.has('--disable-sigusr1'))
      skip(this, `Node ${process.version} has no --disable-sigusr1`);
    // The signal then only ends the process, because nothing handles it.
    const { told, output } = victim<Told>(PROGRAM(`isolation: 'none'`), { node: ['--disable-sigusr1'] });
    assert.notEqual(told?.open, true, output);
  });
});
