// Processes that only make calls for their supervisor to answer: its timers and signals still work.
import assert from 'node:assert/strict';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inChild, told } from '../support/child.js';
import { canBuildHostile, hostileProgram, NEVER } from '../support/hostile.js';
import { skip } from '../support/skip.js';

/** The milliseconds that a timer may be late: 250 are promised, but other programs may use the processor. */
const LATE = 1000;

const floods: readonly [handler: string, code: string][] = [
  ['answers at once', `() => ({ value: 1 })`],
  ['answers by a promise', `async () => ({ value: 1 })`],
  ['answers later', `() => new Promise(resolve => setTimeout(resolve, 1, { value: 1 }))`],
  ['throws', `() => { throw new Error('fault'); }`],
];

describe('A flood of calls', function () {
  before(function () {
    if (!canBuildHostile) skip(this, 'there is no C compiler');
  });

  for (const [handler, code] of floods) {
    it(`from four processes of 16 threads does not block timers and SIGTERM if the handler ${handler}`, () => {
      const seen = told<{ latest: number; received: number[] }>(
        inChild(`
          const asking = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getsid'], action: 'SCMP_ACT_NOTIFY' }] };
          const supervised = [];
          for (let count = 0; count < 4; count++)
            supervised.push(s.supervise(${JSON.stringify(hostileProgram())}, ['flood', '16'], { profile: asking, stdio: 'ignore', otherwise: ${code}, onError: () => {} }));
          await until(() => supervised.every(({ received }) => received > 100));
          let latest = 0, last = performance.now();
          setInterval(() => { const now = performance.now(); latest = Math.max(latest, now - last - 10); last = now; }, 10);
          process.on('SIGTERM', () => {
            tell({ latest, received: supervised.map(({ received }) => received) });
            for (const { child } of supervised) child.kill('SIGKILL');
            process.exit();
          });
          setTimeout(() => process.kill(process.pid, 'SIGTERM'), 1000);`),
      );
      assert.ok(seen.latest < LATE, `a timer was ${seen.latest} ms late`);
      for (const received of seen.received) assert.ok(received > 100);
    });
  }
});

describe('Twenty hostile processes at once', () => {
  const never = NEVER.filter(({ missing }) => missing === undefined).map(({ kind }) => kind);

  it(`(floods, memory of ${never.join(', ')}) do not block their supervisor, and everything is released`, function () {
    if (!canBuildHostile || never.length === 0)
      skip(this, 'there is no C compiler, or no memory that never arrives');
    const directories = Array.from({ length: 20 }, () => mkdtempSync(join(tmpdir(), 'seccomp-hostile-')));
    try {
      const seen = told<{ latest: number; codes: string[]; left: number }>(
        inChild(`
          const fs = m('fs');
          const asking = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getsid', 'chdir'], action: 'SCMP_ACT_NOTIFY' }] };
          const count = () => fs.readdirSync('/proc/self/task').length + fs.readdirSync('/proc/self/fd').length;
          await fs.promises.readFile('/proc/self/status');
          await m('events').once(m('child_process').spawn('true'), 'exit');
          const before = count();
          const kinds = ${JSON.stringify([...never, 'flood'])};
          const directories = ${JSON.stringify(directories)};
          const codes = [];
          let release;
          const held = new Promise(resolve => { release = resolve; });
          const supervised = [];
          for (const [index, directory] of directories.entries()) {
            const kind = kinds[index % kinds.length];
            supervised.push(s.supervise(${JSON.stringify(hostileProgram())}, [kind, kind === 'flood' ? '8' : directory], {
              profile: asking, stdio: 'ignore', readTimeout: 500,
              handlers: {
                getsid: async () => ({ value: 1 }),
                chdir: async call => { await call.readString(call.args[0]).catch(error => codes.push(error.code)); await held; return { errno: 'EROFS' }; },
              },
            }));
            await new Promise(resolve => setImmediate(resolve));
          }
          let latest = 0, last = performance.now();
          const timer = setInterval(() => { const now = performance.now(); latest = Math.max(latest, now - last - 10); last = now; }, 10);
          const reading = directories.filter((_, index) => kinds[index % kinds.length] !== 'flood').length;
          await until(() => codes.length === reading);
          clearInterval(timer);
          release();
          for (const { child } of supervised) child.kill('SIGKILL');
          await Promise.all(supervised.map(({ finished }) => finished));
          await until(() => count() <= before);
          tell({ latest, codes, left: 0 });
          process.exit();`),
      );
      assert.deepEqual(new Set(seen.codes), new Set(['memory-timeout']));
      assert.ok(seen.latest < LATE, `a timer was ${seen.latest} ms late`);
    } finally {
      for (const directory of directories) rmdirSync(directory);
    }
  });
});
