// The io_uring rings that libuv holds open, and the narrowest rule under which they keep working.
import { UnsupportedError, type Diagnostic } from '../errors.js';
import { interpret, seccompData } from '../filter/interpret.js';
import type { Program } from '../filter/program.js';
import { isFailure, native } from '../native.js';
import { ABIS, syscallNumber } from '../policy/abi.js';
import { actionName, permits } from '../policy/action.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO } from '../policy/constants.js';
import { ENOSYS } from '../policy/errno.js';
import { mayPermit, outcome } from '../policy/evaluate.js';
import type { Condition, Policy, SyscallPolicy } from '../policy/policy.js';
import { nativeArchitecture } from '../policy/target.js';
import type { Obstacle } from './preflight.js';

/**
 * Descriptors of the rings this process has open, ascending. Node 20 has none, later versions three and one more for each worker.
 * Throws UnsupportedError (`rings-unreadable`) where /proc/self/fd cannot be read.
 */
export function liveRings(): readonly number[] {
  const rings = native().openRings();
  if (!isFailure(rings)) return rings;
  throw new UnsupportedError(
    'rings-unreadable',
    `the open descriptors of this process cannot be read (${rings.failed}: ${rings.errnoName})`,
    'Mount /proc; a filter that others are to follow has to allow openat, getdents64 and readlinkat',
  );
}

/** io_uring_enter's flag with which libuv waits for completions, and the only one it uses. */
const GETEVENTS = 1n;

/** The call that libuv makes on a ring: it waits for as many completions as it submits, without a signal mask. */
const waitOn = (ring: number): readonly bigint[] => [BigInt(ring), 1n, 1n, GETEVENTS, 0n, 0n];

/** The call, when a program refuses it on one of the rings: libuv would abort. */
export function refusedRings(program: Program, rings: readonly number[]): readonly Obstacle[] {
  if (rings.length === 0) return [];
  const abi = nativeArchitecture();
  const syscall = syscallNumber(abi, 'io_uring_enter') ?? -1;
  const answers = rings.map(
    ring => interpret(program, seccompData({ arch: ABIS[abi].audit, syscall, args: waitOn(ring) })).action,
  );
  const refused = answers.find(action => !permits(action));
  return refused === undefined ? [] : [{ syscall: 'io_uring_enter', answer: actionName(refused) }];
}

const CALLS = ['io_uring_setup', 'io_uring_enter', 'io_uring_register'] as const;

/**
 * A policy under which open rings go on working: where it refuses io_uring, the one call that libuv makes on these
 * descriptors is allowed and everything else about io_uring answers ENOSYS, on which libuv falls back to epoll.
 * Returns the policy itself when there is nothing to keep.
 */
export function keepRings(
  policy: Policy,
  rings: readonly number[],
): { readonly policy: Policy; readonly warning: Diagnostic | undefined } {
  const unchanged = { policy, warning: undefined };
  if (rings.length === 0) return unchanged;
  const [native, ...others] = policy.abis;
  const numbers = CALLS.map(name => syscallNumber(native.abi.name, name) ?? -1);
  const refused = numbers.filter(number => !mayPermit(outcome(policy, native.abi.audit, number)));
  if (refused.length === 0) return unchanged;

  const syscalls = new Map(native.syscalls);
  for (const number of refused) syscalls.set(number, { rules: [], otherwise: SCMP_ACT_ERRNO(ENOSYS) });
  const [, enter = -1] = numbers;
  if (refused.includes(enter)) syscalls.set(enter, waitingOn(rings));
  const enosysAbove = native.enosysAbove === undefined ? undefined : Math.max(native.enosysAbove, ...refused);
  for (let number = (native.enosysAbove ?? Infinity) + 1; number <= (enosysAbove ?? 0); number++) {
    if (!syscalls.has(number)) syscalls.set(number, { rules: [], otherwise: SCMP_ACT_ERRNO(ENOSYS) });
  }
  return {
    policy: { ...policy, abis: [{ ...native, syscalls, enosysAbove }, ...others] },
    warning: {
      code: 'io-uring-kept',
      severity: 'warning',
      message:
        `this Node holds ${rings.length} io_uring rings open (descriptors ${rings.join(', ')}): waiting on them stays allowed, ` +
        'and operations that native code in this process submits to them are not seen by the filter',
      remedy:
        'Where untrusted native code may run, apply the profile to a child process instead, which starts without rings',
    },
  };
}

function waitingOn(rings: readonly number[]): SyscallPolicy {
  const equal = (arg: number, value: bigint): Condition => ({ op: 'SCMP_CMP_EQ', arg, width: 64, value });
  return {
    rules: rings.map(ring => ({
      conditions: [equal(0, BigInt(ring)), equal(3, GETEVENTS), equal(4, 0n), equal(5, 0n)],
      action: SCMP_ACT_ALLOW,
    })),
    otherwise: SCMP_ACT_ERRNO(ENOSYS),
  };
}
