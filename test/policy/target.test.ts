// The names of architectures, which options accept everywhere alike.
import assert from 'node:assert/strict';
import { compile, lint, readLog, SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, type TargetOptions } from 'seccomp';
import { decompile, htmlReport, lintProgram, makeTarget } from 'seccomp/inspect';
import { BPF } from '#lib/bpf/opcodes.js';
import { architectureNames } from '#lib/kernel/architectures.js';

type Arch = TargetOptions['arch'];

const PROFILE = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ name: 'read', action: 'SCMP_ACT_ALLOW' }],
} as const;
const LOG = 'openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3\n';
// Programs that test no architecture, so that the option decides. 101 is ptrace on x86_64.
const allowAll = [{ code: BPF.RET_K, jt: 0, jf: 0, k: SCMP_ACT_ALLOW }];
const allow101 = [
  { code: BPF.LD_ABS, jt: 0, jf: 0, k: 0 },
  { code: BPF.JEQ_K, jt: 1, jf: 0, k: 101 },
  { code: BPF.RET_K, jt: 0, jf: 0, k: SCMP_ACT_ERRNO(1) },
  ...allowAll,
];

/** Functions with an option `arch`, and what of their result depends on it. */
const functions: readonly (readonly [name: string, call: (arch: Arch) => unknown])[] = [
  ['makeTarget', arch => makeTarget({ arch }).arch],
  ['compile', arch => compile(PROFILE, { arch }).bpf],
  ['lint', arch => lint(PROFILE, { arch })],
  ['lintProgram', arch => lintProgram(allow101, { arch })],
  ['decompile', arch => decompile(allowAll, { arch }).target.arch],
  ['readLog', arch => readLog(LOG, { arch }).recording],
  ['htmlReport', arch => htmlReport(PROFILE, { arch })],
];

describe('the option arch', () => {
  for (const [name, call] of functions) {
    it(`of ${name} accepts the names of Docker and Node`, () => {
      for (const alias of ['amd64', 'x64'] as const) assert.deepEqual(call(alias), call('x86_64'));
      assert.deepEqual(call('arm64'), call('aarch64'));
      assert.notDeepEqual(call('arm64'), call('amd64'));
    });

    it(`of ${name} rejects other names, and lists these`, () => {
      for (const other of ['i386', 'x86', 'arm', 'ARM64', 'constructor', null, 1, ['arm64']])
        assert.throws(() => call(other as Arch), {
          name: 'UsageError',
          code: 'bad-option',
          message: /^arch cannot be .*\. Choose one of: x86_64, amd64, x64, aarch64, arm64; /,
        });
    });
  }

  it('has every name once', () => {
    assert.equal(new Set(architectureNames()).size, architectureNames().length);
  });
});
