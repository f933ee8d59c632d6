// Formats a policy as pseudo filter code, the notation of seccomp_export_pfc(3), independent of any program.
import { syscallName } from '../../kernel/abi.js';
import { actionName, precedence } from '../../kernel/action.js';
import type { AbiPolicy, Condition, Policy, SyscallPolicy } from '../../policy/policy.js';

const SIGNS = {
  SCMP_CMP_NE: '!=',
  SCMP_CMP_LT: '<',
  SCMP_CMP_LE: '<=',
  SCMP_CMP_EQ: '==',
  SCMP_CMP_GE: '>=',
  SCMP_CMP_GT: '>',
} as const;

/** Formats the rule table of a policy, ABI by ABI, numbers ascending. */
export function pfc(policy: Policy): string {
  return [
    '#',
    '# pseudo filter code start',
    '#',
    ...policy.abis.flatMap(part => abiLines(part, policy)),
    '# invalid architecture action',
    `action ${actionName(policy.badArch)};`,
    '#',
    '# pseudo filter code end',
    '#',
    '',
  ].join('\n');
}

function abiLines({ abi, syscalls, enosysAbove }: AbiPolicy, policy: Policy): readonly string[] {
  return [
    `# filter for arch ${abi.name} (${abi.audit})`,
    `if ($arch == ${abi.audit})`,
    ...(enosysAbove === undefined
      ? []
      : [
          '  # calls newer than the profile',
          `  if ($syscall > ${enosysAbove})`,
          '    action ERRNO(ENOSYS);',
        ]),
    ...[...syscalls]
      .sort(([a], [b]) => a - b)
      .flatMap(([number, part]) => [
        `  # filter for syscall "${syscallName(abi.name, number) ?? 'UNKNOWN'}" (${number})`,
        `  if ($syscall == ${number})`,
        ...callLines(part),
      ]),
    '  # default action',
    `  action ${actionName(policy.defaultAction)};`,
  ];
}

function callLines({ rules, otherwise }: SyscallPolicy): readonly string[] {
  // The most restrictive first, so that a reader may stop at the first match.
  const ordered = [...rules].sort((a, b) => precedence(a.action) - precedence(b.action));
  return [
    ...ordered.flatMap(({ conditions, action }) => [
      `    if (${conditions.map(conditionText).join(' && ')})`,
      `      action ${actionName(action)};`,
    ]),
    `    action ${actionName(otherwise)};`,
  ];
}

function conditionText(condition: Condition): string {
  const name = `$a${condition.arg}${condition.width === 32 ? '.lo32' : ''}`;
  if (condition.op === 'SCMP_CMP_MASKED_EQ') {
    return `(${name} & 0x${condition.mask.toString(16)}) == ${condition.value}`;
  }
  return `${name} ${SIGNS[condition.op]} ${condition.value}`;
}
