// The rules and the ABIs of a profile that apply on a machine.
import assert from 'node:assert/strict';
import type { AbiName } from '#lib/kernel/architectures.js';
import { SCMP_ACT_KILL_PROCESS } from '#lib/kernel/constants.js';
import type { TargetOptions } from '#lib/policy/target.js';
import type { Architecture } from '#lib/kernel/architectures.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { ALL_X86, X86_64, answer, policy, rule } from './helpers.js';

describe('resolving: restrictions', () => {
  const has = (restriction: object, target: TargetOptions): boolean =>
    answer(
      policy([{ names: ['mount'], action: 'SCMP_ACT_ALLOW', ...restriction }], { ...X86_64, ...target }),
      'x86_64',
      'mount',
    ) === 'ALLOW';
  const capabilities = (...names: string[]): TargetOptions => ({ capabilities: names });

  it('excludes drop a rule on any match', () => {
    const excludes = { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'] };
    assert.equal(has({ excludes }, {}), true);
    assert.equal(has({ excludes }, capabilities('CAP_BPF')), false);
    assert.equal(has({ excludes: { arches: ['arm64', 'amd64'] } }, {}), false);
    assert.equal(has({ excludes: { arches: ['arm64'] } }, {}), true);
  });

  it('includes need every capability and one of the architectures', () => {
    const includes = { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'], arches: ['arm64', 'amd64'] };
    assert.equal(has({ includes }, capabilities('CAP_SYS_ADMIN')), false);
    assert.equal(has({ includes }, capabilities('CAP_SYS_ADMIN', 'CAP_BPF', 'CAP_CHOWN')), true);
    assert.equal(has({ includes: { arches: ['arm64'] } }, {}), false);
  });

  it('excludes take precedence over includes', () => {
    assert.equal(
      has({ includes: { caps: ['CAP_BPF'] }, excludes: { caps: ['CAP_BPF'] } }, capabilities('CAP_BPF')),
      false,
    );
  });

  const kernels: readonly (readonly [kernel: string, included: boolean])[] = [
    ['4.7', false],
    ['4.8', true],
    ['4.10', true],
    ['5.0', true],
    ['3.19', false],
  ];
  for (const [kernel, included] of kernels) {
    it(`minKernel 4.8 on Linux ${kernel}`, () => {
      assert.equal(has({ includes: { minKernel: '4.8' } }, { kernel }), included);
      assert.equal(has({ excludes: { minKernel: '4.8' } }, { kernel }), !included);
    });
  }

  it('empty restrictions always match', () => {
    assert.equal(has({ includes: { caps: [], arches: [] }, excludes: {} }, {}), true);
  });

  it('the bounding set of a config.json is not used unless it is passed as an option', () => {
    const config = {
      process: { capabilities: { bounding: ['CAP_BPF'] } },
      linux: { seccomp: { defaultAction: 'SCMP_ACT_ERRNO' } },
    };
    const profile = parseProfile(config);
    assert.deepEqual([...resolveProfile(profile, X86_64).target.capabilities], []);
    assert.deepEqual(
      [
        ...resolveProfile(profile, { ...X86_64, capabilities: profile.boundingCapabilities ?? [] }).target
          .capabilities,
      ],
      ['CAP_BPF'],
    );
  });
});

describe('resolving: ABIs', () => {
  const abis = (more: object, arch: Architecture): AbiName[] =>
    policy([], { arch }, more).abis.map(({ abi }) => abi.name);
  const map = (...entries: readonly [string, readonly string[] | null][]): object => ({
    archMap: entries.map(([architecture, subArchitectures]) => ({ architecture, subArchitectures })),
  });

  const cases: readonly (readonly [
    what: string,
    more: object,
    arch: Architecture,
    abis: readonly AbiName[],
  ])[] = [
    ['nothing said: the native one', {}, 'x86_64', ['x86_64']],
    [
      'archMap adds the sub-architectures of the native one',
      map(['SCMP_ARCH_X86_64', ALL_X86.slice(1)], ['SCMP_ARCH_AARCH64', ['SCMP_ARCH_ARM']]),
      'aarch64',
      ['aarch64', 'arm'],
    ],
    [
      'the first entry of archMap counts',
      map(['SCMP_ARCH_X86_64', ['SCMP_ARCH_X32']], ['SCMP_ARCH_X86_64', ['SCMP_ARCH_X86']]),
      'x86_64',
      ['x86_64', 'x32'],
    ],
    [
      'archMap without the native one: that alone',
      map(['SCMP_ARCH_S390X', ['SCMP_ARCH_S390']]),
      'x86_64',
      ['x86_64'],
    ],
    ['archMap without sub-architectures', map(['SCMP_ARCH_X86_64', null]), 'x86_64', ['x86_64']],
    [
      'architectures is taken as it is, the native one first',
      { architectures: ['SCMP_ARCH_X32', 'SCMP_ARCH_X86_64'] },
      'x86_64',
      ['x86_64', 'x32'],
    ],
    [
      'architectures without the native one: that is added',
      { architectures: ['SCMP_ARCH_X86'] },
      'x86_64',
      ['x86_64', 'x86'],
    ],
    ['architectures of another family are left out', { architectures: ALL_X86 }, 'aarch64', ['aarch64']],
    [
      'an architecture named twice counts once',
      { architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X86'] },
      'x86_64',
      ['x86_64', 'x86'],
    ],
  ];
  for (const [what, more, arch, names] of cases) {
    it(what, () => {
      assert.deepEqual(abis(more, arch), names);
    });
  }

  it('calls by other ABIs get KILL_THREAD by default', () => {
    assert.equal(answer(policy([]), 'x86', 'read'), 'KILL_THREAD');
    assert.equal(
      answer(policy([], X86_64, {}, { badArch: SCMP_ACT_KILL_PROCESS }), 'x86', 'read'),
      'KILL_PROCESS',
    );
  });

  it('a name is skipped on ABIs that lack it', () => {
    const resolved = policy([rule('arch_prctl', 'ALLOW'), rule('stat64', 'ALLOW')], X86_64, {
      architectures: ALL_X86,
    });
    assert.deepEqual(
      resolved.abis.map(({ syscalls }) => syscalls.size),
      [1, 2, 1],
    );
    assert.equal(answer(resolved, 'x86', 'stat64'), 'ALLOW');
  });

  it('x32 numbers have bit 30', () => {
    const resolved = policy([rule('read', 'ALLOW')], X86_64, { architectures: ALL_X86 });
    assert.deepEqual([...(resolved.abis[2]?.syscalls.keys() ?? [])], [0x40000000]);
  });
});
