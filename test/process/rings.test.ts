// Node survives a strict profile because its rings are emulated and its base calls are checked.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { actionName } from '#lib/kernel/action.js';
import { evaluate, mayPermit } from '#lib/policy/evaluate.js';
import type { Policy } from '#lib/policy/policy.js';
import { RING_WAIT } from '#lib/policy/with-traps.js';
import { obstacles } from '#lib/process/preflight.js';
import { closeRings } from '#lib/process/rings.js';
import { written } from '../support/written.js';

const policyOf = (profile: object): Policy => compile(written(profile), { arch: 'x86_64' }).policy;
const answer = (policy: Policy, name: string, args: readonly bigint[] = []): string =>
  actionName(
    evaluate(policy, {
      arch: ABIS.x86_64.audit,
      syscall: syscallNumber('x86_64', name) ?? -1,
      args,
      instructionPointer: 0n,
    }),
  );

describe('closeRings', () => {
  const strict = policyOf({
    defaultAction: 'SCMP_ACT_KILL_PROCESS',
    syscalls: [{ names: ['read', 'openat2'], action: 'SCMP_ACT_ALLOW' }],
  });
  const closed = closeRings(strict);
  const served = actionName(RING_WAIT);
  const waiting = (ring: bigint): readonly bigint[] => [ring, 3n, 3n, 1n, 0n, 0n];

  it('emulates the call by which libuv waits, on every ring, and refuses all others', () => {
    assert.equal(answer(closed, 'io_uring_enter', waiting(4n)), served);
    assert.equal(answer(closed, 'io_uring_enter', waiting(1000n)), served);
    assert.equal(answer(closed, 'io_uring_enter', [4n, 1n, 1n, 0n, 0n, 0n]), 'ERRNO(ENOSYS)');
    assert.equal(answer(closed, 'io_uring_enter', [4n, 1n, 1n, 3n, 0n, 0n]), 'ERRNO(ENOSYS)');
    assert.equal(answer(closed, 'io_uring_enter', [4n, 1n, 1n, 1n, 0x1000n, 8n]), 'ERRNO(ENOSYS)');
  });

  it('makes new rings fail with ENOSYS, so that libuv falls back to epoll', () => {
    assert.equal(answer(closed, 'io_uring_setup'), 'ERRNO(ENOSYS)');
    assert.equal(answer(closed, 'io_uring_register'), 'ERRNO(ENOSYS)');
  });

  for (const name of ['io_uring_setup', 'io_uring_enter']) {
    it(`disables all of io_uring if only ${name} is refused, on the other ABIs too`, () => {
      const policy = closeRings(
        policyOf({
          defaultAction: 'SCMP_ACT_ALLOW',
          architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
          syscalls: [{ names: [name], action: 'SCMP_ACT_ERRNO' }],
        }),
      );
      assert.equal(answer(policy, 'io_uring_enter', waiting(4n)), served);
      for (const { abi, syscalls } of policy.abis) {
        for (const call of ['io_uring_setup', 'io_uring_enter', 'io_uring_register']) {
          const part = syscalls.get(syscallNumber(abi.name, call) ?? -1);
          assert.ok(part !== undefined && !mayPermit(part), `${call} of ${abi.name}`);
        }
      }
    });
  }

  it('does not change any other call', () => {
    for (const name of ['read', 'write', 'openat2', 'clone3', 'mseal'])
      assert.equal(answer(closed, name), answer(strict, name), name);
  });

  it('does not change ENOSYS for calls newer than the profile', () => {
    const old = policyOf({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['read', 'preadv2'], action: 'SCMP_ACT_ALLOW' }],
    });
    const policy = closeRings(old);
    for (const name of ['pidfd_send_signal', 'rseq', 'clone3', 'openat2'])
      assert.equal(answer(policy, name), 'ERRNO(ENOSYS)', name);
    assert.equal(answer(policy, 'io_uring_enter', waiting(4n)), served);
  });

  it('changes nothing if the profile allows io_uring', () => {
    const lax = policyOf({ defaultAction: 'SCMP_ACT_ALLOW' });
    assert.equal(closeRings(lax), lax);
  });

  it('returns a policy that compiles and passes the proof', () => {
    assert.ok(compilePolicy(closed).instructions > 0);
  });
});

describe('obstacles', () => {
  it('are the base calls that a profile refuses with any arguments', () => {
    const found = obstacles(
      policyOf({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['futex', 'uname'], action: 'SCMP_ACT_ERRNO' }],
      }),
      true,
    );
    assert.deepEqual(found, [{ syscall: 'futex', answer: 'ERRNO(EPERM)' }]);
  });

  it('do not include a call that is allowed with some arguments', () => {
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

  it('include clone if clone3 fails with ENOSYS, after which libc falls back', () => {
    const policy = policyOf({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' },
        { names: ['clone'], action: 'SCMP_ACT_ERRNO' },
      ],
    });
    assert.deepEqual(obstacles(policy, false), [{ syscall: 'clone', answer: 'ERRNO(EPERM)' }]);
    assert.deepEqual(obstacles(policy, true), []);
  });

  it("do not exist for Docker's default", () => {
    assert.deepEqual(obstacles(compile('docker-default', { arch: 'x86_64' }).policy, false), []);
  });
});
