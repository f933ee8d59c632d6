// The combined meaning of rules: for one call, in 32 bits, and through i386's multiplexers.
import assert from 'node:assert/strict';
import { syscallNumber } from '#lib/kernel/abi.js';
import type { Policy } from '#lib/policy/policy.js';
import { ALL_X86, X86_64, answer, codes, policy, rule, when } from './helpers.js';

describe('resolving: rules of one call', () => {
  const one = (...rules: readonly object[]): Policy => policy(rules);
  const ask = (resolved: Policy, ...args: bigint[]): string => answer(resolved, 'x86_64', 'clone', args);

  it('a call without a rule gets the default action', () => {
    assert.equal(ask(one(rule('read', 'ALLOW'))), 'ERRNO(EPERM)');
  });

  it('an unconditional rule has its action and its place', () => {
    const resolved = one(rule('clone', 'ALLOW'));
    const part = resolved.abis[0].syscalls.get(syscallNumber('x86_64', 'clone') ?? -1);
    assert.deepEqual(part?.rules, []);
    assert.equal(part?.at?.pointer, '/syscalls/0/names/0');
    assert.equal(ask(resolved), 'ALLOW');
  });

  it('conditions of one rule are combined by AND, rules by OR', () => {
    const resolved = one(
      rule('clone', 'ALLOW', when(0, 'EQ', 1), when(1, 'EQ', 2)),
      rule('clone', 'ALLOW', when(2, 'EQ', 3)),
    );
    assert.equal(ask(resolved, 1n, 2n, 0n), 'ALLOW');
    assert.equal(ask(resolved, 1n, 0n, 0n), 'ERRNO(EPERM)');
    assert.equal(ask(resolved, 0n, 0n, 3n), 'ALLOW');
  });

  it('a repeated argument turns every condition into a separate rule', () => {
    const resolved = one(rule('clone', 'ALLOW', when(0, 'EQ', 1), when(0, 'EQ', 2), when(1, 'EQ', 3)));
    assert.deepEqual(codes(resolved.warnings), ['repeated-argument']);
    assert.equal(ask(resolved, 2n, 0n), 'ALLOW');
    assert.equal(ask(resolved, 0n, 3n), 'ALLOW');
    assert.equal(ask(resolved, 0n, 0n), 'ERRNO(EPERM)');
  });

  it('a rule with the default action and errno is dropped', () => {
    assert.equal(one(rule('clone', 'ERRNO')).abis[0].syscalls.size, 0);
    assert.equal(one({ names: ['clone'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }).abis[0].syscalls.size, 1);
    assert.equal(ask(one(rule('clone', 'ALLOW', when(0, 'EQ', 1)), rule('clone', 'ERRNO')), 1n), 'ALLOW');
  });

  for (const order of ['before', 'after']) {
    it(`an unconditional rule wins ${order} a conditional one, with a warning if actions differ`, () => {
      const rules = [rule('clone', 'KILL', when(0, 'EQ', 1)), rule('clone', 'ALLOW')];
      const resolved = one(...(order === 'after' ? rules : rules.reverse()));
      assert.equal(ask(resolved, 1n), 'ALLOW');
      const [warning] = resolved.warnings;
      assert.equal(warning?.code, 'shadowed-rule');
      assert.equal(warning.at?.pointer, order === 'after' ? '/syscalls/0/names/0' : '/syscalls/1/names/0');
      assert.match(warning.message, order === 'after' ? /line 20, column 9/ : /line 6, column 9/);
    });
  }

  it('a conditional rule with the same action is dropped without a warning', () => {
    assert.deepEqual(one(rule('clone', 'ALLOW', when(0, 'EQ', 1)), rule('clone', 'ALLOW')).warnings, []);
  });

  it('the first of two unconditional rules wins, with a warning if actions differ', () => {
    const resolved = one(rule('clone', 'LOG'), rule('clone', 'ALLOW'));
    assert.equal(ask(resolved), 'LOG');
    assert.deepEqual(codes(resolved.warnings), ['duplicate-rule']);
    assert.deepEqual(one(rule('clone', 'LOG'), rule('clone', 'LOG')).warnings, []);
  });

  it('identical rules are merged, with conditions in any order', () => {
    const resolved = one(
      rule('clone', 'ALLOW', when(0, 'EQ', 1), when(1, 'EQ', 2)),
      rule('clone', 'ALLOW', when(1, 'EQ', 2), when(0, 'EQ', 1)),
      rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 7, 8), when(1, 'EQ', 2)),
      rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 7, 0), when(1, 'EQ', 2)),
    );
    assert.equal(resolved.abis[0].syscalls.get(syscallNumber('x86_64', 'clone') ?? -1)?.rules.length, 2);
  });

  it('the most restrictive of overlapping rules with different actions wins', () => {
    const resolved = one(rule('clone', 'ALLOW', when(0, 'GE', 1)), rule('clone', 'KILL', when(0, 'EQ', 5)));
    assert.equal(ask(resolved, 4n), 'ALLOW');
    assert.equal(ask(resolved, 5n), 'KILL_THREAD');
  });

  it('MASKED_EQ uses value as the mask and valueTwo as the datum, reduced to the mask', () => {
    const resolved = one(rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 0xf0, 0x1f)));
    assert.equal(ask(resolved, 0x10n), 'ALLOW');
    assert.equal(ask(resolved, 0xabc1fn), 'ALLOW');
    assert.equal(ask(resolved, 0x20n), 'ERRNO(EPERM)');
  });

  const top = 0xffff_ffff_ffff_ffffn;
  const operators: readonly (readonly [
    op: string,
    value: bigint,
    yes: readonly bigint[],
    no: readonly bigint[],
  ])[] = [
    ['NE', 5n, [4n, 6n, top], [5n]],
    ['LT', 5n, [0n, 4n], [5n, top]],
    ['LE', 5n, [0n, 5n], [6n, top]],
    ['EQ', top, [top], [0n, 0xffff_ffffn]],
    ['GE', 0x1_0000_0000n, [0x1_0000_0000n, top], [0xffff_ffffn]],
    ['GT', 5n, [6n, top], [0n, 5n]],
  ];
  for (const [op, value, yes, no] of operators) {
    it(`${op} ${value} compares unsigned 64-bit numbers`, () => {
      const resolved = one(rule('clone', 'ALLOW', when(0, op, value)));
      for (const argument of yes) assert.equal(ask(resolved, argument), 'ALLOW', String(argument));
      for (const argument of no) assert.equal(ask(resolved, argument), 'ERRNO(EPERM)', String(argument));
    });
  }
});

describe('resolving: 32-bit ABIs', () => {
  it('compare low words, and warn once per rule about values that do not fit', () => {
    const resolved = policy(
      [rule('read', 'ALLOW', when(0, 'EQ', 0x1_0000_0005n)), rule('write', 'ALLOW', when(0, 'EQ', 5))],
      X86_64,
      {
        architectures: ALL_X86,
      },
    );
    assert.equal(answer(resolved, 'x86_64', 'read', [5n]), 'ERRNO(EPERM)');
    assert.equal(answer(resolved, 'x86', 'read', [5n]), 'ALLOW');
    assert.equal(answer(resolved, 'x32', 'read', [0x7_0000_0005n]), 'ALLOW');
    assert.deepEqual(codes(resolved.warnings), ['value-truncated']);
    assert.match(resolved.warnings[0]?.message ?? '', /x86 and x32/);
    assert.equal(resolved.warnings[0]?.at?.pointer, '/syscalls/0/args/0');
  });

  it('truncate masks too', () => {
    const resolved = policy(
      [rule('read', 'ALLOW', when(0, 'MASKED_EQ', 0xf_0000_000fn, 0x1_0000_0002n))],
      { arch: 'aarch64' },
      {
        architectures: ['SCMP_ARCH_ARM'],
      },
    );
    assert.equal(answer(resolved, 'arm', 'read', [2n]), 'ALLOW');
    assert.equal(answer(resolved, 'aarch64', 'read', [2n]), 'ERRNO(EPERM)');
    assert.deepEqual(codes(resolved.warnings), ['value-truncated']);
  });

  it('do not warn about names that they lack', () => {
    const resolved = policy(
      [rule('arch_prctl', 'ALLOW', when(1, 'EQ', 1n << 40n))],
      { arch: 'aarch64' },
      { architectures: ['SCMP_ARCH_ARM'] },
    );
    assert.deepEqual(resolved.warnings, []);
  });
});

describe("resolving: i386's socketcall and ipc", () => {
  const x86 = (...rules: readonly object[]): Policy => policy(rules, X86_64, { architectures: ALL_X86 });
  const allowing = (...rules: readonly object[]): Policy =>
    policy(rules, X86_64, { architectures: ALL_X86, defaultAction: 'SCMP_ACT_ALLOW' });

  it('get the rules of the calls that a rule names', () => {
    const resolved = x86(rule('socket', 'ALLOW'), rule('semop', 'ALLOW'));
    assert.equal(answer(resolved, 'x86', 'socket'), 'ALLOW');
    assert.equal(answer(resolved, 'x86', 'socketcall', [1n]), 'ALLOW');
    assert.equal(answer(resolved, 'x86', 'socketcall', [2n]), 'ERRNO(EPERM)');
    assert.equal(answer(resolved, 'x86', 'ipc', [1n]), 'ALLOW');
    assert.deepEqual(resolved.warnings, []);
  });

  it('get the rules of calls without their own number', () => {
    assert.equal(syscallNumber('x86', 'send'), undefined);
    assert.equal(answer(x86(rule('send', 'ALLOW')), 'x86', 'socketcall', [9n]), 'ALLOW');
  });

  it('lose the condition on argument 0 and keep the others, with a warning', () => {
    const resolved = x86(rule('socket', 'ALLOW', when(0, 'NE', 40), when(1, 'EQ', 7)));
    assert.equal(answer(resolved, 'x86', 'socket', [40n, 7n]), 'ERRNO(EPERM)');
    assert.equal(answer(resolved, 'x86', 'socketcall', [1n, 7n]), 'ALLOW');
    assert.equal(answer(resolved, 'x86', 'socketcall', [1n, 8n]), 'ERRNO(EPERM)');
    assert.deepEqual(codes(resolved.warnings), ['i386-multiplexer']);
    assert.match(resolved.warnings[0]?.message ?? '', /socketcall\(1\).*argument 0/);
  });

  it('refuse a denied call with any version in the upper half of the ipc number, which the kernel ignores', () => {
    const resolved = allowing(rule('shmat', 'ERRNO'));
    for (const call of [21n, 0x1_0015n, 0xffff_0015n])
      assert.equal(answer(resolved, 'x86', 'ipc', [call]), 'ERRNO(EPERM)');
    assert.equal(answer(resolved, 'x86', 'ipc', [0x1_0016n]), 'ALLOW');
    assert.equal(answer(allowing(rule('socket', 'ERRNO')), 'x86', 'socketcall', [0x1_0001n]), 'ALLOW');
  });

  it('refuse a call that is denied under conditions, with a warning, because conditions would compare pointers', () => {
    const resolved = allowing(
      rule('socket', 'ERRNO', when(1, 'EQ', 3)),
      rule('socket', 'KILL', when(1, 'EQ', 5)),
    );
    assert.equal(answer(resolved, 'x86', 'socket', [2n, 1n]), 'ALLOW');
    assert.equal(answer(resolved, 'x86', 'socketcall', [1n, 0x8000n]), 'KILL_THREAD');
    assert.deepEqual(codes(resolved.warnings), ['i386-multiplexer']);
    assert.match(resolved.warnings[0]?.message ?? '', /refused there with any arguments/);
  });

  it('are overridden by their own unconditional rule', () => {
    const resolved = x86(rule('socket', 'KILL'), rule('socketcall', 'ALLOW'));
    assert.equal(answer(resolved, 'x86', 'socketcall', [1n]), 'ALLOW');
    assert.deepEqual(codes(resolved.warnings), ['shadowed-rule']);
    assert.match(resolved.warnings[0]?.message ?? '', /socketcall\(socket\)/);
  });

  it('combine the calls of several rules', () => {
    const resolved = x86(rule('socket', 'ALLOW'), rule('bind', 'LOG'), rule('connect', 'KILL'));
    assert.deepEqual(
      [1n, 2n, 3n, 4n].map(call => answer(resolved, 'x86', 'socketcall', [call])),
      ['ALLOW', 'LOG', 'KILL_THREAD', 'ERRNO(EPERM)'],
    );
    assert.deepEqual(resolved.warnings, []);
  });

  it('do not affect other ABIs', () => {
    const resolved = policy(
      [rule('socket', 'ALLOW')],
      { arch: 'aarch64' },
      { architectures: ['SCMP_ARCH_ARM'] },
    );
    assert.deepEqual(
      resolved.abis.map(({ syscalls }) => syscalls.size),
      [1, 1],
    );
  });
});
