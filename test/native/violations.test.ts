// The SIGSYS handler: the result of a trapped call, wherever it is made, and that no call is lost without being counted.
import assert from 'node:assert/strict';
import { inChild, told, type Outcome } from '../support/child.js';
import { callerAddon } from '../support/caller.js';
import { NATIVE, nativeAudit, numberOf } from '../support/native.js';
import { skip } from '../support/skip.js';

/** The first of the numbers that are not calls; the filter below traps them. */
const FIRST = 1000;

/**
 * A child that listens, and whose filter traps numbers from FIRST on with errno 5, on i386 too. `events` are the events
 * so far, `seen()` counts the calls that they cover, and `caller` makes calls.
 */
const listening = (body: string): Outcome =>
  inChild(`
    const caller = m(${JSON.stringify(callerAddon())});
    const words = (...lines) => inspect.encode(lines.map(([code, k, jt = 0, jf = 0]) => ({ code, jt, jf, k })));
    const program = words([0x20, 0], [0x35, ${FIRST}, 0, 2], [0x15, 0xffffffff, 1, 0], [0x06, 0x30005], [0x06, 0x7fff0000]);
    const events = [];
    const seen = () => events.reduce((sum, { count }) => sum + count, 0);
    const listener = s.onViolation(event => events.push(event));
    s.load(program);
    ${body}`);

describe('A trapped call', () => {
  it('fails with the errno that the trap carries', () => {
    assert.equal(told(listening(`tell(caller.call(${FIRST}))`)), -5);
  });

  for (const [data, number, errno] of [
    [0, FIRST, 1],
    [0, 425, 38],
    [0, 435, 38],
    [4095, FIRST, 4095],
    [5000, FIRST, 4095],
  ] as const) {
    it(`fails with ${errno} when the trap carries ${data} and the number is ${number}`, () => {
      const outcome = inChild(`
        const caller = m(${JSON.stringify(callerAddon())});
        s.onViolation(() => undefined);
        s.load(inspect.encode([[0x20, 0, 0, 0], [0x15, ${number}, 0, 1], [0x06, ${0x30000 + data}, 0, 0], [0x06, 0x7fff0000, 0, 0]]
          .map(([code, k, jt, jf]) => ({ code, jt, jf, k }))));
        tell(caller.call(${number}));`);
      assert.equal(told(outcome), -errno);
    });
  }

  it('is reported with its registers, thread and instruction', () => {
    const event = told<Record<string, unknown>>(
      listening(`
        caller.call(${FIRST}, 1, 2, 3, 4, 5, 2 ** 40);
        await until(() => events.length > 0);
        const { instructionPointer, thread, ...rest } = events[0];
        tell({ ...rest, inCode: instructionPointer > 4096n, ownThread: thread.id === process.pid, sameName: thread.name === m('fs').readFileSync('/proc/self/comm', 'utf8').trim() });`),
    );
    assert.deepEqual(event, {
      number: FIRST,
      arch: nativeAudit,
      abi: NATIVE,
      args: ['1', '2', '3', '4', '5', String(2 ** 40)],
      errno: 5,
      errnoName: 'EIO',
      count: 1,
      inCode: true,
      ownThread: true,
      sameName: true,
    });
  });

  it('is reported from threads that Node did not start', () => {
    const threads = told<number[]>(
      listening(`
        caller.callOnThreads(3, 1, ${FIRST});
        await until(() => seen() >= 3);
        tell([...new Set(events.map(({ thread }) => thread.id))].filter(id => id !== process.pid));`),
    );
    assert.equal(threads.length, 3);
  });

  it('is reported with the 32-bit registers of i386', function () {
    if (process.arch !== 'x64') skip(this, 'this is for x86_64');
    const outcome = listening(`
      if (caller.callI386(20) !== process.pid) tell('off');
      else {
        const result = caller.callI386(${FIRST}, -1, 2, 3, 4, 5);
        await until(() => events.length > 0);
        const [{ abi, arch, args }] = events;
        tell({ result, abi, arch, args: args.slice(0, 5) });
      }`);
    if (outcome.signal === 'SIGSEGV' || outcome.stdout.includes('off'))
      skip(this, 'this kernel has no calls of i386');
    assert.deepEqual(told(outcome), {
      result: -5,
      abi: 'x86',
      arch: 0x40000003,
      args: ['4294967295', '2', '3', '4', '5'],
    });
  });

  it('is served on the alternate stack of a thread', () => {
    assert.equal(told(listening(`tell(caller.callOnSmallStack(${FIRST}))`)), -5);
  });

  it('kills the process if SIGSYS is blocked', () => {
    assert.equal(listening(`caller.callWithSignalsBlocked(${FIRST}); tell('alive')`).signal, 'SIGSYS');
  });

  it('is not reported if the handler itself makes it', () => {
    // PR_GET_NAME, by which the handler gets the name of the thread.
    const events = told(
      inChild(`
        const events = [];
        const caller = m(${JSON.stringify(callerAddon())});
        s.onViolation(event => events.push(event));
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [
          { names: ['prctl'], action: 'SCMP_ACT_TRAP', args: [{ index: 0, value: 16, op: 'SCMP_CMP_EQ' }] },
          { names: ['reboot'], action: 'SCMP_ACT_TRAP' }] });
        caller.call(${numberOf('reboot')});
        await until(() => events.length > 0);
        tell(events.map(({ syscall, thread }) => [syscall, thread.name]));`),
    );
    assert.deepEqual(events, [['reboot', '']]);
  });
});

describe('100,000 refused calls', () => {
  const cases: Readonly<Record<string, string>> = {
    'in a loop of this thread': `for (let i = 0; i < 100_000; i++) caller.call(${FIRST})`,
    'with arguments that differ': `for (let i = 0; i < 100_000; i++) caller.call(${FIRST}, i)`,
    'of four threads at once': `caller.callOnThreads(4, 25_000, ${FIRST})`,
    'of numbers that differ': `caller.callNumbers(${FIRST}, ${FIRST + 100_000})`,
  };
  for (const [what, code] of Object.entries(cases)) {
    it(`${what} are all reported or counted as dropped`, () => {
      const { all, events, dropped } = told<{ all: number; events: number; dropped: number }>(
        listening(`
          ${code};
          await until(() => seen() + listener.dropped >= 100_000);
          listener.close();
          tell({ all: seen() + listener.dropped, events: events.length, dropped: listener.dropped });`),
      );
      assert.equal(all, 100_000);
      assert.ok(events > 0 && events <= 1024, `${events} events`);
      assert.equal(dropped > 0, what === 'of numbers that differ');
    });
  }

  it('that threads make during reports are all reported or counted', () => {
    const all = told(
      listening(`
        const { Worker } = m('worker_threads');
        const worker = new Worker(
          "require(" + JSON.stringify(${JSON.stringify(callerAddon())}) + ").callOnThreads(4, 25_000, ${FIRST})",
          { eval: true, execArgv: [] });
        await new Promise(resolve => worker.on('exit', resolve));
        await until(() => seen() + listener.dropped >= 100_000);
        tell(seen() + listener.dropped);`),
    );
    assert.equal(all, 100_000);
  });
});

describe('Workers that listen and are terminated while calls are refused', () => {
  it('leave no descriptor behind, and the next listener gets reports', () => {
    const seen = told<{ left: number; heard: boolean }>(
      listening(`
        const { Worker } = m('worker_threads');
        const { readdirSync } = m('fs');
        listener.close();
        const worker = (code, workerData) => new Worker(code, { eval: true, execArgv: [], workerData });
        const noise = worker("const { workerData } = require('worker_threads'); setInterval(() => require(workerData).callOnThreads(2, 500, ${FIRST}), 1)",
          ${JSON.stringify(callerAddon())});
        const open = () => readdirSync('/proc/self/fd').length;
        const listenOnce = async () => {
          const other = worker("import('seccomp').then(s => { s.onViolation(() => undefined, { ref: true }); require('worker_threads').parentPort.postMessage('ready') })");
          await new Promise(resolve => other.once('message', resolve));
          await other.terminate();
        };
        await listenOnce();
        const before = open();
        for (let count = 0; count < 10; count++) await listenOnce();
        const left = open() - before;
        await noise.terminate();
        const last = s.onViolation(event => events.push(event));
        caller.call(${FIRST});
        await until(() => seen() > 0);
        tell({ left, heard: seen() > 0 });`),
    );
    assert.deepEqual(seen, { left: 0, heard: true });
  });
});

describe('A SIGSYS that no filter sent', () => {
  const kill = `process.kill(process.pid, 'SIGSYS'); await new Promise(resolve => setTimeout(resolve, 50)); tell('alive');`;

  it('ends the process, as it would without the handler', () => {
    assert.equal(listening(kill).signal, 'SIGSYS');
  });

  it('goes to the previous handler', () => {
    const outcome = inChild(`
      let heard = 0;
      process.on('SIGSYS', () => heard++);
      s.onViolation(() => undefined);
      process.kill(process.pid, 'SIGSYS');
      await until(() => heard > 0);
      tell(heard);`);
    assert.equal(told(outcome), 1);
  });

  it('is ignored if it was ignored before', () => {
    const outcome = inChild(`
      m(${JSON.stringify(callerAddon())}).ignoreSigsys();
      s.onViolation(() => undefined);
      ${kill}`);
    assert.equal(told(outcome), 'alive');
  });
});
