// Conditions on arguments that the kernel reads as 32 bits: compare the whole register as in Docker, or only its low half.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { CompileError, UsageError } from '#lib/util/errors.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import type { Policy } from '#lib/policy/policy.js';
import { resolveProfile, type ArgWidth } from '#lib/profile/resolve/resolve.js';
import { kernelCall } from '../support/kernel.js';
import { nativeAudit, numberOf } from '../support/native.js';
import { ALL_X86, X86_64, answer, codes, policy, rule, when } from './helpers.js';
import { written } from '../support/written.js';

const GARBAGE = 1n << 32n;
const declared = { argWidth: 'declared' } as const;

describe('argWidth', () => {
  const ask = (resolved: Policy, name: string, ...args: bigint[]): string =>
    answer(resolved, 'x86_64', name, args);
  const one = (name: string, argWidth: ArgWidth, ...conditions: readonly object[]): Policy =>
    policy([rule(name, 'ALLOW', ...conditions)], X86_64, {}, { argWidth });

  for (const [op, allowed] of [
    ['NE', 4n],
    ['GT', 6n],
    ['GE', 5n],
  ] as const) {
    it(`${op} matches garbage above an int as in Docker, but not with "declared"`, () => {
      const refused = op === 'NE' ? 5n : 1n;
      assert.equal(ask(one('socket', 'profile', when(0, op, 5)), 'socket', GARBAGE | refused), 'ALLOW');
      assert.equal(
        ask(one('socket', 'declared', when(0, op, 5)), 'socket', GARBAGE | refused),
        'ERRNO(EPERM)',
      );
      assert.equal(ask(one('socket', 'declared', when(0, op, 5)), 'socket', allowed), 'ALLOW');
    });
  }

  it('a wide argument is compared as a whole', () => {
    const resolved = one('ptrace', 'declared', when(0, 'NE', 16));
    assert.equal(ask(resolved, 'ptrace', GARBAGE | 16n), 'ALLOW');
  });

  it('calls of one rule are compared by the declaration of each call', () => {
    const rules = [{ names: ['socket', 'ptrace'], action: 'SCMP_ACT_ALLOW', args: [when(0, 'NE', 5)] }];
    const resolved = policy(rules, X86_64, {}, declared);
    assert.equal(ask(resolved, 'socket', GARBAGE | 5n), 'ERRNO(EPERM)');
    assert.equal(ask(resolved, 'ptrace', GARBAGE | 5n), 'ALLOW');
  });

  it('an argument beyond the declared ones is compared as a whole', () => {
    assert.equal(
      ask(one('socket', 'declared', when(5, 'NE', 5)), 'socket', 0n, 0n, 0n, 0n, 0n, GARBAGE | 5n),
      'ALLOW',
    );
  });

  it('a value beyond 32 bits is truncated, with a warning', () => {
    const resolved = one('socket', 'declared', when(0, 'EQ', GARBAGE | 5n));
    assert.deepEqual(codes(resolved.warnings), ['value-truncated']);
    assert.match(resolved.warnings[0]?.message ?? '', /on x86_64/);
    assert.equal(ask(resolved, 'socket', 5n), 'ALLOW');
  });

  it('the 32-bit ABIs do not change', () => {
    const rules = [rule('socket', 'ALLOW', when(0, 'NE', 5))];
    const tables = [{}, declared].map(options =>
      policy(rules, X86_64, { architectures: ALL_X86 }, options)
        .abis.filter(({ abi }) => abi.width === 32)
        .map(({ syscalls }) => syscalls),
    );
    assert.deepEqual(tables[0], tables[1]);
  });

  it('an unknown choice is refused', () => {
    assert.throws(
      () => resolveProfile('docker-default', {}, { argWidth: 'kernel' as ArgWidth }),
      (error: unknown) => error instanceof UsageError && error.code === 'bad-option',
    );
  });

  it('docker-default compiles with it on either architecture', () => {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      const filter = compile('docker-default', { arch, ...declared });
      assert.equal(findDifference(filter.program, filter.policy), undefined);
    }
  });

  it('libseccomp gets equality of a half as a mask, and other comparisons of a half are refused', () => {
    const build = (op: string) =>
      compile(one('socket', 'declared', when(0, op, 5)), { codegen: 'libseccomp' }).policy;
    assert.equal(ask(build('EQ'), 'socket', GARBAGE | 5n), 'ALLOW');
    assert.throws(
      () => build('NE'),
      (error: unknown) => error instanceof CompileError && error.code === 'unsupported-by-libseccomp',
    );
  });

  it('the kernel acts on a call that a comparison of the whole register allows, and "declared" refuses', () => {
    // 0xffffffff reads the personality without changing it.
    const query = 0xffff_ffffn;
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['personality'], action: 'SCMP_ACT_ERRNO', args: [when(0, 'EQ', query)] }],
    };
    const call = (argWidth: ArgWidth, value: bigint): string =>
      kernelCall([compile(written(profile), { argWidth }).program], {
        arch: nativeAudit,
        syscall: numberOf('personality'),
        args: [value],
      });
    assert.equal(call('profile', query), 'errno 1');
    assert.match(call('profile', GARBAGE | query), /^value \d+$/);
    assert.equal(call('declared', query), 'errno 1');
    assert.equal(call('declared', GARBAGE | query), 'errno 1');
  });
});
