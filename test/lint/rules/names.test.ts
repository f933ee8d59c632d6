// Lint rules about names and keys.
import assert from 'node:assert/strict';
import { lint } from '#lib/lint/lint.js';
import { type Case, type Source, all, allows, deny, describeRules } from '../helpers.js';

const CASES: readonly Case[] = [
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
    what: 'a name, not a group, has calls of other architectures',
    code: 'name-elsewhere',
    has: deny(allows('osf_revoke')),
    lacks: deny(allows('@network', '@files')),
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
];

describe('lint rules of names and keys', () => {
  describeRules(CASES);

  it('reports which architecture has a name that the covered ones lack, and suggests no other name', () => {
    const finding = lint(deny(allows('spu_run'))).find(({ code }) => code === 'name-elsewhere');
    assert.match(finding?.message ?? '', /"spu_run" is not a system call of x86_64, only of powerpc/);
    assert.doesNotMatch(finding?.remedy ?? '', /Did you mean/);
  });

  it('suggests the name that was meant', () => {
    const [finding] = lint(deny(allows('setsockop')) as Source).filter(
      ({ code }) => code === 'unknown-syscall',
    );
    assert.match(finding?.remedy ?? '', /"setsockopt"/);
  });
});
