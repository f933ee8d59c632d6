// Lint rules of profiles: for each a profile that has the fault, and one as close as can be that has not.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from '#lib/util/errors.js';
import { compile } from '#lib/filter/compile-profile.js';
import { simulate } from '#lib/filter/inspect/simulate.js';
import { ABIS, syscallNumber, syscallsOf } from '#lib/kernel/abi.js';
import { actionName } from '#lib/kernel/action.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import { RULES, type RuleCode } from '#lib/lint/rules.js';
import { atLeast, type Finding } from '#lib/lint/finding.js';
import { lint, type LintOptions } from '#lib/lint/lint.js';
import { parseProfile } from '#lib/profile/parse.js';
import { ALL_X86, failure, marked, rule, when, withRule } from '../profile/helpers.js';
import { written } from '../support/written.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

type Source = Parameters<typeof lint>[0];

const deny = (...rules: readonly object[]): SeccompProfile =>
  written({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: rules,
  });
const allow = (...rules: readonly object[]): SeccompProfile =>
  written({
    ...deny(...rules),
    defaultAction: 'SCMP_ACT_ALLOW',
  });
/** With x86 and x32. */
const all = (profile: object): SeccompProfile => written({ ...profile, architectures: ALL_X86 });
const allows = (...names: readonly string[]): object => ({ names, action: 'SCMP_ACT_ALLOW' });
const absent = (name: string): object => ({ names: [name], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });

/** What the loader of glibc needs. */
const LOADER = ['mmap', 'mprotect', 'openat', 'read', 'pread64', 'newfstatat', 'close'];

interface Case {
  readonly what: string;
  readonly code: RuleCode;
  readonly has: Source | object;
  readonly lacks: Source | object;
  readonly options?: LintOptions;
}

const CASES: readonly Case[] = [
  ...(['NE', 'GT', 'GE'] as const).map(op => ({
    what: `an int is allowed by ${op} on the whole register`,
    code: 'wide-comparison' as const,
    has: deny(rule('socket', 'ALLOW', when(0, op, 40))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'EQ', 40))),
  })),
  {
    what: 'an int is denied by EQ on the whole register',
    code: 'wide-comparison',
    has: allow(rule('personality', 'ERRNO', when(0, 'EQ', 4))),
    lacks: allow(rule('personality', 'ERRNO', when(0, 'MASKED_EQ', 0xffffffff, 4))),
  },
  {
    what: 'a long is compared as one',
    code: 'wide-comparison',
    has: deny(rule('prctl', 'ALLOW', when(0, 'NE', 4))),
    lacks: deny(rule('prctl', 'ALLOW', when(1, 'NE', 4))),
  },
  {
    what: 'conditions compare declared widths',
    code: 'wide-comparison',
    has: deny(rule('fcntl', 'ALLOW', when(1, 'GT', 4))),
    lacks: deny(rule('read', 'ALLOW', when(2, 'GT', 4))),
  },
  {
    what: 'a path is compared',
    code: 'pointer-compared',
    has: deny(rule('openat', 'ALLOW', when(1, 'EQ', 4096))),
    lacks: deny(rule('openat', 'ALLOW', when(2, 'EQ', 4096))),
  },
  {
    what: 'a pointer is compared with NULL',
    code: 'pointer-compared',
    has: deny(rule('mq_open', 'ALLOW', when(3, 'LT', 5))),
    lacks: deny(rule('mq_open', 'ALLOW', when(3, 'EQ', 0))),
  },
  {
    what: 'an argument too many is compared',
    code: 'no-such-argument',
    has: deny(rule('socket', 'ALLOW', when(3, 'EQ', 0))),
    lacks: deny(rule('socket', 'ALLOW', when(2, 'EQ', 0))),
  },
  {
    what: 'no value is below 0',
    code: 'impossible-condition',
    has: deny(rule('socket', 'ALLOW', when(0, 'LT', 0))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'LT', 1))),
  },
  {
    what: 'every value is at least 0',
    code: 'condition-always-true',
    has: deny(rule('socket', 'ALLOW', when(0, 'GE', 0))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'LE', 1))),
  },
  {
    what: 'a mask of 0 tests nothing',
    code: 'condition-always-true',
    has: deny(rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 0, 0))),
    lacks: deny(rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 1, 0))),
  },
  {
    what: 'an index is repeated',
    code: 'repeated-argument',
    has: deny(rule('socket', 'ALLOW', when(0, 'LT', 38), when(0, 'EQ', 39))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'LT', 38), when(1, 'EQ', 39))),
  },
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
    what: 'a name has a slip',
    code: 'unknown-syscall',
    has: deny(allows('opneat')),
    lacks: deny(allows('openat')),
  },
  {
    what: 'a name belongs to an architecture that is not covered',
    code: 'name-elsewhere',
    has: deny(allows('socketcall')),
    lacks: all(deny(allows('socketcall'))),
  },
  {
    what: 'a rule for one machine names a call of another',
    code: 'name-elsewhere',
    has: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ ...allows('arch_prctl'), includes: { arches: ['arm64'] } }],
    },
    lacks: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ ...allows('arch_prctl'), includes: { arches: ['amd64'] } }],
    },
  },
  {
    what: 'a key has a slip',
    code: 'unknown-key',
    has: deny({ ...allows('socket'), arg: [] }),
    lacks: deny({ ...allows('socket'), args: [] }),
  },
  {
    what: 'Docker alone reads archMap',
    code: 'containerd-drops',
    has: {
      defaultAction: 'SCMP_ACT_ERRNO',
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: [] }],
    },
    lacks: deny(),
  },
  {
    what: 'Docker alone reads restrictions',
    code: 'containerd-drops',
    has: deny({ ...allows('bpf'), includes: { caps: ['CAP_BPF'] } }),
    lacks: deny({ ...allows('bpf'), includes: {} }),
  },
  {
    what: 'Docker alone reads name',
    code: 'containerd-drops',
    has: deny({ name: 'read', action: 'SCMP_ACT_ALLOW' }),
    lacks: deny(allows('read')),
  },
  {
    what: 'a refusal reports success',
    code: 'errno-zero',
    has: deny({ ...rule('mount', 'ERRNO'), errnoRet: 0 }),
    lacks: deny({ ...rule('mount', 'ERRNO'), errnoRet: 38 }),
  },
  {
    what: 'clone3 has no rule',
    code: 'clone3-answer',
    has: deny(allows('clone', 'statx', 'mseal')),
    lacks: deny(allows('clone', 'statx', 'mseal'), absent('clone3')),
  },
  {
    what: 'clone3 gets EPERM',
    code: 'clone3-answer',
    has: allow({ ...rule('clone3', 'ERRNO'), errnoRet: 1 }),
    lacks: allow(absent('clone3')),
  },
  {
    what: 'a probe is deadly',
    code: 'kill-on-probe',
    has: allow(rule('io_uring_setup', 'KILL_PROCESS')),
    lacks: allow(absent('io_uring_setup')),
  },
  {
    what: 'chmod is refused and fchmodat2 forgotten',
    code: 'equivalent-open',
    has: allow({ ...rule('chmod', 'ERRNO'), names: ['chmod', 'fchmod', 'fchmodat'] }),
    lacks: allow({ ...rule('chmod', 'ERRNO'), names: ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'] }),
  },
  {
    what: 'clone is restricted and clone3 allowed',
    code: 'equivalent-open',
    has: deny(rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 0x7e020000, 0)), allows('clone3')),
    lacks: deny(rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 0x7e020000, 0)), absent('clone3')),
  },
  {
    what: 'open is allowed and openat2 refused',
    code: 'equivalent-refused',
    has: deny(allows('open', 'openat', 'creat', 'mseal')),
    lacks: deny(allows('open', 'openat', 'creat', 'mseal'), absent('openat2')),
  },
  {
    what: 'a ring makes the sockets that are refused',
    code: 'io-uring-open',
    has: deny(allows('io_uring_setup', 'io_uring_enter', 'read', 'write')),
    lacks: deny(allows('io_uring_setup', 'read', 'write')),
  },
  {
    what: 'socketcall makes the sockets that are refused',
    code: 'multiplexer-open',
    has: all(deny(rule('socket', 'ALLOW', when(0, 'EQ', 1)), allows('socketcall'))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'EQ', 1)), allows('socketcall')),
  },
  {
    what: 'conditions are lost by way of socketcall',
    code: 'i386-multiplexer',
    has: all(deny(rule('socket', 'ALLOW', when(0, 'EQ', 1)))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'EQ', 1))),
  },
  {
    what: 'x32 is open by default',
    code: 'x32-open',
    has: all(allow(rule('reboot', 'ERRNO'))),
    lacks: allow(rule('reboot', 'ERRNO')),
  },
  ...(
    [
      ['getsockname', 'getpeername'],
      ['getsockopt', 'setsockopt'],
      ['recvmsg', 'recvfrom'],
      ['shutdown', 'bind'],
      ['accept4', 'accept'],
      ['sendto', 'sendmsg'],
    ] as const
  ).map(([silent, reported]) => ({
    what: `Node or Bun does not report that ${silent} is refused`,
    code: 'silent-refusal' as const,
    has: allow(rule(silent, 'ERRNO')),
    lacks: allow(rule(reported, 'ERRNO')),
  })),
  {
    what: 'a call without which Node goes silent kills where it is made',
    code: 'silent-refusal',
    has: allow(rule('getsockname', 'ERRNO')),
    lacks: allow(rule('getsockname', 'KILL_PROCESS')),
  },
  {
    what: 'a server that cannot listen meets an error before',
    code: 'silent-refusal',
    has: allow(rule('accept4', 'ERRNO')),
    lacks: allow(rule('accept4', 'ERRNO'), rule('listen', 'ERRNO')),
  },
  {
    what: 'Node cannot run at all, so that it does not matter',
    code: 'silent-refusal',
    has: allow(rule('getsockname', 'ERRNO')),
    lacks: allow(rule('getsockname', 'ERRNO'), rule('futex', 'ERRNO')),
  },
  {
    what: 'nothing but the end is allowed',
    code: 'nothing-starts',
    has: { defaultAction: 'SCMP_ACT_KILL', syscalls: [allows('exit_group')] },
    lacks: { defaultAction: 'SCMP_ACT_KILL', syscalls: [allows('read', 'write', 'exit', 'rt_sigreturn')] },
  },
  {
    what: 'programs may be executed and cannot set up a thread',
    code: 'nothing-starts',
    has: deny(allows('execve', 'exit_group', ...LOADER)),
    lacks: deny(allows('execve', 'exit_group', 'arch_prctl', ...LOADER)),
  },
  {
    what: 'a thread that computes loads its filter itself',
    code: 'only-self-applied',
    has: deny(allows('read', 'write', 'futex', 'exit', 'rt_sigreturn')),
    lacks: deny(allows('read', 'write', 'futex', 'exit', 'rt_sigreturn', 'execve', 'arch_prctl')),
  },
  {
    what: 'a running Node goes on without starting programs',
    code: 'only-self-applied',
    has: allow(rule('execve', 'ERRNO'), rule('execveat', 'ERRNO')),
    lacks: allow(rule('execve', 'ERRNO')),
  },
  {
    what: 'the loader cannot open libraries',
    code: 'no-dynamic-start',
    has: allow(...['open', 'openat', 'openat2', 'creat'].map(name => rule(name, 'ERRNO'))),
    lacks: allow(...['openat2', 'creat'].map(name => rule(name, 'ERRNO'))),
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
  {
    what: 'a process may be traced',
    code: 'ptrace-open',
    has: deny(allows('ptrace')),
    lacks: deny(allows('read')),
  },
];

const codesOf = (findings: readonly Finding[]): readonly string[] => findings.map(({ code }) => code);

describe('lint', () => {
  for (const { what, code, has, lacks } of CASES) {
    it(`${code}: ${what}`, () => {
      assert.ok(codesOf(lint(written(has))).includes(code), 'is not found');
      assert.ok(!codesOf(lint(written(lacks))).includes(code), 'is found where it is not');
    });
  }

  it('foreign-abi-open: a badArch that allows', () => {
    const open = lint(deny(), { badArch: SCMP_ACT_ALLOW });
    assert.ok(codesOf(open).includes('foreign-abi-open'));
    assert.ok(!codesOf(lint(deny())).includes('foreign-abi-open'));
  });

  it('says nothing of wide comparisons where declared widths are compared', () => {
    const profile = deny(rule('socket', 'ALLOW', when(0, 'GT', 40))) as Source;
    assert.ok(!codesOf(lint(profile, { argWidth: 'declared' })).includes('wide-comparison'));
  });

  it('has a rule for every warning of reading and resolving', () => {
    const sources = readdirSync(`${root}lib/profile`, { recursive: true, encoding: 'utf8' })
      // Filters of Firecracker's are converted, not linted.
      .filter(path => path.endsWith('.ts') && !path.startsWith('formats/firecracker/'))
      .map(path => readFileSync(`${root}lib/profile/${path}`, 'utf8'));
    const warnings = sources.flatMap(source =>
      [...source.matchAll(/\.warning\(\s*'([a-z0-9-]+)'/g)].map(([, code = '']) => code),
    );
    assert.ok(warnings.length > 15);
    assert.deepEqual(
      [...warnings, 'missing-index', 'missing-value'].filter(code => !Object.hasOwn(RULES, code)),
      [],
    );
  });

  /** Profiles in which one cause shows on many calls and interfaces. */
  const ONE_CAUSE: readonly (readonly [code: RuleCode, profile: Source | object, message: RegExp])[] = [
    [
      'wide-comparison',
      all(deny({ ...rule('socket', 'ALLOW', when(0, 'GT', 40)), names: ['socket', 'dup', 'fsync'] })),
      /argument 0 of "socket" \(int domain\), "dup" \(unsigned int fildes\) and "fsync"/,
    ],
    [
      'pointer-compared',
      deny({ ...rule('stat', 'ALLOW', when(0, 'EQ', 4096)), names: ['stat', 'lstat'] }),
      /argument 0 of "stat" \(.*\) and "lstat" \(.*\) is a pointer/,
    ],
    [
      'no-such-argument',
      deny({ ...rule('getpid', 'ALLOW', when(5, 'EQ', 1)), names: ['getpid', 'gettid'] }),
      /"getpid" \(\) and "gettid" \(\) have no argument 5/,
    ],
    [
      'impossible-condition',
      all(deny({ ...rule('socket', 'ALLOW', when(0, 'LT', 0)), names: ['socket', 'bind', 'dup'] })),
      /no call of .*socket.* meets/,
    ],
    [
      'repeated-name',
      deny(allows('socket', 'bind', 'listen'), allows('listen', 'bind', 'socket')),
      /^"listen", "bind" and "socket" are already named by the rule at line \d+, column \d+/,
    ],
    [
      'conditions-without-effect',
      deny(allows('dup', 'dup2'), { ...rule('dup', 'ALLOW', when(0, 'EQ', 1)), names: ['dup', 'dup2'] }),
      /the conditions on "dup" and "dup2" have no effect/,
    ],
    [
      'name-elsewhere',
      deny(allows('vm86', 'vm86old', 'read')),
      /^"vm86" and "vm86old" are not system calls of x86_64, only of x86$/,
    ],
    [
      'multiplexer-open',
      all(
        deny(allows('socketcall'), {
          ...rule('socket', 'ALLOW', when(0, 'EQ', 1)),
          names: ['socket', 'bind'],
        }),
      ),
      /32-bit programs on x86 can make "socket" and "bind" through socketcall/,
    ],
    [
      'kill-on-probe',
      all(allow({ ...rule('rseq', 'KILL'), names: ['rseq', 'statx'] })),
      /rseq and statx|statx and rseq/,
    ],
    ['equivalent-refused', deny(allows('read', 'write', 'openat')), /readv.*writev.*refused/],
    [
      'equivalent-open',
      {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ ...rule('chmod', 'ERRNO'), names: ['chmod', 'fchmod'] }],
      },
      /^chmod \(x86_64\) and fchmod get ERRNO\(EPERM\), but fchmodat and fchmodat2 can do the same$/,
    ],
    [
      'conflicting-rules',
      deny(
        rule('socket', 'ALLOW', when(0, 'LT', 9)),
        rule('socket', 'ALLOW', when(0, 'LT', 8)),
        rule('socket', 'LOG', when(0, 'EQ', 2)),
      ),
      /^this LOG and the ALLOW of line \d+.* can both match "socket": LOG applies$/,
    ],
    [
      'i386-multiplexer',
      all(deny({ ...rule('socket', 'ALLOW', when(0, 'EQ', 1)), names: ['socket', 'bind', 'listen'] })),
      /; the rule has 2 more of these$/,
    ],
    ['ptrace-open', all(deny(allows('ptrace', 'pidfd_getfd'))), /ptrace and pidfd_getfd are allowed/],
    [
      'silent-refusal',
      allow({ ...rule('getsockopt', 'ERRNO'), names: ['getsockopt', 'getsockname'] }),
      /getsockname and getsockopt are refused/,
    ],
  ];
  for (const [code, profile, message] of ONE_CAUSE) {
    it(`${code}: one finding for one cause`, () => {
      const found = lint(written(profile)).filter(finding => finding.code === code);
      assert.equal(found.length, 1, JSON.stringify(found.map(finding => finding.message)));
      assert.match(found[0]?.message ?? '', message);
    });
  }

  it('equivalent-open: rules and kinds of calls have findings of their own', () => {
    const found = lint(allow(rule('chmod', 'ERRNO'), rule('mount', 'ERRNO'), rule('fchmod', 'ERRNO')));
    const messages = found.filter(({ code }) => code === 'equivalent-open').map(({ message }) => message);
    assert.deepEqual(
      messages.map(message => message.split(' ')[0]),
      ['chmod', 'mount', 'fchmod'],
    );
  });

  it('names at most twenty things in a message, and counts the others', () => {
    const names = [...syscallsOf('x86_64').keys()].slice(0, 50);
    const found = lint(deny(allows(...names), allows(...names))).filter(
      ({ code }) => code === 'repeated-name',
    );
    assert.equal(found.length, 1);
    assert.match(found[0]?.message ?? '', / and 30 more are already named by the rule at /);
    assert.ok((found[0]?.message.length ?? 0) < 500);
  });

  it('says which architecture has a name that the covered ones lack, and suggests no other', () => {
    const finding = lint(deny(allows('spu_run'))).find(({ code }) => code === 'name-elsewhere');
    assert.match(finding?.message ?? '', /"spu_run" is not a system call of x86_64, only of powerpc/);
    assert.doesNotMatch(finding?.remedy ?? '', /Did you mean/);
  });

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

    it(`exception-dropped: nothing is excepted, and what the remedy says is (${codegen})`, () => {
      const profile = allow(rule('personality', 'ERRNO'), rule('personality', 'ALLOW', when(0, 'EQ', 8)));
      assert.deepEqual([answer(profile, 7n), answer(profile, 8n)], ['ERRNO(EPERM)', 'ERRNO(EPERM)']);
      const finding = lint(profile).find(({ code }) => code === 'exception-dropped');
      assert.equal(finding?.severity, 'medium');
      assert.match(finding.remedy, /argument 0 SCMP_CMP_NE 8/);
      const remedied = allow(rule('personality', 'ERRNO', when(0, 'NE', 8)));
      assert.deepEqual([answer(remedied, 7n), answer(remedied, 8n)], ['ERRNO(EPERM)', 'ALLOW']);
      assert.ok(!codesOf(lint(profile)).includes('rule-equals-default'), 'is told to be removed');
    });

    it(`denial-dropped: nothing is denied, and what the remedy says is (${codegen})`, () => {
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

  for (const action of ['ERRNO', 'KILL_PROCESS', 'TRAP', 'LOG', 'NOTIFY'] as const) {
    it(`newer-calls-allowed: ${action === 'LOG' ? 'not ' : ''}for a list of calls that get ${action}`, () => {
      for (const defaultAction of ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'] as const) {
        const profile = { ...allow(rule('mount', action)), defaultAction };
        const found = lint(profile).find(({ code }) => code === 'newer-calls-allowed');
        assert.equal(found !== undefined, action !== 'LOG', defaultAction);
        if (found !== undefined)
          assert.match(found.message, /allows every call that is newer than Linux \d+\.\d+/);
      }
      assert.ok(!codesOf(lint(deny(rule('mount', action)))).includes('newer-calls-allowed'));
    });
  }

  it('gives the place of a condition', () => {
    const { text, line, column } = marked(
      withRule(
        '"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [→{ "index": 0, "op": "SCMP_CMP_GT", "value": 40 }]',
      ),
    );
    const finding = lint(text).find(({ code }) => code === 'wide-comparison');
    assert.deepEqual([finding?.at?.line, finding?.at?.column], [line, column]);
    assert.equal(finding?.at?.pointer, '/syscalls/0/args/0');
  });

  it('gives the beginning of the file for what a profile leaves out', () => {
    const [finding] = lint(written({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [allows('mseal')] }));
    assert.equal(finding?.code, 'kill-on-probe');
    assert.deepEqual([finding.at?.line, finding.at?.column], [1, 1]);
  });

  it('names interfaces where a finding does not hold on all of them', () => {
    const findings = lint(all(deny(rule('socket', 'ALLOW', when(0, 'GT', 40)))));
    const finding = findings.find(({ code }) => code === 'wide-comparison');
    assert.deepEqual(finding?.abis, ['x86_64']);
    assert.match(finding.message, /\(x86_64\)$/);
  });

  it('suggests the name that was meant', () => {
    const [finding] = lint(deny(allows('setsockop')) as Source).filter(
      ({ code }) => code === 'unknown-syscall',
    );
    assert.match(finding?.remedy ?? '', /"setsockopt"/);
  });

  it('is in the order of the text', () => {
    const lines = lint('docker-default').map(({ at }) => at?.line ?? 0);
    assert.deepEqual(
      lines,
      lines.toSorted((a, b) => a - b),
    );
  });

  it('finds nothing of severity high in docker-default, whatever the machine and its capabilities', () => {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      for (const capabilities of [
        [],
        ['CAP_SYS_ADMIN', 'CAP_BPF', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'],
      ]) {
        const high = lint('docker-default', { arch, capabilities }).filter(
          ({ severity }) => severity === 'high',
        );
        assert.deepEqual(high, []);
      }
    }
  });

  it('finds in docker-default what it is known for', () => {
    const findings = lint('docker-default').filter(({ severity }) => atLeast(severity, 'medium'));
    assert.deepEqual(codesOf(findings), ['multiplexer-open', 'wide-comparison']);
  });

  it('refuses what is not a profile, as reading it does', () => {
    assert.equal(failure(() => lint('{}')).code, 'missing-default-action');
  });

  it('refuses options that it does not know', () => {
    assert.throws(
      () => lint('docker-default', { strict: true } as LintOptions),
      (error: unknown) => error instanceof UsageError && error.code === 'bad-option',
    );
  });

  it('keeps a thousand findings of a hostile profile, and says so', () => {
    const rules = Array.from({ length: 1500 }, () => allows('read'));
    const findings = lint(deny(...rules));
    assert.equal(findings.length, 1001);
    assert.ok(codesOf(findings).includes('too-many-findings'));
  });

  it('stops looking at conditions of a hostile profile, and says so', () => {
    const names = Array.from({ length: 1000 }, () => 'read');
    const args = Array.from({ length: 240 }, () => when(2, 'EQ', 1));
    assert.ok(codesOf(lint(deny({ ...allows(...names), args }))).includes('conditions-unchecked'));
  });

  it('takes a Profile as it takes a path', () => {
    assert.deepEqual(lint(parseProfile('docker-default')), lint('docker-default'));
  });

  it('takes the profiles that people use', function () {
    const folder = `${root}../shared/profiles/`;
    if (!existsSync(folder)) this.skip();
    const unusable = /^(?:firecracker_.*|moby-profiles_fixture_example\.json)$/;
    for (const name of readdirSync(folder).filter(file => file.endsWith('.json') && !unusable.test(file))) {
      for (const { at, message } of lint(`${folder}${name}`)) {
        assert.ok((at?.line ?? 0) > 0 && message !== '', name);
      }
    }
  });
});
