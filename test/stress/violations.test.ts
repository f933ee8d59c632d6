// Continuous refused calls from many threads at once: each is counted as reported or dropped, and nothing leaks.
import assert from 'node:assert/strict';
import { callerAddon } from '../support/caller.js';
import { leavesNothing, many } from '../support/stress.js';

/** The first of the numbers that are not calls; the filter below traps them. */
const FIRST = 1000;

interface Seen {
  readonly made: number;
  readonly reported: number;
  readonly dropped: number;
}

const PREPARE = `
  const { Worker } = m('worker_threads');
  const { once } = m('events');
  const addon = ${JSON.stringify(callerAddon())};
  const caller = m(addon);
  const words = (...lines) => inspect.encode(lines.map(([code, k, jt = 0, jf = 0]) => ({ code, jt, jf, k })));
  const first = s.onViolation(() => undefined);
  s.load(words([0x20, 0], [0x35, ${FIRST}, 0, 2], [0x15, 0xffffffff, 1, 0], [0x06, 0x30005], [0x06, 0x7fff0000]));
  first.close();
  /** Listens to what \`calls\` does, and gives how many calls were in events, and how many in none. */
  const listenTo = async (made, calls) => {
    let reported = 0;
    const listener = s.onViolation(({ count }) => { reported += count; });
    await calls();
    listener.close();
    return { made, reported, dropped: listener.dropped };
  };`;

describe('Refused calls', () => {
  const size = many(100_000);
  const cases: Readonly<Record<string, string>> = {
    'in a tight loop': `for (let index = 0; index < size; index++) caller.call(${FIRST}, index)`,
    'of eight threads at once, which Node knows nothing of': `caller.callOnThreads(8, size / 8, ${FIRST})`,
    'of numbers that differ, far more than there is room for': `caller.callNumbers(${FIRST}, ${FIRST} + size)`,
    'of a worker, while the listener takes them': `await once(new Worker(
      "const { workerData: [addon, size] } = require('worker_threads'); require(addon).callOnThreads(4, size / 4, ${FIRST})",
      { eval: true, execArgv: [], workerData: [addon, size] }), 'exit')`,
  };
  for (const [what, code] of Object.entries(cases)) {
    it(`${what} are all reported or counted as dropped, and leave nothing behind`, function () {
      this.timeout(0);
      const { made, reported, dropped } = leavesNothing<Seen>(
        `${PREPARE} const round = size => { size -= size % 8; return listenTo(size, async () => { ${code} }); };`,
        size,
      );
      assert.equal(reported + dropped, made);
      assert.ok(reported > 0);
    });
  }
});

describe('Workers that come and go', () => {
  it('lose no refused calls while each listens to its own, and leave nothing behind', function () {
    this.timeout(0);
    const worker = `
      const { parentPort, workerData: [addon, calls] } = require('worker_threads');
      import('seccomp').then(s => {
        let reported = 0;
        const listener = s.onViolation(({ count }) => { reported += count; });
        for (let index = 0; index < calls; index++) require(addon).call(${FIRST}, index);
        listener.close();
        parentPort.postMessage(reported + listener.dropped);
      });`;
    const seen = leavesNothing<readonly number[]>(
      `${PREPARE}
      const round = async size => {
        const counts = new Set();
        for (let index = 0; index < size; index++) {
          const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [], workerData: [addon, 1000] });
          const exit = once(worker, 'exit');
          counts.add((await once(worker, 'message'))[0]);
          await exit;
        }
        return [...counts];
      };`,
      many(40),
    );
    assert.deepEqual(seen, [1000]);
  });

  it('leave nothing behind if they are terminated during refused calls, and the next listener gets reports', function () {
    this.timeout(0);
    const worker = `
      const { parentPort, workerData: addon } = require('worker_threads');
      import('seccomp').then(s => {
        s.onViolation(() => undefined, { ref: true });
        parentPort.postMessage('listening');
        setInterval(() => require(addon).callOnThreads(2, 500, ${FIRST}), 1);
      });`;
    const { made, reported, dropped } = leavesNothing<Seen>(
      `${PREPARE}
      const round = async size => {
        for (let index = 0; index < size; index++) {
          const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [], workerData: addon });
          await once(worker, 'message');
          await worker.terminate();
        }
        return listenTo(100, async () => { for (let index = 0; index < 100; index++) caller.call(${FIRST}, index); });
      };`,
      many(40),
    );
    assert.deepEqual([made, reported + dropped], [100, 100]);
  });
});
