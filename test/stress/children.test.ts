// A thousand concurrent children, each under its own profile, and thousands of calls that wait for a supervisor.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callerProgram, canBuild } from '../support/caller-program.js';
import { leavesNothing, many } from '../support/stress.js';
import { skip } from '../support/skip.js';

let directory = '';
let caller = '';
before(function () {
  if (!canBuild) skip(this, 'there is no C compiler');
  this.timeout(0);
  directory = mkdtempSync(join(tmpdir(), 'seccomp-stress-'));
  // Static, so that a sanitizer that is preloaded into Node is not loaded into the program too.
  caller = callerProgram(directory, ['-static']);
});
after(() => {
  if (directory !== '') rmSync(directory, { recursive: true, force: true });
});

const prepare = (): string => `
  const { once } = m('events');
  const { text } = m('stream/consumers');
  const caller = ${JSON.stringify(caller)};
  const asking = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getsid'], action: 'SCMP_ACT_NOTIFY' }] };`;

describe('Concurrent children under different profiles', () => {
  it('each have their own profile, and leave nothing behind', function () {
    this.timeout(0);
    const size = many(1000);
    const codes = leavesNothing<Readonly<Record<string, number>>>(
      `${prepare()}
      const round = async size => {
        const running = [];
        for (let errno = 1; errno <= size; errno++) {
          const child = s.spawn(caller, ['expect', String(errno)], {
            profile: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getsid'], action: 'SCMP_ACT_ERRNO', errnoRet: errno }] },
            stdio: ['pipe', 'ignore', 'inherit'],
          });
          running.push({ child, exit: once(child, 'exit') });
        }
        const alive = running.filter(({ child }) => child.exitCode === null && child.signalCode === null).length;
        for (const { child } of running) child.stdin.end();
        const codes = { alive };
        for (const { exit } of running) {
          const [code, signal] = await exit;
          codes[signal ?? code] = (codes[signal ?? code] ?? 0) + 1;
        }
        return codes;
      };`,
      size,
    );
    assert.deepEqual(codes, { alive: size, 0: size });
  });
});

describe('Concurrent calls that wait for a supervisor', () => {
  it('each get one response, and leave nothing behind', function () {
    this.timeout(0);
    const size = many(10_000);
    const seen = leavesNothing<Readonly<Record<string, unknown>>>(
      `${prepare()}
      const round = async size => {
        const waiting = [];
        let most = 0;
        const supervised = s.supervise(caller, ['threads', String(size)], {
          profile: asking,
          otherwise: () => new Promise(resolve => {
            waiting.push(resolve);
            most = Math.max(most, supervised.pending);
            if (waiting.length === size) for (const answer of waiting) answer({ value: 42 });
          }),
        });
        const right = Number(await text(supervised.child.stdout));
        await supervised.finished;
        return { received: supervised.received, most, right, pending: supervised.pending };
      };`,
      size,
    );
    assert.deepEqual(seen, { received: size, most: size, right: size, pending: 0 });
  });

  it('end with a killed caller, and leave nothing behind', function () {
    this.timeout(0);
    const size = many(2000);
    const seen = leavesNothing<Readonly<Record<string, unknown>>>(
      `${prepare()}
      const round = async size => {
        const calls = [];
        const supervised = s.supervise(caller, ['threads', String(size)], {
          profile: asking,
          otherwise: call => new Promise(resolve => {
            calls.push({ call, resolve });
            if (calls.length === size) supervised.child.kill('SIGKILL');
          }),
        });
        supervised.child.stdout.resume();
        const [, signal] = await once(supervised.child, 'exit');
        await supervised.finished;
        const waiting = calls.filter(({ call }) => call.isWaiting()).length;
        for (const { resolve } of calls) resolve({ value: 42 });
        await until(() => supervised.pending === 0);
        return { signal, received: supervised.received, waiting };
      };`,
      size,
    );
    assert.deepEqual(seen, { signal: 'SIGKILL', received: size, waiting: 0 });
  });
});

describe('Sandboxed workers that come and go', () => {
  it('leave nothing behind, whether they end or are terminated', function () {
    this.timeout(0);
    const size = many(20);
    const seen = leavesNothing<number>(
      `${prepare()}
      const profile = s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_ERRNO' }] });
      const round = async size => {
        let answers = 0;
        for (let index = 0; index < size; index++) {
          const worker = new s.SandboxedWorker(
            "const { parentPort } = require('node:worker_threads'); parentPort.once('message', value => parentPort.postMessage(value + 1)).ref()",
            { eval: true, profile });
          const exit = once(worker, 'exit');
          worker.postMessage(index);
          if ((await once(worker, 'message'))[0] === index + 1) answers++;
          if (index % 2 === 0) void worker.terminate();
          await exit;
        }
        return answers;
      };`,
      size,
    );
    assert.equal(seen, size);
  });
});
