// Calls as callers pass them.
import assert from 'node:assert/strict';
import { simulate } from '#lib/filter/inspect/simulate.js';
import { compile } from '#lib/filter/compile-profile.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { checkedEvent } from '#lib/kernel/event.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { remedyFor } from '#lib/policy/remedy.js';

const arch = ABIS.x86_64.audit;
const socket = { arch, syscall: syscallNumber('x86_64', 'socket') ?? 0 };

describe('A call', () => {
  it('has its registers as bigints, whether they are given as bigints or as numbers', () => {
    const args = [1n, 2n ** 53n - 1n];
    assert.deepEqual(checkedEvent({ ...socket, args: [1, 2 ** 53 - 1], instructionPointer: 5 }), {
      ...socket,
      args,
      instructionPointer: 5n,
    });
    assert.deepEqual(checkedEvent({ ...socket, args }).args, args);
  });

  it('means the same with numbers to everything that takes one', () => {
    const filter = compile('docker-default', { arch: 'x86_64' });
    for (const domain of [1, 38, 40, -1]) {
      const [numbers, bigints] = [
        { ...socket, args: [domain] },
        { ...socket, args: [BigInt(domain)] },
      ];
      assert.deepEqual(simulate(filter, numbers), simulate(filter, bigints));
      assert.equal(evaluate(filter.policy, numbers), evaluate(filter.policy, bigints));
      assert.deepEqual(remedyFor(numbers, filter.policy), remedyFor(bigints, filter.policy));
    }
  });

  for (const value of [0.5, 2 ** 53, NaN, Infinity, '1', null, true]) {
    it(`has no register ${String(value)}`, () => {
      assert.throws(() => checkedEvent({ ...socket, args: [value as number] }), {
        code: 'bad-event',
        message: /^this is not a system call: args\[0\] must be a bigint or a safe integer/,
      });
    });
  }
});
