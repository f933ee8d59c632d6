// Attacks of a SandboxedWorker, in plain JavaScript, on the process that started it.
import assert from 'node:assert/strict';
import { features } from '#lib/process/machine/features.js';
import type { IsolationPart } from '#lib/process/isolation/isolation.js';
import { skip } from '../support/skip.js';
import { USERS, victim } from '../support/victim.js';

const POST = `require('node:worker_threads').parentPort.postMessage`;

interface Attack {
  readonly part: IsolationPart;
  /** Code that runs in the worker, and posts its result. */
  readonly code: string;
  /** Whether a posted result means success; if the victim reports nothing, the attack has ended it. */
  readonly worked: (posted: unknown) => boolean;
  /** On newer kernels, root can read by CAP_PERFMON. */
  readonly notAsRoot?: boolean;
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  'kill its parent': {
    part: 'signals',
    code: `try { process.kill(process.ppid, 'SIGKILL'); setInterval(() => {}, 1000); } catch ({ code }) { ${POST}(code); }`,
    worked: posted => posted === undefined,
  },
  'stop its parent': {
    part: 'signals',
    // Continues the parent too, or it could not report the result.
    code: `try { process.kill(process.ppid, 'SIGSTOP'); process.kill(process.ppid, 'SIGCONT'); ${POST}('stopped'); } catch ({ code }) { ${POST}(code); }`,
    worked: posted => posted === 'stopped',
  },
  'write to the memory of its parent': {
    part: 'memory',
    code: `const fs = require('node:fs');
      try {
        const address = parseInt(/^([0-9a-f]+)-.*\\[heap\\]/m.exec(fs.readFileSync('/proc/' + process.ppid + '/maps', 'utf8'))[1], 16);
        const file = fs.openSync('/proc/' + process.ppid + '/mem', 'r+');
        const word = Buffer.alloc(8);
        fs.readSync(file, word, 0, 8, address);
        ${POST}(fs.writeSync(file, word, 0, 8, address));
      } catch ({ code }) { ${POST}(code); }`,
    worked: posted => posted === 8,
  },
  'read the environment of its parent': {
    part: 'memory',
    notAsRoot: true,
    code: `try { ${POST}(require('node:fs').readFileSync('/proc/' + process.ppid + '/environ', 'latin1').includes('SECRET=hush')); } catch ({ code }) { ${POST}(code); }`,
    worked: posted => posted === true,
  },
  'limit the descriptors of its parent': {
    part: 'limits',
    code: `const { status } = require('node:child_process').spawnSync('prlimit', ['--pid', String(process.ppid), '--nofile=4096:']);
      ${POST}(status);`,
    worked: posted => posted === 0,
  },
  'signal its parent from a grandchild that has left the session': {
    part: 'signals',
    code: `const { spawn } = require('node:child_process');
      const child = spawn('sh', ['-c', 'kill -WINCH ' + process.ppid + '; echo $?'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.on('data', text => ${POST}(String(text).trim()));`,
    worked: posted => posted === '0',
  },
};

const PROGRAM = (code: string, isolation: string | undefined): string => `
  const worker = new s.SandboxedWorker(${JSON.stringify(code)}, {
    eval: true, env: { PATH: process.env.PATH }, profile: 'docker-default'${isolation === undefined ? '' : `, isolation: '${isolation}'`},
  });
  worker.once('message', posted => { tell({ posted }); worker.terminate(); });`;

describe('a SandboxedWorker', () => {
  for (const user of USERS) {
    for (const [name, { part, code, worked, notAsRoot = false }] of Object.entries(ATTACKS)) {
      it(`as uid ${user} can ${name} without isolation, and cannot by default`, function () {
        this.timeout(0);
        const run = (isolation?: string): boolean =>
          worked(
            victim<{ posted: unknown }>(PROGRAM(code, isolation), { user, env: { SECRET: 'hush' } }).told
              ?.posted,
          );
        assert.ok(run('none'));
        const open = features().isolation.open.find(way => way.part === part);
        if (open !== undefined) skip(this, `${part} stays open: ${open.reason}`);
        if (user === 0 && notAsRoot) skip(this, 'CAP_PERFMON, which root has, opens it on newer kernels');
        assert.ok(!run());
      });
    }
  }
});
