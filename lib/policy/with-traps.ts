// Converts refusals to traps with the same errno, so that a SIGSYS handler in the process can report them.
import { syscallNumber, syscallsOf } from '../kernel/abi.js';
import type { AbiName } from '../kernel/architectures.js';
import { isKill, actionData, actionKind, precedence, type Action } from '../kernel/action.js';
import * as scmp from '../kernel/constants.js';
import { outcome } from './evaluate.js';
import { ownOptions } from '../util/options.js';
import { nativeFirst, type AbiPolicy, type Policy, type SyscallPolicy } from './policy.js';
import { markPolicy, ownPolicy } from './own-policy.js';

/** Options of `withTraps`. */
export interface TrapOptions {
  /** Also trap calls for which the policy kills: the process then prints the reason on standard error before it ends. Default: false. */
  readonly kills?: boolean | undefined;
}

/** The data of a TRAP that ends the process. No errno is as large. native/core/sigsys.h has the same value. */
const TRAP_AND_DIE = 0xffff;

/**
 * The action for libuv's call to io_uring_enter that submits changes to an epoll set. The handler makes these changes with
 * epoll_ctl, and the kernel reads nothing from the ring. native/core/sigsys.h has the same value.
 */
export const RING_WAIT: Action = scmp.SCMP_ACT_TRAP | 0xfffe;

/**
 * Calls that are not trapped, because no handler could handle them. libc blocks signals while it starts a thread or a
 * process, so that a trap would kill. libc changes ids on every thread, and one thread of Node blocks all signals. A new
 * process that is refused execve has no handlers. rt_sigreturn returns from a handler. Programs that this process
 * starts, including Node, probe io_uring first, and can do without it.
 */
export const NEVER_TRAPPED: readonly string[] = [
  ...['clone', 'clone3', 'fork', 'vfork', 'rseq', 'set_robust_list', 'execve', 'execveat'],
  ...['setuid', 'setgid', 'setreuid', 'setregid', 'setresuid', 'setresgid', 'setgroups'],
  ...['setuid32', 'setgid32', 'setreuid32', 'setregid32', 'setresuid32', 'setresgid32', 'setgroups32'],
  ...['rt_sigreturn', 'sigreturn'],
  ...['io_uring_setup', 'io_uring_enter', 'io_uring_register'],
];

/**
 * Returns a policy that refuses the same calls with traps, which a handler can report: ERRNO(n) becomes TRAP(n), and the
 * handler of `onViolation` makes the call fail with n. In a program without such a handler, each of these calls ends the
 * process.
 *
 * ERRNO(0), which reports success, is kept, as are the actions for NEVER_TRAPPED and for numbers above all names of the
 * table. KILL_PROCESS and KILL_THREAD are kept unless `kills` is true; then both end the whole process.
 *
 * Throws UsageError (`bad-policy`, `bad-option`).
 */
export function withTraps(source: Policy, options: TrapOptions = {}): Policy {
  const policy = ownPolicy(source);
  const { kills = false } = ownOptions(options, [], ['kills']);
  const trap = (action: Action): Action => trappedAction(action, kills);
  return markPolicy({
    ...policy,
    defaultAction: trap(policy.defaultAction),
    badArch: trap(policy.badArch),
    abis: nativeFirst(policy.abis.map(part => trappedAbi(part, policy, trap))),
  });
}

function trappedAction(action: Action, kills: boolean): Action {
  const kind = actionKind(action);
  if (kind === scmp.SCMP_ACT_ERRNO(0) && actionData(action) !== 0)
    return scmp.SCMP_ACT_TRAP | actionData(action);
  return isKill(kind) && kills ? scmp.SCMP_ACT_TRAP | TRAP_AND_DIE : action;
}

function trappedAbi(
  { abi, syscalls, enosysAbove }: AbiPolicy,
  policy: Policy,
  trap: (action: Action) => Action,
): AbiPolicy {
  const kept = new Set(NEVER_TRAPPED.map(name => syscallNumber(abi.name, name)));
  const newer = enosysAbove === undefined ? [] : newerNumbers(enosysAbove, abi.name);
  const numbers = new Set([...syscalls.keys(), ...newer, ...kept].filter(number => number !== undefined));
  const table = [...numbers].map((number): readonly [number, SyscallPolicy] => {
    const part = outcome(policy, abi.audit, number);
    return [number, kept.has(number) ? part : trappedCall(part, trap)];
  });
  return { abi, syscalls: new Map(table), enosysAbove: newer.at(-1) ?? enosysAbove };
}

/**
 * The numbers above a limit, up to the last one with a name within the next thousand, so that they can be listed one by
 * one. Private calls of arm are far above.
 */
function newerNumbers(limit: number, abi: AbiName): readonly number[] {
  const named = [...syscallsOf(abi).values()].filter(number => number - limit <= 1000);
  return Array.from({ length: Math.max(limit, ...named) - limit }, (_, index) => limit + 1 + index);
}

/** Sorts rules by precedence, so that converted refusals do not take precedence over original traps. */
const trappedCall = (part: SyscallPolicy, trap: (action: Action) => Action): SyscallPolicy => ({
  ...part,
  rules: part.rules
    .toSorted((a, b) => precedence(a.action) - precedence(b.action))
    .map(rule => ({ ...rule, action: trap(rule.action) })),
  otherwise: trap(part.otherwise),
});

/** Whether an action is a TRAP whose data stands for an errno, which only the handler understands. */
export const needsHandler = (action: Action): boolean =>
  actionKind(action) === scmp.SCMP_ACT_TRAP && actionData(action) !== 0 && action !== RING_WAIT;

/** Whether an action is a TRAP that a handler converts to an errno rather than to a kill. */
export const isTrappedErrno = (action: Action): boolean =>
  needsHandler(action) && actionData(action) !== TRAP_AND_DIE;
