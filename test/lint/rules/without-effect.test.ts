// Lint rules about rules without effect.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { simulate } from '#lib/filter/inspect/simulate.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { actionName } from '#lib/kernel/action.js';
import { lint } from '#lib/lint/lint.js';
import { failure, rule, when } from '../../profile/helpers.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';
import { type Case, allow, allows, codesOf, deny, describeRules } from '../helpers.js';

const CASES: readonly Case[] = [
  {
    what: 'the same call is allowed without conditions',
    code: 'conditions-without-effect',
    has: deny(allows('socket'), rule('socket', 'ALLOW', when(0, 'EQ', 1))),
    lacks: deny(allows('bind'), rule('socket', 'ALLOW', when(0, 'EQ', 1))),
  },
  {
    what: 'conditions stand beside another action',
    code: 'shadowed-rule',
    has: deny(rule('socket', 'LOG'), rule('socket', 'ALLOW', when(0, 'EQ', 1))),
    lacks: deny(rule('socket', 'LOG', when(0, 'EQ', 2)), rule('socket', 'ALLOW', when(0, 'EQ', 1))),
  },
  {
    what: 'two actions without conditions',
    code: 'duplicate-rule',
    has: deny(allows('socket'), rule('socket', 'LOG')),
    lacks: deny(allows('socket'), rule('bind', 'LOG')),
  },
  {
    what: 'two actions under conditions that overlap',
    code: 'conflicting-rules',
    has: deny(rule('socket', 'ALLOW', when(0, 'LT', 9)), rule('socket', 'LOG', when(0, 'EQ', 2))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'LT', 2)), rule('socket', 'LOG', when(0, 'EQ', 2))),
  },
  {
    what: 'a name is repeated',
    code: 'repeated-name',
    has: deny(allows('socket', 'bind'), allows('socket')),
    lacks: deny(allows('socket', 'bind'), allows('listen')),
  },
  {
    what: 'conditions are repeated',
    code: 'repeated-name',
    has: deny(rule('socket', 'ALLOW', when(0, 'EQ', 1)), rule('socket', 'ALLOW', when(0, 'EQ', 1))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'EQ', 1)), rule('socket', 'ALLOW', when(0, 'EQ', 2))),
  },
  {
    what: 'a rule says what the default says',
    code: 'rule-equals-default',
    has: deny(rule('mount', 'ERRNO')),
    lacks: deny({ ...rule('mount', 'ERRNO'), errnoRet: 2 }),
  },
  {
    what: 'a capability is included and excluded',
    code: 'rule-never-applies',
    has: deny({ ...allows('bpf'), includes: { caps: ['CAP_BPF'] }, excludes: { caps: ['CAP_BPF'] } }),
    lacks: deny({ ...allows('bpf'), includes: { caps: ['CAP_BPF'] }, excludes: { caps: ['CAP_SYS_ADMIN'] } }),
  },
  {
    what: 'an architecture is included and excluded',
    code: 'rule-never-applies',
    has: deny({ ...allows('bpf'), includes: { arches: ['amd64'] }, excludes: { arches: ['amd64', 'arm'] } }),
    lacks: deny({
      ...allows('bpf'),
      includes: { arches: ['amd64', 'arm64'] },
      excludes: { arches: ['arm64'] },
    }),
  },
  {
    what: 'a kernel is asked for from which on the rule is dropped',
    code: 'rule-never-applies',
    has: deny({ ...allows('bpf'), includes: { minKernel: '5.8' }, excludes: { minKernel: '5.8' } }),
    lacks: deny({ ...allows('bpf'), includes: { minKernel: '5.8' }, excludes: { minKernel: '6.1' } }),
  },
  {
    what: 'an exception stands beside a denial',
    code: 'exception-dropped',
    has: allow(rule('personality', 'ERRNO'), rule('personality', 'ALLOW', when(0, 'EQ', 8))),
    lacks: allow(rule('personality', 'ERRNO', when(0, 'NE', 8))),
  },
  {
    what: 'an exception stands beside a denial under conditions that it overlaps',
    code: 'exception-dropped',
    has: allow(
      rule('personality', 'ERRNO', when(0, 'GT', 4)),
      rule('personality', 'ALLOW', when(0, 'EQ', 8)),
    ),
    lacks: allow(
      rule('personality', 'ERRNO', when(0, 'GT', 8)),
      rule('personality', 'ALLOW', when(0, 'EQ', 8)),
    ),
  },
  {
    what: 'a denial with the default action stands beside what allows the call',
    code: 'denial-dropped',
    has: deny(allows('clone'), rule('clone', 'ERRNO', when(0, 'MASKED_EQ', 0x10000000, 0x10000000))),
    lacks: deny(allows('clone'), {
      ...rule('clone', 'ERRNO', when(0, 'MASKED_EQ', 0x10000000, 0x10000000)),
      errnoRet: 2,
    }),
  },
  {
    what: 'a rule without conditions says what the default says of the rest of a call',
    code: 'denial-dropped',
    has: deny(allows('personality'), rule('personality', 'ERRNO')),
    lacks: deny(rule('personality', 'ALLOW', when(0, 'EQ', 8)), rule('personality', 'ERRNO')),
  },
];

describe('lint rules of rules without effect', () => {
  describeRules(CASES);

  for (const codegen of ['tree', 'libseccomp'] as const) {
    const filter = (profile: SeccompProfile) => compile(profile, { arch: 'x86_64', codegen });
    const answer = (profile: SeccompProfile, persona: bigint): string =>
      actionName(
        simulate(filter(profile), {
          arch: ABIS.x86_64.audit,
          syscall: syscallNumber('x86_64', 'personality') ?? -1,
          args: [persona],
        }).action,
      );

    it(`exception-dropped: the exception has no effect, but the rule of the remedy has (${codegen})`, () => {
      const profile = allow(rule('personality', 'ERRNO'), rule('personality', 'ALLOW', when(0, 'EQ', 8)));
      assert.deepEqual([answer(profile, 7n), answer(profile, 8n)], ['ERRNO(EPERM)', 'ERRNO(EPERM)']);
      const finding = lint(profile).find(({ code }) => code === 'exception-dropped');
      assert.equal(finding?.severity, 'medium');
      assert.match(finding.remedy, /argument 0 SCMP_CMP_NE 8/);
      const remedied = allow(rule('personality', 'ERRNO', when(0, 'NE', 8)));
      assert.deepEqual([answer(remedied, 7n), answer(remedied, 8n)], ['ERRNO(EPERM)', 'ALLOW']);
      assert.ok(!codesOf(lint(profile)).includes('rule-equals-default'), 'is told to be removed');
    });

    it(`denial-dropped: the denial has no effect, but the rule of the remedy has (${codegen})`, () => {
      const profile = deny(allows('personality'), rule('personality', 'ERRNO', when(0, 'EQ', 8)));
      assert.deepEqual([answer(profile, 7n), answer(profile, 8n)], ['ALLOW', 'ALLOW']);
      const finding = lint(profile).find(({ code }) => code === 'denial-dropped');
      assert.equal(finding?.severity, 'high');
      assert.match(finding.remedy, /argument 0 SCMP_CMP_NE 8/);
      const remedied = deny(rule('personality', 'ALLOW', when(0, 'NE', 8)));
      assert.deepEqual([answer(remedied, 7n), answer(remedied, 8n)], ['ALLOW', 'ERRNO(EPERM)']);
    });
  }

  it('exception-dropped and denial-dropped: warnings of compile, errors with strict', () => {
    const profile = deny(allows('personality'), rule('personality', 'ERRNO', when(0, 'EQ', 8)));
    assert.deepEqual(
      compile(profile, { arch: 'x86_64' }).warnings.map(({ code }) => code),
      ['denial-dropped'],
    );
    assert.equal(failure(() => compile(profile, { arch: 'x86_64', strict: true })).code, 'denial-dropped');
  });
});
