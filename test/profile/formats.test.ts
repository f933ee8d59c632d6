// The JSON formats: how they are distinguished, and the meaning of each.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { actionName } from '#lib/kernel/action.js';
import { parseProfile } from '#lib/profile/parse.js';
import { codes, failure } from './helpers.js';

const RULE = { names: ['read'], action: 'SCMP_ACT_ALLOW' };

describe('profile formats', () => {
  it("Docker's: names and archMap", () => {
    const profile = parseProfile({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
      syscalls: [
        {
          names: ['read', 'write'],
          action: 'SCMP_ACT_ALLOW',
          comment: 'everyone reads',
          args: [{ index: 1, value: 7, valueTwo: 3, op: 'SCMP_CMP_MASKED_EQ' }],
          includes: { caps: ['CAP_SYS_ADMIN'], minKernel: '4.8' },
          excludes: { arches: ['s390x'] },
        },
      ],
    });
    assert.equal(profile.format, 'docker');
    assert.equal(actionName(profile.defaultAction), 'ERRNO(ENOSYS)');
    assert.deepEqual(profile.architectures, {
      kind: 'map',
      entries: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
    });
    const [rule] = profile.rules;
    assert.deepEqual(
      rule?.names.map(({ name }) => name),
      ['read', 'write'],
    );
    assert.equal(rule?.comment, 'everyone reads');
    assert.deepEqual(rule?.includes, {
      caps: ['CAP_SYS_ADMIN'],
      arches: [],
      minKernel: { major: 4, minor: 8 },
    });
    assert.deepEqual(rule?.excludes, { caps: [], arches: ['s390x'] });
    const { at: _, ...condition } = rule?.conditions[0] ?? assert.fail();
    assert.deepEqual(condition, { op: 'SCMP_CMP_MASKED_EQ', arg: 1, mask: 7n, value: 3n });
    assert.deepEqual(profile.warnings, []);
  });

  it("Docker's old format: name and architectures", () => {
    const profile = parseProfile({
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'],
      syscalls: [{ name: 'read', action: 'SCMP_ACT_ALLOW', args: null }],
    });
    assert.deepEqual(profile.architectures, {
      kind: 'list',
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'],
    });
    assert.equal(profile.rules[0]?.names[0]?.at.pointer, '/syscalls/0/name');
  });

  it('the linux.seccomp section of OCI alone', () => {
    const profile = parseProfile({
      defaultAction: 'SCMP_ACT_ALLOW',
      flags: ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC'],
      listenerPath: '/run/agent.sock',
      listenerMetadata: 'id=1',
      syscalls: [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }],
    });
    assert.deepEqual(profile.flags, ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC']);
    assert.equal(profile.listenerPath, '/run/agent.sock');
    assert.equal(profile.listenerMetadata, 'id=1');
  });

  it('the linux.seccomp section of OCI in a whole config.json, with places in that file', () => {
    const profile = parseProfile({
      ociVersion: '1.2.0',
      process: { capabilities: { bounding: ['CAP_SYS_ADMIN'], effective: [] }, args: ['sh'] },
      linux: { seccomp: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [RULE] }, namespaces: [] },
    });
    assert.equal(profile.format, 'oci');
    assert.equal(profile.rules[0]?.at.pointer, '/linux/seccomp/syscalls/0');
    assert.deepEqual(profile.boundingCapabilities, ['CAP_SYS_ADMIN']);
    assert.deepEqual(profile.warnings, []);
  });

  it('a config.json without a seccomp section is an error, not an empty profile', () => {
    for (const config of [
      { ociVersion: '1.2.0' },
      { ociVersion: '1.2.0', linux: {} },
      { linux: { seccomp: null } },
      { linux: { seccomp: [] } },
    ]) {
      assert.equal(failure(() => parseProfile(config)).code, 'no-seccomp-section');
    }
  });

  it("Docker's own keys in a config.json are errors, because OCI runtimes ignore them", () => {
    const seccomp = {
      defaultAction: 'SCMP_ACT_ERRNO',
      archMap: [{ architecture: 'SCMP_ARCH_X86_64' }],
      syscalls: [{ ...RULE, includes: { caps: ['CAP_SYS_ADMIN'] }, excludes: { arches: ['arm64'] } }],
    };
    assert.deepEqual(codes(failure(() => parseProfile({ linux: { seccomp } })).problems), [
      'not-in-oci',
      'not-in-oci',
      'not-in-oci',
    ]);
  });

  it("containers/common's errno takes precedence over errnoRet, by name or in decimal", () => {
    const action = (fields: object): string =>
      actionName(
        parseProfile({
          defaultAction: 'SCMP_ACT_LOG',
          syscalls: [{ names: ['read'], action: 'SCMP_ACT_ERRNO', ...fields }],
        }).rules[0]?.action ?? -1,
      );
    assert.equal(action({ errnoRet: 1, errno: 'ENOSYS' }), 'ERRNO(ENOSYS)');
    assert.equal(action({ errno: '22' }), 'ERRNO(EINVAL)');
    assert.equal(action({ errno: 'EWOULDBLOCK' }), 'ERRNO(EAGAIN)');
    assert.equal(action({ errno: '', errnoRet: 22 }), 'ERRNO(EINVAL)');
    assert.equal(
      actionName(parseProfile({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrno: 'ENOSYS' }).defaultAction),
      'ERRNO(ENOSYS)',
    );
  });

  it('every action has the same data as in runc', () => {
    const actions: readonly (readonly [string, number | undefined, string])[] = [
      ['SCMP_ACT_KILL', undefined, 'KILL_THREAD'],
      ['SCMP_ACT_KILL_THREAD', undefined, 'KILL_THREAD'],
      ['SCMP_ACT_KILL_PROCESS', undefined, 'KILL_PROCESS'],
      ['SCMP_ACT_TRAP', undefined, 'TRAP'],
      ['SCMP_ACT_ERRNO', undefined, 'ERRNO(EPERM)'],
      ['SCMP_ACT_ERRNO', 4095, 'ERRNO(4095)'],
      ['SCMP_ACT_TRACE', undefined, 'TRACE(1)'],
      ['SCMP_ACT_TRACE', 0, 'TRACE(0)'],
      ['SCMP_ACT_TRACE', 65535, 'TRACE(65535)'],
      ['SCMP_ACT_LOG', undefined, 'LOG'],
      ['SCMP_ACT_ALLOW', undefined, 'ALLOW'],
    ];
    for (const [name, defaultErrnoRet, printed] of actions) {
      const profile = { defaultAction: name, ...(defaultErrnoRet !== undefined && { defaultErrnoRet }) };
      assert.equal(actionName(parseProfile(profile).defaultAction), printed);
    }
  });

  it('null counts as absent, as in Go', () => {
    const profile = parseProfile({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: null,
      architectures: null,
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: null }],
      flags: null,
      syscalls: [
        { ...RULE, name: null, args: null, includes: null, excludes: {}, comment: null, errnoRet: null },
      ],
    });
    assert.deepEqual(profile.warnings, []);
    assert.equal(profile.architectures.kind, 'map');
  });

  it('empty lists and names count as absent, as in Go', () => {
    const profile = parseProfile({
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: [],
      archMap: [],
      syscalls: [{ ...RULE, name: '', args: [], includes: { caps: [], arches: [] }, excludes: {} }],
    });
    assert.deepEqual(profile.warnings, []);
    assert.equal(profile.architectures.kind, 'native');
  });

  it('keys for comments are not unknown keys', () => {
    const profile = parseProfile({
      $schema: 'x',
      _comment: 'x',
      '//': 'x',
      '#': 'x',
      Comment: 'x',
      comments: [],
      description: 'x',
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ ...RULE, _why: 1 }],
    });
    assert.deepEqual(profile.warnings, []);
  });

  it('a profile is deeply frozen', () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    assert.ok(frozen(parseProfile('docker-default')));
    assert.ok(frozen(parseProfile({ DefaultAction: 'SCMP_ACT_LOG', process: 1, linux: 2 })));
  });

  it('a profile can be inspected', () => {
    assert.match(inspect(parseProfile('docker-default'), { depth: 5 }), /name: 'accept'/);
  });

  const foreign: readonly (readonly [what: string, value: object, remedy: RegExp])[] = [
    [
      'Firecracker filters',
      { vmm: { default_action: 'trap', filter_action: 'allow', filter: [{ syscall: 'read' }] } },
      /seccomp convert/,
    ],
    [
      'one of Firecracker filters',
      { default_action: 'trap', filter_action: 'allow', filter: [] },
      /seccomp convert/,
    ],
  ];
  for (const [what, value, remedy] of foreign) {
    it(`${what} are recognised, with a remedy`, () => {
      const error = failure(() => parseProfile(value));
      assert.deepEqual(codes(error.problems), ['foreign-format']);
      assert.match(error.problems[0]?.remedy ?? '', remedy);
    });
  }
});
