// Helpers for tests of profiles: texts with a marked place, profiles in one line, and errors as values.
import assert from 'node:assert/strict';
import { ProfileError, type Diagnostic } from '#lib/util/errors.js';
import { syscallNumber, ABIS } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { actionName } from '#lib/kernel/action.js';
import { evaluate } from '#lib/policy/evaluate.js';
import type { Policy } from '#lib/policy/policy.js';
import type { TargetOptions } from '#lib/policy/target.js';
import { resolveProfile, type ResolveOptions } from '#lib/profile/resolve/resolve.js';
import { written } from '../support/written.js';

/** A text without its `→`, and the line and column of the arrow. */
export function marked(text: string): {
  readonly text: string;
  readonly line: number;
  readonly column: number;
} {
  const before = text.slice(0, text.indexOf('→'));
  assert.ok(text.includes('→'), `no place is marked in ${text}`);
  const lines = before.split('\n');
  return { text: text.replace('→', ''), line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/** A profile with a default of ERRNO and one rule, given by its fields. */
export const withRule = (fields: string): string =>
  `{\n  "defaultAction": "SCMP_ACT_ERRNO",\n  "syscalls": [\n    { ${fields} }\n  ]\n}`;

/** A profile with a default of ERRNO and one rule that allows `read` on a condition, given by its fields. */
export const withCondition = (fields: string): string =>
  withRule(`"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{ ${fields} }]`);

/** The ProfileError that a function throws. */
export function failure(action: () => unknown): ProfileError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ProfileError, `not a ProfileError: ${String(error)}`);
    return error;
  }
  return assert.fail('nothing was thrown');
}

/** `line:column code`, for comparisons of many diagnostics at once. */
export const brief = ({ at, code }: Diagnostic): string => `${at?.line}:${at?.column} ${code}`;

export const codes = (diagnostics: readonly Diagnostic[]): string[] => diagnostics.map(({ code }) => code);

/** The action of a policy for a call by name, as text: `ALLOW`, `ERRNO(EPERM)`. */
export function answer(policy: Policy, abi: AbiName, name: string, args: readonly bigint[] = []): string {
  const syscall = syscallNumber(abi, name);
  assert.ok(syscall !== undefined, `${abi} has no ${name}`);
  return answerNumber(policy, abi, syscall, args);
}

export const answerNumber = (
  policy: Policy,
  abi: AbiName,
  syscall: number,
  args: readonly bigint[] = [],
): string => actionName(evaluate(policy, { arch: ABIS[abi].audit, syscall, args, instructionPointer: 0n }));

export const X86_64: TargetOptions = { arch: 'x86_64' };
export const ALL_X86 = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];

/** A policy for x86_64 with a default of ERRNO, from rules. */
export const policy = (
  rules: readonly object[],
  target: TargetOptions = X86_64,
  more: object = {},
  options?: ResolveOptions,
): Policy =>
  resolveProfile(written({ defaultAction: 'SCMP_ACT_ERRNO', ...more, syscalls: rules }), target, options);

/** A rule for one call. */
export const rule = (name: string, action: string, ...args: readonly object[]): object => ({
  names: [name],
  action: `SCMP_ACT_${action}`,
  args,
});
/** A condition. */
export const when = (
  index: number,
  op: string,
  value: number | bigint,
  valueTwo: number | bigint = 0,
): object => ({
  index,
  op: `SCMP_CMP_${op}`,
  value,
  valueTwo,
});
