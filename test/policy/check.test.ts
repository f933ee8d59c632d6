// Hand-made policies: malformed ones are refused, and never used for a proof.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import { ABIS } from '#lib/kernel/abi.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import type { Policy } from '#lib/policy/policy.js';
import { written } from '../support/written.js';

const { policy, program } = compile({ defaultAction: 'SCMP_ACT_ERRNO' }, { arch: 'x86_64' });

/** The policy with one rule on call 39 that has this condition. */
const withCondition = (condition: object): Policy =>
  ({
    ...policy,
    abis: [
      {
        abi: ABIS.x86_64,
        enosysAbove: undefined,
        syscalls: new Map([
          [
            39,
            { rules: [{ conditions: [condition], action: SCMP_ACT_ALLOW }], otherwise: policy.defaultAction },
          ],
        ]),
      },
    ],
  }) as unknown as Policy;

const equal = { op: 'SCMP_CMP_EQ', arg: 0, width: 64, value: 1n };
const [native] = policy.abis;

describe('checkPolicy', () => {
  it('accepts valid policies', () => {
    assert.ok(compile(withCondition(equal)).instructions > 5);
  });

  const refused: readonly (readonly [name: string, policy: object])[] = [
    ['an argument that there is not', withCondition({ ...equal, arg: 6 })],
    ['a width that there is not', withCondition({ ...equal, width: 7 })],
    ['no width', withCondition({ ...equal, width: undefined })],
    ['an operator that there is not', withCondition({ ...equal, op: 'SCMP_CMP_IN' })],
    ['a value wider than its register', withCondition({ ...equal, value: 1n << 70n })],
    ['a value wider than its 32 bits', withCondition({ ...equal, width: 32, value: 1n << 32n })],
    ['a negative value', withCondition({ ...equal, op: 'SCMP_CMP_LE', width: 32, value: -1n })],
    ['a number for a bigint', withCondition({ ...equal, value: 1 })],
    ['a negative mask', withCondition({ ...equal, op: 'SCMP_CMP_MASKED_EQ', mask: -1n, value: 1n })],
    ['bits outside of a mask', withCondition({ ...equal, op: 'SCMP_CMP_MASKED_EQ', mask: 1n, value: 3n })],
    ['an action that no kernel knows', { ...policy, defaultAction: 0x10000 }],
    ['a negative action', { ...policy, badArch: -1 }],
    ['ABIs of another architecture', { ...policy, abis: [{ ...native, abi: ABIS.aarch64 }] }],
    ['an ABI twice', { ...policy, abis: [native, native] }],
    ['an ABI made up', { ...policy, abis: [{ ...native, abi: { ...ABIS.x86_64, audit: 7 } }] }],
    ['no ABI', { ...policy, abis: [] }],
    ['numbers beyond 32 bits', { ...policy, abis: [{ ...native, enosysAbove: 2 ** 32 }] }],
    ['no list of warnings', { ...policy, warnings: undefined }],
  ];
  for (const [name, wrong] of refused) {
    it(`refuses ${name}, for a program and for a proof`, () => {
      assert.throws(() => compile(written(wrong)), { code: 'bad-policy' });
      assert.throws(() => findDifference(program, wrong as Policy), { code: 'bad-policy' });
    });
  }

  it('reports the call and the ABI of an error', () => {
    assert.throws(
      () => compile(withCondition({ ...equal, arg: 6 })),
      /arguments must be 0 to 5, in call 39 of x86_64/,
    );
  });
});
