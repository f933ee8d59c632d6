// Checks whether the running Node can continue under a policy: calls that it certainly makes must not be refused.
import { LoadError } from '../util/errors.js';
import { syscallNumber } from '../kernel/abi.js';
import { actionName, permits, precedence, type Action } from '../kernel/action.js';
import { SCMP_ACT_ERRNO } from '../kernel/constants.js';
import { ENOSYS } from '../kernel/errno.js';
import { mayPermit, outcome } from '../policy/evaluate.js';
import type { Policy } from '../policy/policy.js';
import { isTrappedErrno } from '../policy/with-traps.js';
import { BASE_CALLS, NEEDED_CALLS, THREAD_CALLS } from '../kernel/calls/base-calls.js';

/** A call that this process depends on, and its action. */
export interface Obstacle {
  readonly syscall: string;
  readonly answer: string;
}

/** refusedRings checks this call, because only it knows whether this process has rings. */
const RING_CALL = 'io_uring_enter';

/**
 * Calls that the policy refuses unconditionally and without which Node cannot continue: those whose refusal is fatal;
 * if the action kills, all that Node certainly makes; and while the pool is not running, those that start a thread. The
 * lists are measured: docs/node-base-calls.md.
 */
export function obstacles(policy: Policy, poolIsRunning: boolean): readonly Obstacle[] {
  const [{ abi }] = policy.abis;
  const answerTo = (name: string): Action | undefined => {
    const number = syscallNumber(abi.name, name);
    if (number === undefined || name === RING_CALL) return undefined;
    const part = outcome(policy, abi.audit, number);
    return mayPermit(part) ? undefined : part.otherwise;
  };
  const kills = (answer: Action): boolean =>
    precedence(answer) < precedence(SCMP_ACT_ERRNO(0)) && !isTrappedErrno(answer);
  // glibc falls back to clone only if clone3 fails with ENOSYS.
  const unknown = (name: string, answer: Action): boolean =>
    name === 'clone3' && answer === SCMP_ACT_ERRNO(ENOSYS);

  const found = new Map<string, Action>();
  const look = (names: readonly string[], matters: (answer: Action, name: string) => boolean): void => {
    for (const name of names) {
      const answer = answerTo(name);
      if (answer !== undefined && matters(answer, name)) found.set(name, answer);
    }
  };
  look(BASE_CALLS, () => true);
  look(NEEDED_CALLS.base, kills);
  if (!poolIsRunning) {
    look(THREAD_CALLS, (answer, name) => !unknown(name, answer));
    // glibc falls back to clone. An allow-list without both is intended, for programs that do not use the pool.
    if (permits(policy.defaultAction) && answerTo('clone3') === SCMP_ACT_ERRNO(ENOSYS))
      look(['clone'], () => true);
  }
  return [...found].map(([syscall, answer]) => ({ syscall, answer: actionName(answer) }));
}

/** Throws LoadError (`node-cannot-continue`) with the names of these calls. */
export function refuseObstacles(found: readonly Obstacle[]): void {
  if (found.length === 0) return;
  const list = found.map(({ syscall, answer }) => `${syscall} (${answer})`).join(', ');
  const clone3 = found.some(({ syscall }) => syscall === 'clone3')
    ? '; use ENOSYS for clone3, so that libc falls back to clone'
    : '';
  throw new LoadError(
    'node-cannot-continue',
    `the running Node cannot continue under this profile, which refuses: ${list}`,
    `Allow them${clone3}; start a command under the profile with exec or seccomp run instead; or pass force: true`,
  );
}
