// The definition of meaning: what a policy answers to one system call. Everything else is checked against this.
import { X32_BIT } from './abi.js';
import { mostRestrictive, permits, type Action } from './action.js';
import { SCMP_ACT_ERRNO } from './constants.js';
import { ENOSYS } from './errno.js';
import type { Condition, Policy, SyscallPolicy } from './policy.js';

/** A system call as the kernel shows it to a filter (`struct seccomp_data`). */
export interface Event {
  /** AUDIT_ARCH_* of the interface. */
  readonly arch: number;
  /** Unsigned 32 bits. */
  readonly syscall: number;
  /** Up to six registers, unsigned 64 bits; those that are left out are 0. */
  readonly args?: readonly bigint[];
  /** 0 unless given. No policy looks at it. */
  readonly instructionPointer?: bigint;
}

const X86_64 = 0xc000003e;
/** The number -1, which a tracer sets to skip a call. */
const NO_CALL = 0xffffffff;
const LOW_WORD = 0xffffffffn;
const ENOSYS_ACTION = SCMP_ACT_ERRNO(ENOSYS);

/**
 * What the policy says about numbers of one AUDIT_ARCH before looking at arguments.
 *
 * In the order of runc: ENOSYS for numbers above the highest one named; then the bad-architecture action, which on
 * x86_64 without x32 also meets every number from 0x40000000 on but -1, the number a tracer sets to skip a call.
 */
export function outcomesOf(policy: Policy, arch: number): (syscall: number) => SyscallPolicy {
  const interfaces = policy.abis.filter(({ abi }) => abi.audit === arch);
  const x32 = interfaces.some(({ abi }) => abi.numberBit === X32_BIT);
  // x86_64 and x32 share an AUDIT_ARCH and differ in bit 30.
  const shared = arch === X86_64;
  const constant = (otherwise: Action): SyscallPolicy => ({ rules: [], otherwise });
  const enosys = constant(ENOSYS_ACTION);
  const foreign = constant(policy.badArch);
  const unnamed = constant(policy.defaultAction);
  return syscall => {
    const part = interfaces.find(({ abi }) => !shared || (syscall & X32_BIT) === abi.numberBit);
    if (part?.enosysAbove !== undefined && syscall > part.enosysAbove) return enosys;
    const covered = !shared || x32 || syscall < X32_BIT || syscall === NO_CALL;
    if (interfaces.length === 0 || !covered) return foreign;
    return part?.syscalls.get(syscall) ?? unnamed;
  };
}

/** What the policy says about one number before looking at arguments; see `outcomesOf`. */
export const outcome = (policy: Policy, arch: number, syscall: number): SyscallPolicy =>
  outcomesOf(policy, arch)(syscall);

/** Whether one condition holds for six registers. */
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

/** Whether some call of that number may be made. */
export const mayPermit = ({ rules, otherwise }: SyscallPolicy): boolean =>
  permits(otherwise) || rules.some(({ action }) => permits(action));

/** The most restrictive action among the rules that match, given a way to decide conditions. */
export function settle(part: SyscallPolicy, decide: (condition: Condition) => boolean): Action {
  let strongest: Action | undefined;
  for (const rule of part.rules) {
    if (rule.conditions.every(decide)) {
      strongest = strongest === undefined ? rule.action : mostRestrictive(strongest, rule.action);
    }
  }
  return strongest ?? part.otherwise;
}

/**
 * What the policy answers to a system call.
 *
 * Rules of one call are bound by OR and their conditions by AND; the most restrictive match wins, in the kernel's order
 * of actions; the first of equally strong ones gives the data.
 */
export function evaluate(policy: Policy, event: Event): Action {
  const syscall = event.syscall >>> 0;
  const { args = [] } = event;
  return settle(outcome(policy, event.arch >>> 0, syscall), condition => holds(condition, args));
}
