// Converts a policy to a table of numbers for one AUDIT_ARCH: the longest runs of numbers with the same outcome.
import { X32_BIT } from '../kernel/abi.js';
import { outcomesOf } from './evaluate.js';
import type { Policy, SyscallPolicy } from './policy.js';

/** Numbers from `low` to `high`, inclusive, with the same outcome. */
export interface NumberRun {
  readonly low: number;
  readonly high: number;
  readonly part: SyscallPolicy;
}

const LAST = 0xffffffff;

/** The AUDIT_ARCH values that a policy covers, native first. */
export const auditArchs = (policy: Policy): readonly number[] => [
  ...new Set(policy.abis.map(({ abi }) => abi.audit)),
];

/** The runs of every AUDIT_ARCH that a policy covers, native first. */
export type RunTable = ReadonlyMap<number, readonly NumberRun[]>;

export const runTable = (policy: Policy): RunTable =>
  new Map(auditArchs(policy).map(arch => [arch, runsOf(policy, arch)]));

/** All numbers of an AUDIT_ARCH in ascending runs. Each call with rules on arguments is a run by itself. */
export function runsOf(policy: Policy, arch: number): readonly NumberRun[] {
  // The outcome of a number can change only at these borders.
  const starts = [0, X32_BIT, 2 * X32_BIT, 3 * X32_BIT, LAST];
  for (const { abi, syscalls, enosysAbove } of policy.abis) {
    if (abi.audit !== arch) continue;
    syscalls.forEach((_, number) => starts.push(number, Math.min(number + 1, LAST)));
    if (enosysAbove !== undefined) starts.push(Math.min(enosysAbove + 1, LAST));
  }
  const sorted = Uint32Array.from(starts).sort();
  const outcomes = outcomesOf(policy, arch);
  const runs: { low: number; high: number; part: SyscallPolicy }[] = [];
  for (let index = 0; index < sorted.length; index++) {
    const low = sorted[index] ?? 0;
    if (low === sorted[index + 1]) continue;
    const high = index + 1 < sorted.length ? (sorted[index + 1] ?? 0) - 1 : LAST;
    const part = outcomes(low);
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

/** Whether a call's outcome depends only on its number. */
export const isConstant = (part: SyscallPolicy): boolean => part.rules.length === 0;
