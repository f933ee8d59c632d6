// What a whole profile comes to on a machine: calls newer than it, and what the policy carries.
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

  it('are counted from names of any action, those that equal the default too', () => {
    assert.deepEqual(newest([rule('close', 'ERRNO')]), [3, 6, 0x40000003]);
  });

  it('are not counted from rules that the target drops', () => {
    assert.deepEqual(
      newest([{ names: ['close'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_BPF'] } }]),
      [undefined, undefined, undefined],
    );
  });

  it('have no such rule where nothing, or only number 0, is named', () => {
    assert.deepEqual(newest([]), [undefined, undefined, undefined]);
    assert.deepEqual(newest([rule('read', 'ALLOW')]), [undefined, 3, undefined]);
  });

  it('are not counted from the multiplexers unless they are named', () => {
    const number = (name: string): number | undefined => syscallNumber('x86', name);
    assert.equal(newest([rule('send', 'ALLOW'), rule('close', 'ALLOW')])[1], 6);
    assert.equal(newest([rule('socketcall', 'ALLOW')])[1], number('socketcall'));
    assert.equal(newest([rule('socket', 'ALLOW')])[1], number('socket'));
  });

  for (const defaultAction of ['ALLOW', 'LOG', 'TRACE']) {
    it(`have no such rule where the default action is ${defaultAction}`, () => {
      assert.deepEqual(newest([rule('close', 'KILL')], { defaultAction: `SCMP_ACT_${defaultAction}` }), [
        undefined,
        undefined,
        undefined,
      ]);
    });
  }

  for (const defaultAction of ['KILL', 'KILL_PROCESS', 'TRAP', 'ERRNO']) {
    it(`have it where the default action is ${defaultAction}`, () => {
      assert.deepEqual(
        newest([rule('close', 'ALLOW')], { defaultAction: `SCMP_ACT_${defaultAction}` }),
        [3, 6, 0x40000003],
      );
    });
  }

  it('get the default action where the caller wants that', () => {
    assert.deepEqual(newest([rule('close', 'ALLOW')], {}, { unknownSyscalls: 'default' }), [
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('resolving: the policy', () => {
  it('carries target, flags, listener and the warnings of the profile', () => {
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

  it('accepts no unknown capability, whose rules would be dropped or kept by mistake', () => {
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

  it('with strict, every warning is an error, those of the profile and of the target together', () => {
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

  it('warns in the order of the text, of each thing once for all ABIs', () => {
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
