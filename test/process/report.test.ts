// A supervisor kills processes in place of the filter.
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { compile } from 'seccomp';
import type { SupervisedCall } from '#lib/process/supervise/call.js';
import { policyResponse } from '#lib/process/supervise/report.js';

const { policy } = compile({ defaultAction: 'SCMP_ACT_KILL_PROCESS' });

const callOf = (pid: number, waiting: boolean): SupervisedCall => ({
  id: 1n,
  name: undefined,
  number: 1_000_000,
  abi: undefined,
  arch: 0,
  args: [0n, 0n, 0n, 0n, 0n, 0n],
  instructionPointer: 0n,
  pid,
  isWaiting: () => waiting,
  readMemory: () => Promise.reject(new Error('no memory')),
  readString: () => Promise.reject(new Error('no memory')),
});

describe('A profile that kills, with onViolation', () => {
  for (const [pid, waiting, killed] of [
    [4711, true, [4711]],
    [4711, false, []],
    // kill(2) would interpret 0 as the process group of this process.
    [0, true, []],
  ] as const) {
    it(`sends ${killed.length === 0 ? 'no ' : ''}SIGKILL for a caller ${pid} that ${waiting ? 'waits' : 'has gone'}, and fails the call`, () => {
      const kill = mock.method(process, 'kill', () => true);
      try {
        const answer = policyResponse(
          policy,
          { onViolation: () => undefined, reportOnly: false, reportFallbacks: undefined },
          undefined,
        )(callOf(pid, waiting));
        assert.deepEqual(answer, { errno: 38 });
        assert.deepEqual(
          kill.mock.calls.map(({ arguments: [who] }) => who),
          killed,
        );
      } finally {
        kill.mock.restore();
      }
    });
  }
});
