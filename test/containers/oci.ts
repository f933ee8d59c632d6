// A profile as `linux.seccomp` of an OCI config.json, resolved as a container engine resolves it.
import { ABIS } from '#lib/kernel/abi.js';
import { actionKind, actionName, type Action } from '#lib/kernel/action.js';
import type { Target } from '#lib/policy/target.js';
import type { Profile, ProfileCondition } from '#lib/profile/profile.js';
import { applies, targetAbis } from '#lib/profile/resolve/select.js';

/** `SCMP_ACT_ERRNO` and its number. */
function action(value: Action): { readonly action: string; readonly errnoRet?: number } {
  const name = `SCMP_ACT_${actionName(actionKind(value)).replace(/\(.*/, '')}`;
  const carriesNumber = name === 'SCMP_ACT_ERRNO' || name === 'SCMP_ACT_TRACE';
  return carriesNumber ? { action: name, errnoRet: value & 0xffff } : { action: name };
}

function argument(condition: ProfileCondition): object {
  const { arg: index, op, value } = condition;
  return condition.op === 'SCMP_CMP_MASKED_EQ'
    ? { index, op, value: condition.mask, valueTwo: value }
    : { index, op, value };
}

/** The `linux.seccomp` section, with 64-bit numbers as bigints. */
export function ociSeccomp(profile: Profile, target: Target, listenerPath: string): object {
  const { action: defaultAction, errnoRet } = action(profile.defaultAction);
  return {
    defaultAction,
    ...(errnoRet !== undefined && { defaultErrnoRet: errnoRet }),
    architectures: targetAbis(profile, target).map(name => ABIS[name].scmpName),
    ...(profile.flags.length > 0 && { flags: profile.flags }),
    ...(profile.listenerPath !== undefined && { listenerPath }),
    syscalls: profile.rules
      .filter(rule => applies(rule, target))
      .map(rule => ({
        names: rule.names.map(({ name }) => name),
        ...action(rule.action),
        args: rule.conditions.map(argument),
      })),
  };
}

/** JSON with exact 64-bit numbers. */
export const exactJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint' ? `#${item.toString()}#` : item,
  ).replace(/"#(\d+)#"/g, '$1');
