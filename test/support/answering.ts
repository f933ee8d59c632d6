// Programs for the native ABI with an action for one call that allow all others.
import { generate } from '#lib/filter/generate/generate.js';
import type { Program } from '#lib/bpf/program.js';
import { ABIS } from '#lib/kernel/abi.js';
import type { Action } from '#lib/kernel/action.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import type { Rule } from '#lib/policy/policy.js';
import { makeTarget } from '#lib/policy/target.js';
import { NATIVE, numberOf } from './native.js';

/** A program with an action, or rules, for one call, which allows everything else. */
export const answering = (name: string, action: Action, rules: readonly Rule[] = []): Program =>
  generate({
    target: makeTarget(),
    defaultAction: SCMP_ACT_ALLOW,
    badArch: SCMP_ACT_ALLOW,
    abis: [
      {
        abi: ABIS[NATIVE],
        syscalls: new Map([[numberOf(name), { rules, otherwise: action }]]),
        enosysAbove: undefined,
      },
    ],
    flags: [],
    warnings: [],
  });
