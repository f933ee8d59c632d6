// The findings of lint for profiles under which programs do not start, compared with the kernel and the C library.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { LoadError } from '#lib/util/errors.js';
import { RULES, type RuleCode } from '#lib/lint/rules.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';
import { spawnSync } from '#lib/process/children/spawn-sync.js';
import { lint } from '#lib/lint/lint.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';
import { written } from '../support/written.js';

/** A profile that lists allowed or denied calls, and the expected finding of lint. */
type Case = readonly [what: string, profile: SeccompProfile, code: RuleCode | undefined];

const CODES: readonly RuleCode[] = ['nothing-starts', 'only-self-applied', 'no-dynamic-start'];

const allowing = (names: string): SeccompProfile =>
  written({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: names.split(' '), action: 'SCMP_ACT_ALLOW' }],
  });
const denying = (...names: readonly string[]): SeccompProfile =>
  written({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: names.length === 0 ? [] : [{ names, action: 'SCMP_ACT_ERRNO' }],
  });

const x86 = nativeArchitecture() === 'x86_64';

const CASES: readonly Case[] = [
  ['nothing is denied', denying(), undefined],
  ['nothing that matters is denied', denying('reboot'), undefined],
  [
    'only the end is allowed',
    { ...allowing('exit_group'), defaultAction: 'SCMP_ACT_KILL_PROCESS' },
    'nothing-starts',
  ],
  ['nothing is allowed', { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }, 'nothing-starts'],
  ['a thread computes', allowing('read write futex exit rt_sigreturn'), 'only-self-applied'],
  ['execve is denied', denying('execve', 'execveat'), 'only-self-applied'],
  ...(x86 ? ([['arch_prctl is denied', denying('arch_prctl'), 'only-self-applied']] as const) : []),
  ['nothing can be opened', denying('open', 'openat', 'openat2'), 'no-dynamic-start'],
  ...['close', 'pread64'].map((name): Case => [`${name} is denied`, denying(name), 'no-dynamic-start']),
  ['fstat and its like are denied', denying('fstat', 'newfstatat', 'statx'), 'no-dynamic-start'],
];

/** Whether /bin/true succeeds under a profile. Without execve, the package does not even try. */
function starts(profile: SeccompProfile): boolean {
  try {
    const { status, error } = spawnSync('/bin/true', [], { profile, stdio: 'ignore' });
    return error === undefined && status === 0;
  } catch (error) {
    if (error instanceof LoadError && /\bexecve\b/.test(error.message)) return false;
    throw error;
  }
}

describe('profiles under which programs do not start', () => {
  for (const [what, profile, code] of CASES) {
    it(`${what}: ${code ?? 'no finding'}, and /bin/true ${code === undefined ? 'runs' : 'does not'}`, () => {
      const found = lint(profile, { arch: nativeArchitecture() });
      assert.deepEqual(
        found.filter(finding => CODES.includes(finding.code)).map(finding => finding.code),
        code === undefined ? [] : [code],
      );
      // musl programs need fewer calls to start.
      if (code === 'no-dynamic-start' && existsSync('/etc/alpine-release')) return;
      assert.equal(starts(profile), code === undefined);
    });
  }

  it('have an appropriate severity: only nothing-starts ends lint with 1', () => {
    assert.deepEqual(
      CODES.map(code => RULES[code].severity),
      ['high', 'info', 'low'],
    );
  });
});
