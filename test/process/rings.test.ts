// What keeps a running Node alive under a strict profile: its rings and its base calls.
import assert from 'node:assert/strict';
import { compile } from '#lib/compile.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { ABIS, syscallNumber } from '#lib/policy/abi.js';
import { actionName } from '#lib/policy/action.js';
import { evaluate } from '#lib/policy/evaluate.js';
import type { Policy } from '#lib/policy/policy.js';
import { obstacles } from '#lib/process/preflight.js';
import { keepRings } from '#lib/process/rings.js';

const policyOf = (profile: object): Policy => compile(profile, { arch: 'x86_64' }).policy;
const answer = (policy: Policy, name: string, args: readonly bigint[] = []): string =>
  actionName(
    evaluate(policy, {
      arch: ABIS.x86_64.audit,
      syscall: syscallNumber('x86_64', name) ?? -1,
      args,
      instructionPointer: 0n,
    }),
  );

describe('keepRings', () => {
  const strict = policyOf({
    defaultAction: 'SCMP_ACT_KILL_PROCESS',
    syscalls: [{ names: ['read', 'openat2'], action: 'SCMP_ACT_ALLOW' }],
  });
  const kept = keepRings(strict, [4, 12]);
  const waiting = (ring: bigint): readonly bigint[] => [ring, 3n, 3n, 1n, 0n, 0n];

  it('allows waiting on the open rings, and nothing else about them', () => {
    assert.equal(answer(kept.policy, 'io_uring_enter', waiting(4n)), 'ALLOW');
    assert.equal(answer(kept.policy, 'io_uring_enter', waiting(12n)), 'ALLOW');
    assert.equal(answer(kept.policy, 'io_uring_enter', waiting(5n)), 'ERRNO(ENOSYS)');
    assert.equal(answer(kept.policy, 'io_uring_enter', [4n, 1n, 1n, 3n, 0n, 0n]), 'ERRNO(ENOSYS)');
    assert.equal(answer(kept.policy, 'io_uring_enter', [4n, 1n, 1n, 1n, 0x1000n, 8n]), 'ERRNO(ENOSYS)');
  });

  it('answers ENOSYS to new rings, on which libuv falls back to epoll', () => {
    assert.equal(answer(kept.policy, 'io_uring_setup'), 'ERRNO(ENOSYS)');
    assert.equal(answer(kept.policy, 'io_uring_register'), 'ERRNO(ENOSYS)');
  });

  it('leaves every other call as it was', () => {
    for (const name of ['read', 'write', 'openat2', 'clone3', 'mseal'])
      assert.equal(answer(kept.policy, name), answer(strict, name), name);
  });

  it('does not turn ENOSYS for calls newer than the profile into something else', () => {
    const old = policyOf({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['read', 'preadv2'], action: 'SCMP_ACT_ALLOW' }],
    });
    const { policy } = keepRings(old, [4]);
    for (const name of ['pidfd_send_signal', 'rseq', 'clone3', 'openat2'])
      assert.equal(answer(policy, name), 'ERRNO(ENOSYS)', name);
    assert.equal(answer(policy, 'io_uring_enter', waiting(4n)), 'ALLOW');
  });

  it('warns of what stays open', () => {
    assert.equal(kept.warning?.code, 'io-uring-kept');
    assert.match(kept.warning.message, /descriptors 4, 12/);
  });

  it('does nothing without rings, or where the profile allows io_uring', () => {
    assert.equal(keepRings(strict, []).policy, strict);
    const lax = policyOf({ defaultAction: 'SCMP_ACT_ALLOW' });
    assert.equal(keepRings(lax, [4]).policy, lax);
  });

  it('gives a policy that compiles and passes the proof', () => {
    assert.ok(compilePolicy(kept.policy).instructions > 0);
  });
});

describe('obstacles', () => {
  it('are the base calls that a profile refuses whatever their arguments', () => {
    const found = obstacles(
      policyOf({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['futex', 'uname'], action: 'SCMP_ACT_ERRNO' }],
      }),
      true,
    );
    assert.deepEqual(found, [{ syscall: 'futex', answer: 'ERRNO(EPERM)' }]);
  });

  it('leave alone a call that some arguments get through', () => {
    const some = {
      names: ['futex'],
      action: 'SCMP_ACT_ERRNO',
      args: [{ index: 1, value: 99, op: 'SCMP_CMP_EQ' }],
    };
    assert.deepEqual(obstacles(policyOf({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [some] }), true), []);
  });

  it('include clone3 only while the pool is not running', () => {
    const policy = policyOf({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['clone3'], action: 'SCMP_ACT_ERRNO' }],
    });
    assert.deepEqual(
      obstacles(policy, false).map(({ syscall }) => syscall),
      ['clone3'],
    );
    assert.deepEqual(obstacles(policy, true), []);
  });

  it("are none for Docker's default", () => {
    assert.deepEqual(obstacles(compile('docker-default', { arch: 'x86_64' }).policy, false), []);
  });
});
