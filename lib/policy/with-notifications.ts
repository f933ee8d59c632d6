// Converts refusals to notifications, so that a supervisor can report the calls and decide about them.
import { actionKind, type Action } from '../kernel/action.js';
import * as scmp from '../kernel/constants.js';
import { ownOptions } from '../util/options.js';
import { nativeFirst, type AbiPolicy, type Policy, type SyscallPolicy } from './policy.js';
import { markPolicy, ownPolicy } from './own-policy.js';

/** Options of `withNotifications`. */
export interface NotificationOptions {
  /** Also notify of calls with TRAP or TRACE, whose effect a supervisor cannot reproduce. Default: false. */
  readonly traps?: boolean | undefined;
}

/**
 * Returns a policy under which a supervisor is notified of every call that this one refuses: ERRNO, KILL_THREAD and
 * KILL_PROCESS become NOTIFY, also for numbers above those that the profile names. Without a supervisor each of these
 * calls fails with ENOSYS. To get the original action of a call, use `evaluate` with the original policy.
 *
 * If rules with TRAP and with KILL match the same call, TRAP takes precedence, because TRAP is more restrictive than
 * NOTIFY in the kernel. Throws UsageError (`bad-policy`, `bad-option`).
 */
export function withNotifications(source: Policy, options: NotificationOptions = {}): Policy {
  const policy = ownPolicy(source);
  const { traps = false } = ownOptions(options, [], ['traps']);
  const notify = (action: Action): Action => (isHeard(action, traps) ? scmp.SCMP_ACT_NOTIFY : action);
  const defaultAction = notify(policy.defaultAction);
  const convert = ({ abi, syscalls, enosysAbove }: AbiPolicy): AbiPolicy => ({
    abi,
    syscalls: new Map([...syscalls].map(([number, part]) => [number, notifiedCall(part, notify)])),
    enosysAbove: defaultAction === scmp.SCMP_ACT_NOTIFY ? undefined : enosysAbove,
  });
  return markPolicy({
    ...policy,
    defaultAction,
    badArch: notify(policy.badArch),
    abis: nativeFirst(policy.abis.map(convert)),
  });
}

function isHeard(action: Action, traps: boolean): boolean {
  switch (actionKind(action)) {
    case scmp.SCMP_ACT_ERRNO(0):
    case scmp.SCMP_ACT_KILL_THREAD:
    case scmp.SCMP_ACT_KILL_PROCESS:
      return true;
    case scmp.SCMP_ACT_TRAP:
    case scmp.SCMP_ACT_TRACE(0):
      return traps;
    default:
      return false;
  }
}

const notifiedCall = (part: SyscallPolicy, notify: (action: Action) => Action): SyscallPolicy => ({
  ...part,
  rules: part.rules.map(rule => ({ ...rule, action: notify(rule.action) })),
  otherwise: notify(part.otherwise),
});
