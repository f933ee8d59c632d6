// readFilters: what the add-on returns for a thread, and which call it names on failure.
import assert from 'node:assert/strict';
import { native } from '#lib/native.js';
import { liveNode, needsDump } from '../support/live.js';

const TIMED_OUT = { failed: 'helper', errno: 110 };

describe('readFilters', () => {
  it('returns the programs and flags of a thread, the oldest first', async function () {
    needsDump(this);
    const target = liveNode(`
      const filters = ['swapon', 'reboot'].map(denying);
      s.load(filters[0]); s.load(filters[1], { log: true });
      tell(filters.map(({ bpf }) => bpf.toString('hex')));`);
    try {
      const [oldest, newest] = JSON.parse(await target.line()) as [string, string];
      assert.deepEqual(native().readFilters(target.pid, 1000), [
        { program: Buffer.from(oldest, 'hex'), flags: 0 },
        { program: Buffer.from(newest, 'hex'), flags: 2 },
      ]);
    } finally {
      await target.end();
    }
  });

  it('names the call that failed, and why', () => {
    for (const id of [2 ** 22 + 1, 0, -1]) {
      assert.deepEqual(native().readFilters(id, 1000), { failed: 'PTRACE_SEIZE', errno: 3 });
    }
  });

  it('fails for the calling thread, which waits for the result', () => {
    assert.deepEqual(native().readFilters(process.pid, 50), TIMED_OUT);
  });

  it('reads nothing if there is no time', () => {
    assert.deepEqual(native().readFilters(process.ppid, 0), TIMED_OUT);
  });
});
