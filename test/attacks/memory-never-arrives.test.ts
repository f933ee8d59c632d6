// A supervised process whose memory never arrives: its supervisor continues, and can end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callerProgram } from '../support/caller-program.js';
import { inChild, told } from '../support/child.js';
import { canBuildHostile, hostileProgram, NEVER } from '../support/hostile.js';
import { skip } from '../support/skip.js';

/** Code for every supervisor below: `start(handler, options)` runs the hostile program and collects its output. */
const prelude = (kind: string, directory: string): string => `
  const { once } = m('events');
  const { text } = m('stream/consumers');
  const asking = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['chdir'], action: 'SCMP_ACT_NOTIFY' }] };
  const start = (chdir, options = {}) => s.supervise(${JSON.stringify(hostileProgram())}, [${JSON.stringify(kind)}, ${JSON.stringify(directory)}], {
    profile: asking, stdio: ['ignore', 'pipe', 'inherit'], handlers: { chdir }, ...options });
  const codeOf = promise => promise.then(() => 'read', error => error.code);
  let latest = 0, last = performance.now();
  setInterval(() => { const now = performance.now(); latest = Math.max(latest, now - last - 10); last = now; }, 10).unref();
`;

describe('Memory that never arrives', function () {
  let directory = '';
  before(function () {
    if (!canBuildHostile) skip(this, 'there is no C compiler');
    directory = mkdtempSync(join(tmpdir(), 'seccomp-never-'));
  });
  after(() => {
    if (directory !== '') rmdirSync(directory);
  });

  for (const { kind, missing } of NEVER) {
    describe(`of ${kind}${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
      before(function () {
        if (missing !== undefined) skip(this, missing);
      });

      it('blocks a supervisor that waits for it: not even SIGTERM is handled', async () => {
        // The package does not offer such a read: its add-on has the blocking call only for this test.
        const program = `
          import { supervise } from 'seccomp';
          import { native } from '#lib/native.js';
          import { writeSync } from 'node:fs';
          process.on('SIGTERM', () => { writeSync(1, 'served\\n'); process.exit(); });
          const { child } = supervise(${JSON.stringify(hostileProgram())}, ['${kind}', ${JSON.stringify(directory)}], {
            profile: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['chdir'], action: 'SCMP_ACT_NOTIFY' }] },
            stdio: 'ignore',
            handlers: { chdir: call => { writeSync(1, child.pid + '\\n'); native().readMemoryBlocking(call.pid, call.args[0], 8); return { errno: 'EROFS' }; } },
          });`;
        const running = spawn(process.execPath, ['--input-type=module', '-e', program], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const [pid] = (await once(running.stdout, 'data')) as [Buffer];
        running.kill('SIGTERM');
        let served = false;
        running.stdout.once('data', () => (served = true));
        await new Promise(resolve => setTimeout(resolve, 1000));
        assert.deepEqual([served, running.exitCode, running.signalCode], [false, null, null]);
        const exited = once(running, 'exit');
        running.kill('SIGKILL');
        // A FUSE request ends only with its file system.
        process.kill(Number(pid.toString()), 'SIGKILL');
        await exited;
      });

      it('is an error after readTimeout; timers and signals still work, and the process ends', () => {
        const seen = told<{ codes: string[]; order: string[]; printed: string; latest: number }>(
          inChild(`
            ${prelude(kind, directory)}
            const order = [], codes = [];
            process.on('SIGTERM', () => order.push('SIGTERM'));
            const { child, finished } = start(async call => {
              process.kill(process.pid, 'SIGTERM');
              codes.push(await codeOf(call.readString(call.args[0])));
              order.push('read');
              return { errno: 'EROFS' };
            }, { readTimeout: 500 });
            const printed = await text(child.stdout);
            await finished;
            tell({ codes, order, printed, latest });
            process.exit();`),
        );
        assert.deepEqual(seen.codes, ['memory-timeout']);
        assert.deepEqual(seen.order, ['SIGTERM', 'read']);
        assert.equal(seen.printed, '-1 30\n');
        assert.ok(seen.latest < 1000, `a timer was ${seen.latest} ms late`);
      });

      it('does not prevent the process from ending while it is read', () => {
        const { code, stdout } = inChild(`
          ${prelude(kind, directory)}
          process.on('SIGTERM', () => process.exit(7));
          start(async call => {
            setTimeout(() => { tell('reading'); process.kill(process.pid, 'SIGTERM'); }, 100);
            await call.readString(call.args[0]);
          }, { readTimeout: 60_000 });`);
        assert.deepEqual([code, stdout], [7, '"reading"\n']);
      });

      it('does not delay other calls, and leaves nothing behind', () => {
        const seen = told<{ codes: string[]; other: string }>(
          inChild(`
            ${prelude(kind, directory)}
            const fs = m('fs');
            const count = what => fs.readdirSync('/proc/self/' + what).length;
            // The pool of libuv and what else begins late.
            await fs.promises.readFile('/proc/self/status');
            await once(m('child_process').spawn('true'), 'exit');
            const before = { task: count('task'), fd: count('fd') };
            let codes;
            const { child, finished } = start(async call => {
              const reads = Array.from({ length: 20 }, () => codeOf(call.readString(call.args[0])));
              codes = await Promise.all(reads);
              return { errno: 'EROFS' };
            }, { readTimeout: 500 });
            let other;
            const quiet = s.supervise(${JSON.stringify(callerProgram(mkdtempSync(join(tmpdir(), 'seccomp-caller-'))))}, ['chdir'], {
              profile: asking, stdio: 'ignore', handlers: { chdir: async call => { other = await call.readString(call.args[0]); return { errno: 'EROFS' }; } } });
            await quiet.finished;
            await text(child.stdout);
            await finished;
            child.kill('SIGKILL');
            await until(() => count('task') <= before.task && count('fd') <= before.fd);
            tell({ codes, other });
            process.exit();`),
        );
        assert.deepEqual(new Set(seen.codes), new Set(['memory-timeout']));
        assert.equal(seen.other, '/given');
      });
    });
  }

  it('of FUSE takes the eight slots of its own listener, and further reads fail at once', function () {
    if (NEVER.some(({ kind, missing }) => kind === 'fuse' && missing !== undefined))
      skip(this, 'there is no FUSE here');
    const codes = told<string[]>(
      inChild(`
        ${prelude('fuse', directory)}
        const codes = [];
        start(async call => {
          for (let round = 0; round < 2; round++)
            codes.push(...await Promise.all(Array.from({ length: 8 }, (_, page) => codeOf(call.readMemory(call.args[0] + 4096n * BigInt(page), 8)))));
          tell(codes);
          process.exit();
        }, { readTimeout: 500 });`),
    );
    assert.deepEqual(codes, [
      ...Array<string>(8).fill('memory-timeout'),
      ...Array<string>(8).fill('too-many-reads'),
    ]);
  });

  it('is distinguished from a read that a filter or Yama refuses to the helper, which then reads the file in /proc', () => {
    const caller = callerProgram(mkdtempSync(join(tmpdir(), 'seccomp-caller-')));
    const path = told(
      inChild(`
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['process_vm_readv'], action: 'SCMP_ACT_ERRNO', errno: 'EPERM' }] }, { force: true });
        const { finished } = s.supervise(${JSON.stringify(caller)}, ['chdir'], {
          profile: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['chdir'], action: 'SCMP_ACT_NOTIFY' }] }, stdio: 'ignore',
          otherwise: async call => { tell(await call.readString(call.args[0]).catch(String)); return { errno: 'EROFS' }; } });
        await finished;`),
    );
    assert.equal(path, '/given');
  });
});
