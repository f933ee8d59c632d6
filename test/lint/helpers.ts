// Profiles for the tests of lint rules, and a test of each rule by a pair of profiles.
import assert from 'node:assert/strict';
import type { Finding } from '#lib/lint/finding.js';
import { lint } from '#lib/lint/lint.js';
import type { RuleCode } from '#lib/lint/rules.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';
import { ALL_X86 } from '../profile/helpers.js';
import { written } from '../support/written.js';

export type Source = Parameters<typeof lint>[0];

export const deny = (...rules: readonly object[]): SeccompProfile =>
  written({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: rules,
  });
export const allow = (...rules: readonly object[]): SeccompProfile =>
  written({
    ...deny(...rules),
    defaultAction: 'SCMP_ACT_ALLOW',
  });
/** A profile that also covers x86 and x32. */
export const all = (profile: object): SeccompProfile => written({ ...profile, architectures: ALL_X86 });
export const allows = (...names: readonly string[]): object => ({ names, action: 'SCMP_ACT_ALLOW' });
export const absent = (name: string): object => ({ names: [name], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });

export interface Case {
  readonly what: string;
  readonly code: RuleCode;
  readonly has: Source | object;
  readonly lacks: Source | object;
}

export const codesOf = (findings: readonly Finding[]): readonly string[] => findings.map(({ code }) => code);

/** Tests, for each case, a profile with the finding and a similar one without it. */
export function describeRules(cases: readonly Case[]): void {
  for (const { what, code, has, lacks } of cases) {
    it(`${code}: ${what}`, () => {
      assert.ok(codesOf(lint(written(has))).includes(code), 'is not found');
      assert.ok(!codesOf(lint(written(lacks))).includes(code), 'is found where it is not');
    });
  }
}
