// A whole profile resolved for a machine: calls newer than the profile, and the properties of the policy.
import assert from 'node:assert/strict';
import { syscallNumber } from '#lib/kernel/abi.js';
import { makeTarget } from '#lib/policy/target.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile, type ResolveOptions } from '#lib/profile/resolve/resolve.js';
import { ALL_X86, X86_64, answerNumber, codes, failure, policy, rule } from './helpers.js';
import { written } from '../support/written.js';

describe('resolving: calls newer than the profile', () => {
  const newest = (
    rules: readonly object[],
    more: object = {},
    options?: ResolveOptions,
  ): (number | undefined)[] =>
    policy(rules, X86_64, { architectures: ALL_X86, ...more }, options).abis.map(
      ({ enosysAbove }) => enosysAbove,
    );

  it('get ENOSYS above the largest number named on their ABI', () => {
    const resolved = policy([rule('write', 'ALLOW'), rule('close', 'ALLOW')], X86_64, {
      architectures: ALL_X86,
    });
    assert.equal(answerNumber(resolved, 'x86_64', 3), 'ALLOW');
    assert.equal(answerNumber(resolved, 'x86_64', 2), 'ERRNO(EPERM)');
    assert.equal(answerNumber(resolved, 'x86_64', 4), 'ERRNO(ENOSYS)');
    assert.deepEqual(
      resolved.abis.map(({ enosysAbove }) => enosysAbove),
      [3, 6, 0x40000003],
    );
  });

  it('are determined by names with any action, even the default', () => {
    assert.deepEqual(newest([rule('close', 'ERRNO')]), [3, 6, 0x40000003]);
  });

  it('are not determined by rules that the target drops', () => {
    assert.deepEqual(
      newest([{ names: ['close'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_BPF'] } }]),
      [undefined, undefined, undefined],
    );
  });

  it('do not get ENOSYS if no number above 0 is named', () => {
    assert.deepEqual(newest([]), [undefined, undefined, undefined]);
    assert.deepEqual(newest([rule('read', 'ALLOW')]), [undefined, 3, undefined]);
  });

  it('are not determined by the multiplexers unless they are named', () => {
    const number = (name: string): number | undefined => syscallNumber('x86', name);
    assert.equal(newest([rule('send', 'ALLOW'), rule('close', 'ALLOW')])[1], 6);
    assert.equal(newest([rule('socketcall', 'ALLOW')])[1], number('socketcall'));
    assert.equal(newest([rule('socket', 'ALLOW')])[1], number('socket'));
  });

  for (const defaultAction of ['ALLOW', 'LOG', 'TRACE']) {
    it(`do not get ENOSYS if the default action is ${defaultAction}`, () => {
      assert.deepEqual(newest([rule('close', 'KILL')], { defaultAction: `SCMP_ACT_${defaultAction}` }), [
        undefined,
        undefined,
        undefined,
      ]);
    });
  }

  for (const defaultAction of ['KILL', 'KILL_PROCESS', 'TRAP', 'ERRNO']) {
    it(`get ENOSYS if the default action is ${defaultAction}`, () => {
      assert.deepEqual(
        newest([rule('close', 'ALLOW')], { defaultAction: `SCMP_ACT_${defaultAction}` }),
        [3, 6, 0x40000003],
      );
    });
  }

  it('get the default action on request', () => {
    assert.deepEqual(newest([rule('close', 'ALLOW')], {}, { unknownSyscalls: 'default' }), [
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('resolving: the policy', () => {
  it('has the target, flags, listener and warnings of the profile', () => {
    const target = makeTarget({ arch: 'aarch64', kernel: '6.1', capabilities: ['CAP_BPF'] });
    const resolved = resolveProfile(
      written({
        DefaultAction: 'SCMP_ACT_ALLOW',
        flags: ['SECCOMP_FILTER_FLAG_LOG'],
        listenerPath: '/run/x',
        listenerMetadata: 'm',
        syscalls: [],
      }),
      target,
    );
    assert.deepEqual(resolved.target, target);
    assert.deepEqual(resolved.flags, ['SECCOMP_FILTER_FLAG_LOG']);
    assert.deepEqual(resolved.listener, { path: '/run/x', metadata: 'm' });
    assert.deepEqual(codes(resolved.warnings), ['key-case']);
  });

  it('refuses unknown capabilities, because rules would be dropped or kept by mistake', () => {
    for (const name of ['CAP_SYS_ADMN', 'sys_admin'])
      assert.throws(() => makeTarget({ capabilities: [name] }), {
        code: 'bad-option',
        message: /is not the name of a capability.*Did you mean "CAP_SYS_ADMIN"/s,
      });
  });

  it('is the same for the same profile and target', () => {
    const once = resolveProfile('docker-default', X86_64);
    assert.deepEqual(resolveProfile(parseProfile('docker-default'), X86_64), once);
  });

  it('turns every warning into an error with strict, those of the profile and of the target together', () => {
    const profile = written({
      DefaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [rule('read', 'LOG'), rule('read', 'ALLOW')],
    });
    assert.deepEqual(codes(failure(() => resolveProfile(profile, X86_64, { strict: true })).problems), [
      'key-case',
      'duplicate-rule',
    ]);
    assert.equal(
      failure(() => resolveProfile(parseProfile(profile), X86_64, { strict: true })).problems.length,
      2,
    );
  });

  it('warns in the order of the text, and once for all ABIs', () => {
    const resolved = policy(
      [rule('write', 'LOG'), rule('read', 'LOG'), rule('read', 'ALLOW'), rule('write', 'ALLOW')],
      X86_64,
      { architectures: ALL_X86 },
    );
    assert.deepEqual(
      resolved.warnings.map(({ at }) => at?.pointer),
      ['/syscalls/2/names/0', '/syscalls/3/names/0'],
    );
  });
});
