// A policy as a table over numbers: the longest runs of numbers with one outcome, for one AUDIT_ARCH.
import { X32_BIT } from './abi.js';
import { outcome } from './evaluate.js';
import type { Policy, SyscallPolicy } from './policy.js';

/** Numbers from `low` to `high`, both included, that a policy treats alike. */
export interface Run {
  readonly low: number;
  readonly high: number;
  readonly part: SyscallPolicy;
}

const LAST = 0xffffffff;

/** The AUDIT_ARCH values that a policy covers, native first. */
export const auditArchs = (policy: Policy): readonly number[] => [
  ...new Set(policy.abis.map(({ abi }) => abi.audit)),
];

/** Every number of an AUDIT_ARCH in ascending runs. Calls whose rules look at arguments are runs of their own. */
export function runsOf(policy: Policy, arch: number): readonly Run[] {
  // `outcome` compares numbers with nothing but these.
  const starts = new Set<number>([0, X32_BIT, 2 * X32_BIT, 3 * X32_BIT, LAST]);
  for (const { abi, syscalls, enosysAbove } of policy.abis) {
    if (abi.audit !== arch) continue;
    for (const number of syscalls.keys()) starts.add(number).add(number + 1);
    if (enosysAbove !== undefined) starts.add(enosysAbove + 1);
  }
  const sorted = Uint32Array.from([...starts].filter(number => number <= LAST)).sort();
  const runs: { low: number; high: number; part: SyscallPolicy }[] = [];
  for (let index = 0; index < sorted.length; index++) {
    const low = sorted[index] ?? 0;
    const high = index + 1 < sorted.length ? (sorted[index + 1] ?? 0) - 1 : LAST;
    const part = outcome(policy, arch, low);
    const previous = runs[runs.length - 1];
    if (
      previous !== undefined &&
      isConstant(previous.part) &&
      isConstant(part) &&
      previous.part.otherwise === part.otherwise
    ) {
      previous.high = high;
    } else {
      runs.push({ low, high, part });
    }
  }
  return runs;
}

/** Whether a call's outcome depends on its number alone. */
export const isConstant = (part: SyscallPolicy): boolean => part.rules.length === 0;
