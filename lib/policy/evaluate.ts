// Defines the meaning of a policy: its action for one system call. Everything else is verified against this.
import { checkedEvent, type Event } from '../kernel/event.js';
import { NO_CALL, X32_BIT } from '../kernel/abi.js';
import { permits, precedence, type Action } from '../kernel/action.js';
import { SCMP_ACT_ERRNO } from '../kernel/constants.js';
import { ENOSYS } from '../kernel/errno.js';
import { requirePolicy, type Condition, type Policy, type Rule, type SyscallPolicy } from './policy.js';

const X86_64 = 0xc000003e;
const LOW_WORD = 0xffffffffn;
const ENOSYS_ACTION = SCMP_ACT_ERRNO(ENOSYS);

/** The outcome for a number before its arguments are considered. */
export interface Outcome extends SyscallPolicy {
  /**
   * Why a number that is not named has this outcome: it is newer than the profile, its ABI is not covered, or the
   * default action applies.
   */
  readonly unnamed?: 'newer' | 'foreign' | 'default';
}

/**
 * The outcomes for numbers of one AUDIT_ARCH before their arguments are considered.
 *
 * The order is that of runc: ENOSYS for numbers above the highest one named; then the bad-architecture action, which on
 * x86_64 without x32 also applies to every number from 0x40000000 on except -1, with which a tracer skips a call.
 */
export function outcomesOf(policy: Policy, arch: number): (syscall: number) => Outcome {
  const abis = policy.abis.filter(({ abi }) => abi.audit === arch);
  const x32 = abis.some(({ abi }) => abi.numberBit === X32_BIT);
  // x86_64 and x32 share an AUDIT_ARCH and differ in bit 30.
  const shared = arch === X86_64;
  const newer: Outcome = { rules: [], otherwise: ENOSYS_ACTION, unnamed: 'newer' };
  const foreign: Outcome = { rules: [], otherwise: policy.badArch, unnamed: 'foreign' };
  const other: Outcome = { rules: [], otherwise: policy.defaultAction, unnamed: 'default' };
  const [plain, marked] = shared
    ? [0, X32_BIT].map(bit => abis.find(({ abi }) => abi.numberBit === bit))
    : [abis[0], abis[0]];
  return syscall => {
    const part = (syscall & X32_BIT) === 0 ? plain : marked;
    if (part?.enosysAbove !== undefined && syscall > part.enosysAbove) return newer;
    const covered = !shared || x32 || syscall < X32_BIT || syscall === NO_CALL;
    if (abis.length === 0 || !covered) return foreign;
    return part?.syscalls.get(syscall) ?? other;
  };
}

/** The outcome of one number before its arguments are considered; see `outcomesOf`. */
export const outcome = (policy: Policy, arch: number, syscall: number): Outcome =>
  outcomesOf(policy, arch)(syscall);

/** Whether a condition holds for six registers. */
export function holds(condition: Condition, args: readonly bigint[]): boolean {
  const register = args[condition.arg] ?? 0n;
  const argument = condition.width === 32 ? register & LOW_WORD : register;
  switch (condition.op) {
    case 'SCMP_CMP_NE':
      return argument !== condition.value;
    case 'SCMP_CMP_LT':
      return argument < condition.value;
    case 'SCMP_CMP_LE':
      return argument <= condition.value;
    case 'SCMP_CMP_EQ':
      return argument === condition.value;
    case 'SCMP_CMP_GE':
      return argument >= condition.value;
    case 'SCMP_CMP_GT':
      return argument > condition.value;
    case 'SCMP_CMP_MASKED_EQ':
      return (argument & condition.mask) === condition.value;
  }
}

/** Whether the call is permitted with some arguments. */
export const mayPermit = ({ rules, otherwise }: SyscallPolicy): boolean =>
  permits(otherwise) || rules.some(({ action }) => permits(action));

/**
 * The rule that applies: the most restrictive one whose conditions hold, and the first of equally restrictive ones;
 * undefined if none matches.
 */
export function decidingRule(rules: readonly Rule[], args: readonly bigint[]): Rule | undefined {
  let strongest: Rule | undefined;
  for (const rule of rules) {
    if (strongest !== undefined && precedence(rule.action) >= precedence(strongest.action)) continue;
    if (rule.conditions.every(condition => holds(condition, args))) strongest = rule;
  }
  return strongest;
}

/**
 * Returns the action of a policy for a system call.
 *
 * Rules of one call are combined with OR and their conditions with AND. The most restrictive match applies, in the
 * kernel's order of actions; among equal actions, the data of the first one. Throws UsageError (`bad-policy`,
 * `bad-event`). Source: docs/semantics.md; the order of actions, seccomp(2).
 */
export function evaluate(policy: Policy, event: Event): Action {
  requirePolicy(policy);
  const { arch, syscall, args } = checkedEvent(event);
  const { rules, otherwise } = outcome(policy, arch >>> 0, syscall >>> 0);
  return decidingRule(rules, args)?.action ?? otherwise;
}
