// The terminal stays open to a child, also to one of another user and without a stream of it: only a session of its own keeps it away.
import assert from 'node:assert/strict';
import { toldBy, USERS, victim } from '../support/victim.js';

const SETUP = `
  const foreground = () => readFileSync('/proc/self/stat', 'utf8').replace(/.*\\) /, '').split(' ')[5];
  const before = foreground();
  const { once } = m('node:events');`;

/** Whether a child with options becomes the foreground process group of the terminal, so that the kernel stops this process there. */
const becomesForeground = (options: object): boolean =>
  toldBy(
    victim<boolean>(`
      ${SETUP}
      const child = s.spawn('sh', ['-mc', 'echo ready; read line'], { profile: everything, ...${JSON.stringify(options)} });
      await once(child.stdout, 'data');
      tell(foreground() !== before);
      child.stdin.end('\\n');
      await once(child, 'exit');`),
  );

describe('a child of a process with a terminal', () => {
  for (const uid of USERS)
    it(`becomes its foreground through /dev/tty, as user ${uid}, unless it is detached`, () => {
      const user = { uid, gid: uid };
      assert.equal(becomesForeground(user), true);
      assert.equal(becomesForeground({ ...user, detached: true }), false);
    });

  it('does not if it is a SandboxedWorker', () => {
    const code = `
      const { spawn } = require('node:child_process');
      const { parentPort } = require('node:worker_threads');
      spawn('sh', ['-mc', 'echo ready; read line']).stdout.once('data', () => parentPort.postMessage('ready'));`;
    const fate = victim<boolean>(`
      ${SETUP}
      const worker = new s.SandboxedWorker(${JSON.stringify(code)}, { eval: true, profile: everything });
      await once(worker, 'message');
      tell(foreground() !== before);
      await worker.terminate();`);
    assert.equal(toldBy(fate), false);
  });
});
