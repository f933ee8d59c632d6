// Policies in the formats of other programs: the output is equivalent, and what the format cannot express is named.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '#lib/filter/compile-profile.js';
import { convert, type ConversionFormat, type ConvertOptions } from '#lib/filter/convert.js';
import { ConversionError } from '#lib/util/errors.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { decompile } from '#lib/filter/decompile/decompile.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import * as scmp from '#lib/kernel/constants.js';
import type { Policy, Rule } from '#lib/policy/policy.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { written } from '../support/written.js';
import { skip } from '../support/skip.js';

interface Document {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly syscalls: readonly { names: string[]; action: string; errnoRet?: number; args?: object[] }[];
}

const X86_64 = { arch: 'x86_64' } as const;

const policyOf = (profile: object, unknownSyscalls: 'enosys' | 'default' = 'enosys'): Policy =>
  resolveProfile(written(profile), X86_64, { unknownSyscalls });

const allowing = (args: readonly object[], names: readonly string[] = ['mmap']): Policy =>
  policyOf({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW', args }],
  });

/** A native policy with these rules for call number 9, `mmap`; calls newer than the profile get the default action. */
function withRules(rules: readonly Rule[]): Policy {
  const policy = policyOf(
    { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['mmap'], action: 'SCMP_ACT_ALLOW' }] },
    'default',
  );
  const [native] = policy.abis;
  return {
    ...policy,
    abis: [{ ...native, syscalls: new Map([[9, { rules, otherwise: policy.defaultAction }]]) }],
  };
}

const document = (policy: Policy, format: 'docker' | 'oci', options?: ConvertOptions): Document =>
  JSON.parse(convert(policy, format, options)) as Document;

const refusal = (policy: Policy, format: ConversionFormat, options?: ConvertOptions): string => {
  try {
    convert(policy, format, options);
  } catch (error) {
    assert.ok(error instanceof ConversionError, String(error));
    assert.equal(error.code, 'not-expressible');
    return error.message;
  }
  return assert.fail('nothing was refused');
};

describe('convert: every profile people use', () => {
  const folder = fileURLToPath(new URL('../../../../shared/profiles/', import.meta.url));
  if (!existsSync(folder)) {
    it('needs profiles in ../shared/profiles', function () {
      skip(this, 'there is no ../shared/profiles');
    });
    return;
  }
  const names = readdirSync(folder).filter(
    name =>
      name.endsWith('.json') &&
      !name.startsWith('firecracker_') &&
      name !== 'moby-profiles_fixture_example.json',
  );
  for (const name of names) {
    it(`${name}: program to Docker's JSON to the same program`, () => {
      for (const arch of ['x86_64', 'aarch64'] as const) {
        for (const unknownSyscalls of ['enosys', 'default'] as const) {
          for (const capabilities of [[], ['CAP_SYS_ADMIN']]) {
            const options = { arch, unknownSyscalls };
            const { bpf } = compile(`${folder}${name}`, { ...options, capabilities });
            const text = convert(decompile(bpf, { arch }), 'docker', { unknownSyscalls });
            assert.deepEqual(compile(Buffer.from(text), options).bpf, bpf, `${arch} ${unknownSyscalls}`);
          }
        }
      }
    });
  }
});

describe('convert: to OCI', () => {
  it("writes Docker's default without keys that only dockerd reads", () => {
    const policy = resolveProfile('docker-default', { ...X86_64, capabilities: ['CAP_SYS_ADMIN'] });
    const text = convert(policy, 'oci');
    assert.doesNotMatch(text, /archMap|includes|excludes|minKernel|"name"/);
    assert.match(text, /"architectures": \[\s*"SCMP_ARCH_X86_64",\s*"SCMP_ARCH_X86",\s*"SCMP_ARCH_X32"\s*\]/);
    const config = { ociVersion: '1.0.0', linux: { seccomp: JSON.parse(text) as object } };
    assert.equal(
      findDifference(compilePolicy(policy).program, resolveProfile(written(config), X86_64)),
      undefined,
    );
  });

  it('keeps flags and the listener', () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/run/agent.sock',
      listenerMetadata: 'x',
      syscalls: [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }],
    };
    const { flags, listener } = resolveProfile(Buffer.from(convert(policyOf(profile), 'oci')), X86_64);
    assert.deepEqual(flags, ['SECCOMP_FILTER_FLAG_LOG']);
    assert.deepEqual(listener, { path: '/run/agent.sock', metadata: 'x' });
  });

  it('writes numbers of 64 bits to the last digit', () => {
    const text = convert(allowing([{ index: 1, value: 0xffff_ffff_ffff_ffffn, op: 'SCMP_CMP_EQ' }]), 'oci');
    assert.match(text, /"value": 18446744073709551615,/);
  });

  it('names the highest call if its action is the default, because calls above it get ENOSYS', () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_ALLOW' },
        { names: ['openat2'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
      ],
    };
    assert.deepEqual(document(policyOf(profile), 'oci').syscalls.at(-1), {
      names: ['openat2'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 1,
    });
  });

  it("omits i386's multiplexers unless the profile names them, because the reader adds them", () => {
    const profile = (names: readonly string[]): object => ({
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86'],
      syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
    });
    const names = (policy: Policy): readonly string[] =>
      document(policy, 'oci').syscalls.flatMap(rule => rule.names);
    assert.deepEqual(names(policyOf(profile(['socket', 'read']))), ['read', 'socket']);
    assert.deepEqual(names(policyOf(profile(['socketcall']))), ['socketcall']);
  });

  it('splits a rule that tests an argument twice, which runtimes would treat as two rules', () => {
    const rule = (op: 'SCMP_CMP_GE' | 'SCMP_CMP_LE', value: bigint) =>
      ({ op, arg: 0, width: 64, value }) as const;
    const policy = withRules([
      { conditions: [rule('SCMP_CMP_GE', 4n), rule('SCMP_CMP_LE', 5n)], action: scmp.SCMP_ACT_ALLOW },
    ]);
    assert.deepEqual(
      document(policy, 'oci', { unknownSyscalls: 'default' }).syscalls.map(({ args }) => args),
      [4, 5].map(value => [{ index: 0, value, op: 'SCMP_CMP_EQ' }]),
    );
  });

  it('makes rules with different actions disjoint, because readers disagree on which wins', () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['mmap'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_LE' }] },
        { names: ['mmap'], action: 'SCMP_ACT_TRAP', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
      ],
    };
    const policy = policyOf(profile);
    assert.deepEqual(
      policy.warnings.map(({ code }) => code),
      ['conflicting-rules'],
    );
    const text = convert(policy, 'oci');
    assert.deepEqual(resolveProfile(Buffer.from(text), X86_64).warnings, []);
  });
});

describe('convert: policies that container runtimes cannot express', () => {
  it('another action for other architectures', () => {
    assert.match(refusal({ ...allowing([]), badArch: scmp.SCMP_ACT_KILL_PROCESS }, 'docker'), /KILL_PROCESS/);
  });

  it('a call without a name', () => {
    const policy = allowing([]);
    const [native] = policy.abis;
    const syscalls = new Map([...native.syscalls, [400, { rules: [], otherwise: scmp.SCMP_ACT_ALLOW }]]);
    assert.match(
      refusal({ ...policy, abis: [{ ...native, syscalls, enosysAbove: 450 }] }, 'docker'),
      /call number 400 of x86_64, which gets ALLOW, has no name/,
    );
  });

  it('ENOSYS above a number without a name', () => {
    const policy = allowing([]);
    const [native] = policy.abis;
    assert.match(
      refusal({ ...policy, abis: [{ ...native, enosysAbove: 400 }] }, 'docker'),
      /numbers above 400/,
    );
  });

  it('one name with two meanings, both of which are reported', () => {
    const policy = policyOf({
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86'],
      syscalls: [{ names: ['getpid', 'close'], action: 'SCMP_ACT_ALLOW' }],
    });
    const [native, other] = policy.abis;
    assert.ok(other !== undefined);
    const without = new Map([...other.syscalls].filter(([number]) => number !== 6));
    assert.match(
      refusal({ ...policy, abis: [native, { ...other, syscalls: without }] }, 'docker'),
      /close of x86 .* has the action ERRNO\(EPERM\), and would get ALLOW/,
    );
  });

  it('calls newer than the profile that do not get ENOSYS, unless the reader does not add ENOSYS', () => {
    const policy = policyOf(
      { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['mmap'], action: 'SCMP_ACT_ALLOW' }] },
      'default',
    );
    assert.match(refusal(policy, 'docker'), /would get ERRNO\(ENOSYS\).*--unknown-syscalls default/);
    assert.equal(document(policy, 'docker', { unknownSyscalls: 'default' }).syscalls.length, 1);
  });

  it('NOTIFY as the default, and data on actions without data', () => {
    const policy = allowing([]);
    assert.match(refusal({ ...policy, defaultAction: scmp.SCMP_ACT_NOTIFY }, 'oci'), /NOTIFY/);
    assert.match(refusal({ ...policy, defaultAction: scmp.SCMP_ACT_TRAP + 3 }, 'oci'), /TRAP\(3\)/);
  });

  it('unknown formats and options', () => {
    assert.throws(() => convert(allowing([]), 'toml' as 'oci'), { code: 'bad-option' });
    assert.throws(() => convert(allowing([]), 'oci', { categories: 'x' } as object), { code: 'bad-option' });
  });
});

describe('convert: to the Security Profiles Operator', () => {
  it('writes the resource in YAML', () => {
    const policy = allowing(
      [{ index: 0, value: 7, valueTwo: 5, op: 'SCMP_CMP_MASKED_EQ' }],
      ['mmap', 'read'],
    );
    assert.equal(
      convert(policy, 'spo', { name: 'my-profile' }),
      `apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata:
  name: my-profile
spec:
  defaultAction: SCMP_ACT_ERRNO
  architectures:
    - SCMP_ARCH_X86_64
  syscalls:
    - names:
        - mmap
        - read
      action: SCMP_ACT_ALLOW
      args:
        - index: 0
          value: 7
          valueTwo: 5
          op: SCMP_CMP_MASKED_EQ
`,
    );
  });

  it('quotes strings that YAML would parse as another type', () => {
    assert.match(convert(allowing([]), 'spo', { name: '1.5' }), /name: "1\.5"/);
    assert.match(convert(allowing([]), 'spo', { name: 'no' }), /name: "no"/);
  });

  for (const [what, profile, expected] of [
    [
      'another errno by default',
      { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38 },
      /have the errno 38/,
    ],
    [
      'an errno of 0',
      {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['sync'], action: 'SCMP_ACT_ERRNO', errnoRet: 0 }],
      },
      /have the errno 0 for SCMP_ACT_ERRNO, as for sync/,
    ],
    [
      'numbers above 2^63 - 1',
      {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [
          {
            names: ['kill'],
            action: 'SCMP_ACT_TRAP',
            args: [{ index: 0, value: 1n << 63n, op: 'SCMP_CMP_EQ' }],
          },
        ],
      },
      /kill with 9223372036854775808/,
    ],
    [
      'a listener elsewhere',
      {
        defaultAction: 'SCMP_ACT_ALLOW',
        listenerPath: '/run/x',
        syscalls: [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }],
      },
      /"\/run\/x"/,
    ],
  ] as const) {
    it(`rejects ${what}, which its schema does not allow`, () => {
      assert.match(refusal(policyOf(profile), 'spo'), expected);
    });
  }

  it('refuses names that Kubernetes refuses', () => {
    for (const name of ['', 'Upper', '-a', 'a\nb', 'x'.repeat(254)])
      assert.throws(() => convert(allowing([]), 'spo', { name }), { code: 'bad-option' });
  });
});

describe('convert: settings of a systemd unit', () => {
  const ALL = {
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }],
  };
  const allow = { names: ['read', 'write', 'exit_group'], action: 'SCMP_ACT_ALLOW' };

  for (const [what, profile, lines] of [
    [
      'a list of what is allowed, without what @default adds',
      { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [allow] },
      [
        /^\[Service\]\nSystemCallFilter=read write\nSystemCallFilter=~arch_prctl brk /,
        /\nSystemCallErrorNumber=EPERM\nSystemCallArchitectures=native\n$/,
        /^(?!.*[ ~]exit_group\b)/s,
      ],
    ],
    [
      'a list of what is denied, each with its errno',
      {
        ...ALL,
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [
          { names: ['mount', 'umount2'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 },
          { names: ['bpf'], action: 'SCMP_ACT_KILL_PROCESS' },
        ],
      },
      [/SystemCallFilter=~bpf:kill mount umount2\nSystemCallErrorNumber=EACCES\n$/],
    ],
    [
      'other errnos in a list of what is allowed',
      {
        defaultAction: 'SCMP_ACT_KILL_PROCESS',
        syscalls: [allow, { names: ['open'], action: 'SCMP_ACT_ERRNO', errnoRet: 2 }],
      },
      [/[ ~]open:ENOENT/, /^(?!.*ErrorNumber)/s],
    ],
    ['nothing that is allowed', { defaultAction: 'SCMP_ACT_ERRNO' }, [/SystemCallFilter=@default\n/]],
  ] as const) {
    it(`writes ${what}`, () => {
      const policy = policyOf(profile, 'default');
      const text = convert(policy, 'systemd');
      for (const line of lines) assert.match(text, line);
      // If all ABIs of the machine are covered, other architectures have no calls.
      const read = resolveProfile(text, X86_64, { badArch: policy.badArch });
      assert.equal(findDifference(compilePolicy(policy).program, read), undefined);
    });
  }

  it('writes policies that were read from systemd', () => {
    for (const settings of [
      'SystemCallFilter=@system-service\nSystemCallFilter=~@privileged ptrace:ENOSYS\n',
      'SystemCallFilter=~@mount reboot:EIO\nSystemCallErrorNumber=EACCES\nSystemCallArchitectures=native x86\n',
      'SystemCallErrorNumber=EPERM\n',
    ]) {
      const policy = resolveProfile(settings, X86_64);
      const text = convert(policy, 'systemd');
      assert.equal(
        findDifference(compilePolicy(policy).program, resolveProfile(text, X86_64)),
        undefined,
        text,
      );
    }
  });

  for (const [what, profile, unknown, expected] of [
    [
      'conditions',
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [{ ...allow, args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }],
      },
      'default',
      /read of x86_64 depends on its arguments/,
    ],
    [
      'the rule for newer calls',
      { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [allow] },
      'enosys',
      /--unknown-syscalls default/,
    ],
    [
      'another action',
      { defaultAction: 'SCMP_ACT_TRAP', syscalls: [allow] },
      'default',
      /calls without a rule get TRAP/,
    ],
    [
      'an errno of 0',
      {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['sync'], action: 'SCMP_ACT_ERRNO', errnoRet: 0 }],
      },
      'default',
      /sync gets ERRNO\(0\)/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.match(refusal(policyOf(profile, unknown), 'systemd'), expected);
    });
  }

  it('refuses a name with different rules on two ABIs', () => {
    const policy = policyOf({
      ...ALL,
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }],
    });
    const [native, ...others] = policy.abis;
    const different = {
      ...policy,
      abis: [native, ...others.map(part => ({ ...part, syscalls: new Map() }))],
    } as const;
    assert.match(
      refusal(different, 'systemd'),
      /mount of x\w+ .* has the action ALLOW, and would get ERRNO\(EPERM\)/,
    );
  });
});
