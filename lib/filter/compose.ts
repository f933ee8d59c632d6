// Computes the action of a stack of filters: the kernel runs all of them, and the most restrictive action applies.
import { requireList } from '../util/failures.js';
import { actionData, actionKind, isAction, MAX_ERRNO, precedence, type Action } from '../kernel/action.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL_PROCESS } from '../kernel/constants.js';

/**
 * The index of the layer that decides, given the return value of each, oldest first: the one with the most restrictive
 * action, and of equally restrictive ones the newest. -1 if there is no layer. Source: seccomp_run_filters,
 * kernel/seccomp.c; seccomp(2), "precedence".
 */
export function decidingLayer(returned: readonly Action[]): number {
  let [decides, strongest] = [-1, Infinity];
  for (let layer = returned.length - 1; layer >= 0; layer--) {
    const strength = precedence(returned[layer] ?? 0);
    if (strength < strongest) [decides, strongest] = [layer, strength];
  }
  return decides;
}

/**
 * The kernel's reaction to the deciding value: an unknown action kills the process, an errno above 4095 becomes 4095,
 * and data on ALLOW is dropped. Only for the value of the whole stack: among layers, values are compared by their bits,
 * known or not. Source: __seccomp_filter, kernel/seccomp.c.
 */
export function enforced(action: Action): Action {
  if (!isAction(action)) return SCMP_ACT_KILL_PROCESS;
  const kind = actionKind(action);
  if (kind === SCMP_ACT_ALLOW) return SCMP_ACT_ALLOW;
  if (kind === SCMP_ACT_ERRNO(0)) return SCMP_ACT_ERRNO(Math.min(actionData(action), MAX_ERRNO));
  return action;
}

/**
 * Returns the action of the kernel for a call, given the return value of each layer, oldest first. Throws UsageError
 * (`bad-argument`).
 * Source: seccomp_run_filters, kernel/seccomp.c.
 */
export function composeLayers(returned: readonly Action[]): Action {
  if (!ArrayBuffer.isView(returned)) requireList('the actions of layers', returned, 'Pass a list of actions');
  return returned.length === 0 ? SCMP_ACT_ALLOW : enforced(returned[decidingLayer(returned)] ?? 0);
}
