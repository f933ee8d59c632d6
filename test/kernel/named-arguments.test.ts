// The arguments of calls in readable form.
import assert from 'node:assert/strict';
import type { AbiName } from '#lib/kernel/architectures.js';
import { namedArguments } from '#lib/kernel/arguments/named-arguments.js';

const wordsOf = (abi: AbiName, syscall: string, ...registers: readonly bigint[]) =>
  namedArguments(abi, syscall, registers)?.map(({ name, words }) => `${name}=${words ?? '?'}`);

describe('namedArguments', () => {
  it('names the arguments of a call, and their constants', () => {
    assert.deepEqual(wordsOf('x86_64', 'socket', 38n, 5n, 0n, 7n), [
      'domain=AF_ALG',
      'type=SOCK_SEQPACKET',
      'protocol=?',
    ]);
  });

  const registers: readonly (readonly [how: string, register: bigint, words: string])[] = [
    ['zeros', 0xffff_ff9cn, 'AT_FDCWD'],
    ['its sign', 0xffff_ffff_ffff_ff9cn, 'AT_FDCWD'],
    ['anything else, which the reader should see', 0x1_ffff_ff9cn, '?'],
  ];
  for (const [how, register, words] of registers) {
    it(`reads a negative int with ${how} in the upper half`, () => {
      for (const abi of ['x86_64', 'aarch64'] as const)
        assert.equal(wordsOf(abi, 'openat', register)?.[0], `dfd=${words}`);
    });
  }

  it('is undefined for an unknown call', () => {
    assert.equal(namedArguments('x86_64', 'no_such_call', []), undefined);
  });
});
