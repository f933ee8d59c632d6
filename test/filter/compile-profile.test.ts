// The cache of compile: the same text and options return the same filter, and any others do not.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { compile, type CompileOptions } from '#lib/filter/compile-profile.js';
import { SCMP_ACT_KILL_PROCESS } from '#lib/kernel/constants.js';
import { parseProfile } from '#lib/profile/parse.js';

const profile = (name: string): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['read', name], action: 'SCMP_ACT_ALLOW' },
      { names: ['bpf'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_BPF'] } },
      { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
    ],
  });

describe('Options that no type allows', () => {
  const bare: unknown = Object.create(null);
  const wrong: readonly (readonly [option: string, value: unknown, code: string])[] = [
    ['codegen', bare, 'bad-option'],
    ['codegen', [bare], 'bad-option'],
    ['badArch', { toString: null }, 'bad-option'],
    ['kernel', null, 'bad-kernel-version'],
    ['kernel', { major: bare, minor: 1 }, 'bad-kernel-version'],
    ['capabilities', 5n, 'bad-option'],
    ['capabilities', null, 'bad-option'],
    ['capabilities', [undefined], 'bad-option'],
    ['capabilities', [1n], 'bad-option'],
  ];
  for (const [option, value, code] of wrong) {
    it(`${option}: ${inspect(value)} is an error of usage`, () => {
      assert.throws(() => compile({ defaultAction: 'SCMP_ACT_ALLOW' }, { [option]: value }), {
        name: 'UsageError',
        code,
      });
    });
  }
});

describe('A profile that is compiled again', () => {
  it('returns the same filter for the same text and options', () => {
    const options = { arch: 'x86_64', capabilities: ['CAP_BPF'], kernel: '6.1' } as const;
    assert.equal(compile(profile('write'), options), compile(profile('write'), { ...options }));
  });

  it('returns the same filter for any order and form of the capabilities', () => {
    const names = ['CAP_BPF', 'CAP_SYS_ADMIN'];
    const once = function* (): Generator<string> {
      yield* names;
    };
    assert.equal(
      compile(profile('write'), { capabilities: names.toReversed() }),
      compile(profile('write'), { capabilities: once() }),
    );
    assert.match(compile(profile('write'), { capabilities: once() }).pfc, /bpf/);
  });

  const OTHERS: readonly CompileOptions[] = [
    { arch: 'aarch64' },
    { kernel: '4.4' },
    { capabilities: ['CAP_BPF'] },
    { capabilities: ['CAP_SYS_ADMIN'] },
    { unknownSyscalls: 'default' },
    { badArch: SCMP_ACT_KILL_PROCESS },
    { argWidth: 'declared' },
    { codegen: 'libseccomp' },
    { codegen: 'libseccomp', optimize: 1 },
    { weights: 'uniform' },
  ];
  const base: CompileOptions = { arch: 'x86_64', kernel: '6.1' };

  for (const options of OTHERS) {
    it(`returns another filter for ${JSON.stringify(options)}`, () => {
      const plain = compile(profile('write'), base);
      const other = compile(profile('write'), { ...base, ...options });
      assert.notEqual(other, plain);
      assert.equal(compile(profile('write'), base), plain);
    });
  }

  it('returns another filter for another text', () => {
    assert.notDeepEqual(compile(profile('write')).bpf, compile(profile('close')).bpf);
  });

  it('names the right file for equal texts in two files', () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-compile-'));
    try {
      const files = ['a.json', 'b.json'].map(name => join(directory, name));
      for (const file of files) writeFileSync(file, profile('write'));
      assert.deepEqual(
        files.map(file => parseProfile(file).file),
        files,
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('detects that a file has changed', () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-compile-'));
    try {
      const file = join(directory, 'profile.json');
      writeFileSync(file, profile('write'));
      const before = compile(file);
      writeFileSync(file, profile('close'));
      assert.notDeepEqual(compile(file).bpf, before.bpf);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('fails with strict even after it has succeeded without', () => {
    const text = profile('no_such_call');
    assert.ok(compile(text).warnings.length > 0);
    assert.throws(() => compile(text, { strict: true }), { name: 'ProfileError' });
    assert.throws(() => parseProfile(text.replace('ERRNO', 'NOTHING')), { name: 'ProfileError' });
    assert.throws(() => parseProfile(text.replace('ERRNO', 'NOTHING')), { name: 'ProfileError' });
  });

  it('refuses options of other types even if a filter is cached', () => {
    compile(profile('write'), { codegen: 'tree' });
    const hostile = { toString: () => 'tree' } as unknown as 'tree';
    assert.throws(() => compile(profile('write'), { codegen: hostile }), { code: 'bad-option' });
    assert.throws(() => compile(profile('write'), { codegen: null as unknown as 'tree' }), {
      code: 'bad-option',
    });
  });

  it('returns an immutable policy', () => {
    const { policy } = compile(profile('write'), { arch: 'x86_64' });
    const syscalls = policy.abis[0].syscalls as Map<number, unknown>;
    assert.throws(() => syscalls.delete(0), TypeError);
    assert.throws(() => (policy.target.capabilities as Set<string>).add('CAP_BPF'), TypeError);
  });
});
