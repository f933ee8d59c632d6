// Profiles of other recorders, read as logs.
import assert from 'node:assert/strict';
import { read, summary } from '../support/read-log.js';

describe('Recorded profiles', () => {
  const yaml = `---
apiVersion: security-profiles-operator.x-k8s.io/v1
kind: SeccompProfile
metadata:
  name: nginx
  annotations:
    spo.x-k8s.io/syscall-coverage: '{"version":"v1","total":3,"syscalls":{"read":3,"mknod":1}}'
spec:
  defaultAction: SCMP_ACT_ERRNO
  architectures:
  - SCMP_ARCH_X86_64
  syscalls:
  - action: SCMP_ACT_ALLOW
    names:
    - read
    - mknod
    - frobnicate
  - action: SCMP_ACT_ERRNO
    names:
    - mount
  - names: [getpid, getuid]
    action: SCMP_ACT_ALLOW
    args:
    - index: 0
      op: SCMP_CMP_EQ
      value: 1
status:
  names:
  - reboot
`;
  it('of the operator are read, with N of M runs', () => {
    const { recording, skipped } = read(yaml);
    assert.equal(recording.runs, 3);
    assert.deepEqual(
      recording.calls.map(({ syscall, runs }) => [syscall, runs]),
      [
        ['mknod', 1],
        ['read', 3],
      ],
    );
    assert.equal(skipped, 3);
  });

  for (const [what, rules, expected, left] of [
    [
      'for some arguments',
      '{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"op":"SCMP_CMP_EQ","value":1}]}',
      [],
      1,
    ],
    [
      'for some capabilities',
      '{"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}}',
      [],
      1,
    ],
    [
      'for some kernels',
      '{"names":["ptrace"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8"}}',
      [],
      1,
    ],
    [
      'for all architectures but some',
      '{"names":["ptrace"],"action":"SCMP_ACT_ALLOW","excludes":{"arches":["amd64"]}}',
      [],
      1,
    ],
    [
      'besides one that refuses the call',
      '{"names":["mount"],"action":"SCMP_ACT_ALLOW"},{"Name":"mount","action":"SCMP_ACT_KILL"}',
      [],
      1,
    ],
    [
      'besides one that refuses it by its number',
      '{"names":["mount"],"action":"SCMP_ACT_ALLOW"},{"names":[165],"action":"SCMP_ACT_ERRNO"}',
      [],
      1,
    ],
    [
      'besides one for all arguments',
      '{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"op":"SCMP_CMP_EQ","value":1}]},{"names":["clone"],"action":"SCMP_ACT_ALLOW"}',
      ['clone() x1'],
      0,
    ],
  ] as const)
    it(`do not include a call that has a rule ${what}, because that would allow more`, () => {
      const { recording, skipped } = read(
        `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},${rules}]}`,
      );
      assert.deepEqual(summary(recording), [...expected, 'read() x1']);
      assert.equal(skipped, left);
    });

  it('have their rules in one place, and no other parser finds more', () => {
    const more = '[{"names":["mount"],"action":"SCMP_ACT_ALLOW"}]';
    const docker =
      '"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]';
    assert.deepEqual(summary(read(`{${docker},"spec":{"syscalls":${more}}}`).recording), ['read() x1']);
    assert.deepEqual(
      summary(
        read(
          `{"kind":"SeccompProfile","spec":{${docker}},"defaultAction":"SCMP_ACT_ERRNO","syscalls":${more}}`,
        ).recording,
      ),
      ['read() x1'],
    );
  });

  it('are no list, whatever items they have', () => {
    const docker = (name: string, rest = ''): string =>
      `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["${name}"],"action":"SCMP_ACT_ALLOW"}]${rest}}`;
    const items = `,"items":[${docker('mount')}]`;
    for (const text of [
      docker('read', items),
      docker('read', items).replace('defaultAction', 'DefaultAction').replace('syscalls', 'Syscalls'),
      `{"kind":"SeccompProfile","spec":${docker('read')}${items}}`,
    ])
      assert.deepEqual(summary(read(text).recording), ['read() x1']);
  });

  const resource = (name: string, base: string, action: string): string =>
    `---\nkind: SeccompProfile\nmetadata: { name: ${name} }\nspec:\n  baseProfileName: ${base}\n  syscalls:\n  - { names: [mount], action: ${action} }\n  - { names: [read], action: SCMP_ACT_ALLOW }\n`;
  it('lack what the profiles refuse on which they are based', () => {
    const text =
      resource('a', 'b', 'SCMP_ACT_ALLOW') +
      resource('b', 'c', 'SCMP_ACT_ALLOW') +
      resource('c', 'elsewhere', 'SCMP_ACT_ERRNO');
    assert.deepEqual(summary(read(text).recording), ['read() x3']);
  });

  for (const [what, text, message] of [
    [
      'are based on each other',
      resource('a', 'b', 'SCMP_ACT_ALLOW') + resource('b', 'a', 'SCMP_ACT_ALLOW'),
      /<log>:5:20: .*based on each other/,
    ],
    [
      'are based on one of two with the same name',
      resource('a', 'b', 'SCMP_ACT_ALLOW') + resource('b', '', 'SCMP_ACT_ALLOW').repeat(2),
      /<log>:5:20: .*several profiles with the name "b"/,
    ],
    [
      'have merge keys, whose members some readers put in',
      'kind: SeccompProfile\nspec:\n  syscalls:\n  - names: [clone]\n    action: SCMP_ACT_ALLOW\n    <<: { args: [{ index: 0, op: SCMP_CMP_EQ, value: 1 }] }\n',
      /<log>:6:5: .*merge keys are not read/,
    ],
  ] as const)
    it(`are rejected if they ${what}`, () => {
      assert.throws(() => read(text), { code: 'empty-log', message });
    });

  it('with a mistake have no messages of a log', () => {
    const broken =
      '"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALOW"}],"message":"mount(0x1, 0x2, 0x3, 0, 0) = 0"}';
    for (const text of [
      `{"defaultAction":"SCMP_ACT_ERRNO",${broken}`,
      `{\n"DefaultAction":"SCMP_ACT_ERRNO",${broken}`,
      `{"kind":"SeccompProfile","spec":{},"spec":{},${broken}`,
    ])
      assert.throws(() => read(text), { code: 'empty-log' });
    assert.deepEqual(summary(read(`getpid() = 1\n{"defaultAction":"SCMP_ACT_ERRNO",${broken}`).recording), [
      'getpid() x1',
    ]);
  });

  it('may be more than a function has arguments', () => {
    const text = `{"items":[\n${'{"kind":"SeccompProfile","spec":{}},\n'.repeat(150_000)}{"kind":"SeccompProfile","spec":{"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}}]}`;
    assert.equal(read(text).recording.runs, 150_001);
  });

  it('are parsed as for compiling, with the place of a mistake', () => {
    assert.throws(
      () =>
        read('{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALOW"}]}'),
      /\/syscalls\/0\/action.*SCMP_ACT_ALLOW/,
    );
  });

  it('of the operator are read in any style of YAML', () => {
    const rule = '{action: SCMP_ACT_ALLOW, names: [read]}';
    for (const body of [
      `spec: {defaultAction: SCMP_ACT_ERRNO, syscalls: [${rule}]}`,
      `spec:\n    "syscalls": # allowed\n        - ${rule}`,
      "spec:\n  syscalls:\n  -\n    action: 'SCMP_ACT_ALLOW'\n    names:\n    - &name read",
    ])
      assert.deepEqual(summary(read(`kind: SeccompProfile\n${body}\n`).recording), ['read() x1']);
  });

  it('of the operator are also read as JSON, single or in a list', () => {
    const object = {
      kind: 'SeccompProfile',
      spec: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ action: 'SCMP_ACT_ALLOW', names: ['read'] }] },
    };
    for (const text of [JSON.stringify(object), JSON.stringify({ items: [object] }, null, 2)])
      assert.deepEqual(summary(read(text).recording), ['read() x1']);
  });

  it('of oci-seccomp-bpf-hook are read', () => {
    const text =
      '{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["access","arch_prctl"],"action":"SCMP_ACT_ALLOW","args":[],"comment":"","includes":{},"excludes":{}}]}';
    const { recording } = read(text);
    assert.deepEqual(summary(recording), ['access() x1', 'arch_prctl() x1']);
    assert.equal(recording.sources[0]?.how, 'profile');
  });

  it('in the format of Docker are read', () => {
    const text = JSON.stringify(
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        architectures: ['SCMP_ARCH_AARCH64'],
        syscalls: [
          { names: ['read'], action: 'SCMP_ACT_ALLOW' },
          { names: ['mount'], action: 'SCMP_ACT_ERRNO' },
        ],
      },
      null,
      2,
    );
    assert.deepEqual(summary(read(text).recording), ['aarch64:read() x1']);
  });
});
