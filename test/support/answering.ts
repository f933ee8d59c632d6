// Programs for the native ABI that answer one call and allow all others.
import { generate } from '#lib/filter/generate/generate.js';
import type { Program } from '#lib/bpf/program.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import type { Action } from '#lib/kernel/action.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import type { Rule } from '#lib/policy/policy.js';
import { makeTarget } from '#lib/policy/target.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';

const arch = nativeArchitecture();

/** AUDIT_ARCH_* of this machine. */
export const { audit } = ABIS[arch];

/** The number of a call on this machine. */
export function numberOf(name: string): number {
  const number = syscallNumber(arch, name);
  if (number === undefined) throw new Error(`${arch} has no call ${name}`);
  return number;
}

/** Answers a call with an action, or as rules say, and allows everything else. */
export const answering = (name: string, action: Action, rules: readonly Rule[] = []): Program =>
  generate({
    target: makeTarget(),
    defaultAction: SCMP_ACT_ALLOW,
    badArch: SCMP_ACT_ALLOW,
    abis: [
      {
        abi: ABIS[arch],
        syscalls: new Map([[numberOf(name), { rules, otherwise: action }]]),
        enosysAbove: undefined,
      },
    ],
    flags: [],
    warnings: [],
  });
