// Denials without effect on a target, contradicting rules, and calls by number.
import assert from 'node:assert/strict';
import { FilterContext } from '#lib/libseccomp/context.js';
import { compile } from '#lib/filter/compile-profile.js';
import { evaluate } from '#lib/policy/evaluate.js';
import * as scmp from '#lib/kernel/constants.js';
import type { Architecture } from '#lib/kernel/architectures.js';
import { lint } from '#lib/lint/lint.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { codes, failure } from './helpers.js';
import { written } from '../support/written.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

type Name = string | number;

const denying = (names: readonly Name[], more: object = {}): SeccompProfile =>
  written({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
    ...more,
  });

const MANY = { architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_AARCH64'] };

describe('denials without effect', () => {
  const errors: readonly (readonly [Architecture, readonly string[], readonly string[], object?])[] = [
    ['x86_64', ['umount'], ['umount2']],
    ['aarch64', ['mkdir', 'unlink', 'rename'], ['mkdirat', 'unlinkat', 'renameat', 'renameat2']],
    ['x86_64', ['send'], ['sendto']],
    ['x86_64', ['recv'], ['recvfrom']],
    ['x86_64', ['stime'], ['settimeofday']],
    ['x86_64', ['waitpid'], ['wait4']],
    ['x86_64', ['timerfd'], ['timerfd_create']],
    ['x86_64', ['chown32'], ['chown']],
    ['x86_64', ['socketcall'], ['socket']],
    ['aarch64', ['rename', 'renameat'], ['renameat2']],
    ['aarch64', ['clone', 'fork', 'vfork'], ['clone3']],
    ['x86_64', ['waitpid'], ['wait4'], MANY],
    ['aarch64', ['mkdir'], ['mkdirat'], MANY],
  ];
  for (const [arch, names, missing, more] of errors) {
    it(`${names.join(' ')} on ${arch}${more === undefined ? '' : ', for several architectures'}: ${missing.join(' ')}`, () => {
      const { problems } = failure(() => resolveProfile(denying(names, more), { arch }));
      assert.deepEqual([...new Set(codes(problems))], ['denial-without-effect']);
      const text = problems.map(({ message, remedy }) => `${message} ${remedy ?? ''}`).join('\n');
      for (const name of missing) assert.match(text, new RegExp(`Deny .*\\b${name}\\b`));
      assert.ok(problems.every(({ at }) => at?.pointer.startsWith('/syscalls/0/names/')));
    });
  }

  const silent: readonly (readonly [Architecture, readonly string[], object?])[] = [
    ['x86_64', ['umount', 'umount2']],
    ['x86_64', ['vm86', 'vm86old', 'create_module']],
    ['aarch64', ['vm86', 'create_module', 'ustat', 'sysfs', 'uselib', 'iopl', 'ioperm']],
    ['aarch64', ['mkdir', 'mkdirat']],
    ['aarch64', ['rename', 'renameat', 'renameat2']],
    ['x86_64', ['send', 'sendto']],
    ['x86_64', ['chown32', 'chown']],
    ['x86_64', ['socketcall', 'connect']],
    ['x86_64', ['spu_run', 'set_tls', 'syscall']],
    ['aarch64', ['rename', 'renameat'], MANY],
    ['x86_64', ['clone', 'fork', 'vfork']],
    ['x86_64', ['accept'], MANY],
  ];
  for (const [arch, names, more] of silent) {
    it(`${names.join(' ')} on ${arch}${more === undefined ? '' : ', for several architectures'} is not one`, () => {
      const { warnings } = resolveProfile(denying(names, more), { arch }, { strict: true });
      assert.deepEqual(warnings, []);
    });
  }

  it('do not include refusals by ENOSYS, after which programs use the other call', () => {
    const profile: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['clock_gettime64'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }],
    };
    assert.deepEqual(resolveProfile(profile, { arch: 'aarch64' }).warnings, []);
  });

  it('do not include cases in which the other call is allowed under conditions', () => {
    const profile: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['fork'], action: 'SCMP_ACT_ERRNO' },
        {
          names: ['clone'],
          action: 'SCMP_ACT_ERRNO',
          args: [{ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0x10000, valueTwo: 0 }],
        },
        { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
      ],
    };
    assert.doesNotThrow(() => resolveProfile(profile, { arch: 'aarch64' }));
  });

  for (const action of [
    'SCMP_ACT_KILL',
    'SCMP_ACT_TRAP',
    'SCMP_ACT_NOTIFY',
    'SCMP_ACT_KILL_PROCESS',
    'SCMP_ACT_TRACE',
  ]) {
    it(`are the same with ${action}, and under a default of LOG`, () => {
      for (const defaultAction of ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG']) {
        const profile = written({ defaultAction, syscalls: [{ names: ['umount'], action }] });
        const { problems } = failure(() => resolveProfile(profile, { arch: 'x86_64' }));
        assert.deepEqual(codes(problems), ['denial-without-effect']);
      }
    });
  }

  it('are not reported if the default refuses, and the author has allowed the other call by name', () => {
    const profile: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      syscalls: [
        { names: ['nice', 'oldfstat'], action: 'SCMP_ACT_ERRNO' },
        { names: ['setpriority', 'fstat'], action: 'SCMP_ACT_ALLOW' },
      ],
    };
    assert.deepEqual(resolveProfile(profile, { arch: 'x86_64' }, { strict: true }).warnings, []);
  });

  it('are findings of severity high in the linter, which continues', () => {
    const found = lint(denying(['mkdir']), { arch: 'aarch64' }).filter(
      ({ code }) => code === 'denial-without-effect',
    );
    assert.deepEqual(
      found.map(({ severity }) => severity),
      ['high'],
    );
    assert.deepEqual(
      lint(denying(['mkdir', 'mkdirat'])).filter(({ code }) => /denial-without|name-elsewhere/.test(code)),
      [],
    );
  });
});

describe('lists of denials', () => {
  it('cause a warning that they allow every call newer than the table', () => {
    const codesOf = (profile: object) => lint(written(profile)).map(({ code }) => code);
    assert.ok(codesOf(denying(['mount'])).includes('newer-calls-allowed'));
    assert.ok(
      !codesOf({ ...denying(['mount']), defaultAction: 'SCMP_ACT_KILL' }).includes('newer-calls-allowed'),
    );
    assert.ok(!codesOf({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] }).includes('newer-calls-allowed'));
  });
});

type Test = readonly [
  arg: number,
  op: 'EQ' | 'NE' | 'LT' | 'GE' | 'MASKED_EQ',
  value: number,
  second?: number,
];
type RuleOf = readonly [action: 'ERRNO' | 'KILL_PROCESS', errno: number, ...tests: readonly Test[]];

const ACTIONS = { ERRNO: scmp.SCMP_ACT_ERRNO, KILL_PROCESS: () => scmp.SCMP_ACT_KILL_PROCESS };

describe('contradicting rules', () => {
  const table: readonly (readonly [boolean, readonly RuleOf[]])[] = [
    [
      true,
      [
        ['ERRNO', 1, [0, 'EQ', 5]],
        ['KILL_PROCESS', 0, [0, 'EQ', 5]],
      ],
    ],
    [
      true,
      [
        ['ERRNO', 1, [0, 'EQ', 5]],
        ['ERRNO', 13, [0, 'EQ', 5]],
      ],
    ],
    [
      false,
      [
        ['ERRNO', 1, [0, 'EQ', 5]],
        ['ERRNO', 1, [0, 'EQ', 5]],
      ],
    ],
    [
      true,
      [
        ['ERRNO', 1, [0, 'EQ', 5], [1, 'EQ', 1]],
        ['KILL_PROCESS', 0, [1, 'EQ', 1], [0, 'EQ', 5]],
      ],
    ],
    [
      false,
      [
        ['ERRNO', 1],
        ['KILL_PROCESS', 0, [0, 'EQ', 5]],
        ['ERRNO', 13, [0, 'EQ', 5]],
      ],
    ],
    [
      true,
      [
        ['ERRNO', 1, [0, 'EQ', 5]],
        ['KILL_PROCESS', 0, [0, 'EQ', 5]],
        ['ERRNO', 1],
      ],
    ],
    [
      false,
      [
        ['ERRNO', 1],
        ['KILL_PROCESS', 0],
      ],
    ],
    [
      true,
      [
        ['ERRNO', 1, [0, 'MASKED_EQ', 15, 5]],
        ['KILL_PROCESS', 0, [0, 'MASKED_EQ', 15, 0x15]],
      ],
    ],
    [
      true,
      [
        ['ERRNO', 1, [0, 'NE', 5]],
        ['KILL_PROCESS', 0, [0, 'NE', 5]],
      ],
    ],
    [
      false,
      [
        ['ERRNO', 1, [0, 'EQ', 5]],
        ['KILL_PROCESS', 0, [0, 'NE', 5]],
      ],
    ],
    [
      false,
      [
        ['ERRNO', 1, [0, 'GE', 5]],
        ['KILL_PROCESS', 0, [0, 'LT', 5]],
      ],
    ],
    [
      false,
      [
        ['ERRNO', 1, [0, 'EQ', 5]],
        ['KILL_PROCESS', 0, [0, 'EQ', 5], [1, 'EQ', 1]],
      ],
    ],
    [
      true,
      [
        ['ERRNO', 1, [0, 'EQ', 5], [1, 'EQ', 1]],
        ['KILL_PROCESS', 0, [0, 'EQ', 5]],
      ],
    ],
    [
      false,
      [
        ['ERRNO', 1, [0, 'EQ', 5], [1, 'EQ', 1]],
        ['KILL_PROCESS', 0, [1, 'EQ', 1]],
      ],
    ],
    [
      false,
      [
        ['ERRNO', 1, [0, 'EQ', 5]],
        ['ERRNO', 1, [0, 'EQ', 5], [1, 'EQ', 1]],
        ['KILL_PROCESS', 0, [0, 'EQ', 5], [1, 'EQ', 1]],
      ],
    ],
  ];
  for (const [refused, rules] of table) {
    it(`${JSON.stringify(rules)}: ${refused ? 'an error' : 'none'}, as in libseccomp`, () => {
      const profile = written({
        defaultAction: 'SCMP_ACT_ALLOW',
        architectures: ['SCMP_ARCH_X86_64'],
        syscalls: rules.map(([action, errno, ...tests]) => ({
          names: ['socket'],
          action: `SCMP_ACT_${action}`,
          ...(action === 'ERRNO' && { errnoRet: errno }),
          args: tests.map(([index, op, value, valueTwo = 0]) => ({
            index,
            op: `SCMP_CMP_${op}`,
            value,
            valueTwo: op === 'MASKED_EQ' ? valueTwo : 0,
          })),
        })),
      });
      const resolve = () => resolveProfile(profile, { arch: 'x86_64' });
      if (refused) assert.ok(codes(failure(resolve).problems).includes('contradicting-rules'));
      else assert.doesNotThrow(resolve);

      const context = new FilterContext(scmp.SCMP_ACT_ALLOW);
      const add = () => {
        for (const [action, errno, ...tests] of rules) {
          const comparisons = tests.map(([arg, op, a, b = 0]) => ({ arg, op: scmp[`SCMP_CMP_${op}`], a, b }));
          context.ruleAdd(ACTIONS[action](errno), 'socket', ...comparisons);
        }
      };
      if (refused) assert.throws(add, /EEXIST/);
      else assert.doesNotThrow(add);
      context.close();
    });
  }

  it('are found if only the low halves of their values are equal, on a 32-bit ABI', () => {
    const syscalls = [5, 0x1_0000_0005].map((value, index) => ({
      names: ['personality'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: index + 1,
      args: [{ index: 0, op: 'SCMP_CMP_EQ', value }],
    }));
    const of = (architectures: readonly string[]) => () =>
      resolveProfile(written({ defaultAction: 'SCMP_ACT_ALLOW', architectures, syscalls }), {
        arch: 'x86_64',
      });
    assert.doesNotThrow(of(['SCMP_ARCH_X86_64']));
    assert.ok(
      codes(failure(of(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'])).problems).includes('contradicting-rules'),
    );
  });
});

describe('calls by number', () => {
  const X86_64 = scmp.SCMP_ARCH_X86_64;
  const answer = (names: readonly Name[], syscall: number): number =>
    evaluate(resolveProfile(denying(names), { arch: 'x86_64' }), { arch: X86_64, syscall });

  for (const number of [467, 468, 469, 470, 471, 336, 472, 1000]) {
    it(`${number} is refused if a rule names it`, () => {
      assert.equal(answer([number], number), scmp.SCMP_ACT_ERRNO(1));
      assert.equal(answer([number], number + 1), scmp.SCMP_ACT_ALLOW);
      assert.equal(answer(['mount'], number), scmp.SCMP_ACT_ALLOW);
    });
  }

  it('are equivalent to the named call if they have the same name on all architectures', () => {
    assert.deepEqual(
      compile(denying([467]), { arch: 'x86_64' }).bpf,
      compile(denying(['open_tree_attr']), { arch: 'x86_64' }).bpf,
    );
  });

  it('apply on every covered ABI', () => {
    const { abis } = resolveProfile(
      denying([480], { architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }),
      { arch: 'x86_64' },
    );
    assert.deepEqual(
      abis.map(({ syscalls }) => [...syscalls.keys()]),
      [[480], [480], [0x400001e0]],
    );
  });

  it('count as named for the action for newer calls', () => {
    const profile: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['read', 480], action: 'SCMP_ACT_ALLOW' }],
    };
    const [native] = resolveProfile(profile, { arch: 'x86_64' }).abis;
    assert.equal(native.enosysAbove, 480);
  });

  it('are refused if they are another call on another ABI', () => {
    const { problems } = failure(() =>
      resolveProfile(denying([0], { architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] }), {
        arch: 'x86_64',
      }),
    );
    assert.deepEqual(codes(problems), ['ambiguous-number']);
    assert.match(problems[0]?.message ?? '', /read on x86_64, restart_syscall on x86/);
  });

  it('cause a warning in quotes, because Docker ignores them', () => {
    const { warnings } = resolveProfile(denying(['480']), { arch: 'x86_64' });
    assert.deepEqual(codes(warnings), ['quoted-number']);
    assert.equal(answer(['480'], 480), scmp.SCMP_ACT_ERRNO(1));
  });

  it('are rejected by libseccomp, like calls that it does not know by name', () => {
    for (const name of [480, 'listns'])
      assert.throws(() => compile(denying([name]), { arch: 'x86_64', codegen: 'libseccomp' }), {
        code: 'unsupported-by-libseccomp',
        message: /does not know the call/,
      });
  });
});
