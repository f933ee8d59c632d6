// Disables io_uring in a process with open rings, except for libuv's own use of them.
import { LoadError, UnsupportedError, type Diagnostic } from '../util/errors.js';
import type { Filter } from '../filter/filter.js';
import { interpret, seccompData } from '../bpf/interpret.js';
import { isFilter } from '../filter/filter.js';
import type { Program } from '../bpf/program.js';
import { BPF } from '../bpf/opcodes.js';
import { isFailure, native, type Failure, describeFailure } from '../native.js';
import { ABIS, syscallNumber } from '../kernel/abi.js';
import { actionName, permits, type Action } from '../kernel/action.js';
import { SCMP_ACT_ERRNO } from '../kernel/constants.js';
import { ENOSYS } from '../kernel/errno.js';
import { mayPermit, outcome } from '../policy/evaluate.js';
import {
  nativeFirst,
  type AbiPolicy,
  type Condition,
  type Policy,
  type SyscallPolicy,
} from '../policy/policy.js';
import { RING_OPERATIONS } from '../kernel/ring-operations.js';
import { nativeArchitecture } from '../kernel/architectures.js';
import { RING_WAIT } from '../policy/with-traps.js';
import { ALLOW_PROC } from './inspect/proc.js';
import type { Obstacle } from './preflight.js';

/**
 * Descriptors of the rings that this process has open, ascending. Node 20 has none, later versions three and one more for each
 * worker.
 *
 * Read for each load: even if an earlier filter refuses io_uring_setup, rings can come from other processes, by pidfd_getfd, in messages
 * before Linux 6.8, or through a shared table of descriptors.
 * Throws UnsupportedError (`rings-unreadable`) if /proc/self/fd cannot be read.
 */
export const liveRings = (): readonly number[] => readable(native().openRings(), 'open descriptors');

/** As `liveRings`, but returns an empty list if the rings cannot be read. */
export function liveRingsIfReadable(): readonly number[] {
  const rings = native().openRings();
  return isFailure(rings) ? [] : rings;
}

/** Ids of kernel threads that poll a ring of this process. Throws as `liveRings` does. */
const pollingThreads = (): readonly number[] => readable(native().pollingThreads(), 'threads');

function readable(numbers: readonly number[] | Failure, what: string): readonly number[] {
  if (!isFailure(numbers)) return numbers;
  throw new UnsupportedError(
    'rings-unreadable',
    `the ${what} of this process cannot be read (${describeFailure(numbers)})`,
    ALLOW_PROC,
  );
}

const CALLS = ['io_uring_setup', 'io_uring_enter', 'io_uring_register'] as const;

/** io_uring_enter's flag for waiting for completions, the only one that libuv uses on a ring that is not polled. */
const GETEVENTS = 1n;

/** libuv's call: it waits for as many completions as it submits, without a signal mask. */
const waitOn = (ring: number): readonly bigint[] => [BigInt(ring), 1n, 1n, GETEVENTS, 0n, 0n];

const equal = (arg: number, value: bigint, width: 32 | 64): Condition => ({
  op: 'SCMP_CMP_EQ',
  arg,
  width,
  value,
});

const absent: SyscallPolicy = { rules: [], otherwise: SCMP_ACT_ERRNO(ENOSYS) };

/**
 * Serves libuv's call on every descriptor: workers may open rings while a filter is being loaded, and no ring can be
 * opened afterwards.
 */
const servedOrAbsent: SyscallPolicy = {
  rules: [
    {
      conditions: [equal(3, GETEVENTS, 32), equal(4, 0n, 64), equal(5, 0n, 64)],
      action: RING_WAIT,
    },
  ],
  otherwise: absent.otherwise,
};

/**
 * The policy for a process with open rings. If it refuses io_uring_setup or io_uring_enter, it refuses all of io_uring on
 * every ABI with ENOSYS, so that libuv falls back to epoll for loops that start later. libuv's one call on rings that are
 * already open has the action RING_WAIT. Any other policy is returned unchanged.
 */
export function closeRings(policy: Policy): Policy {
  const [native] = policy.abis;
  const opens = (name: (typeof CALLS)[number]): boolean =>
    mayPermit(outcome(policy, native.abi.audit, syscallNumber(native.abi.name, name) ?? -1));
  if (opens('io_uring_setup') && opens('io_uring_enter')) return policy;
  const abis = policy.abis.map(part => closedIn(part, part === native ? servedOrAbsent : absent));
  return { ...policy, abis: nativeFirst(abis) };
}

function closedIn(part: AbiPolicy, enter: SyscallPolicy): AbiPolicy {
  const { abi } = part;
  const calls = new Map<number, SyscallPolicy>();
  for (const name of CALLS) {
    const number = syscallNumber(abi.name, name);
    if (number !== undefined) calls.set(number, name === 'io_uring_enter' ? enter : absent);
  }
  const syscalls = new Map(part.syscalls);
  for (const [number, call] of calls) syscalls.set(number, call);
  if (part.enosysAbove === undefined) return { ...part, syscalls };
  // Numbers above the limit have ENOSYS whatever the table says, so the limit must include these calls.
  const enosysAbove = Math.max(part.enosysAbove, ...calls.keys());
  for (let number = part.enosysAbove + 1; number <= enosysAbove; number++) {
    if (!calls.has(number)) syscalls.set(number, absent);
  }
  return { ...part, syscalls, enosysAbove };
}

function answerOf(program: Program, name: string, args: readonly bigint[] = []): Action | undefined {
  const abi = nativeArchitecture();
  const syscall = syscallNumber(abi, name);
  if (syscall === undefined) return undefined;
  return interpret(program, seccompData({ arch: ABIS[abi].audit, syscall, args })).action;
}

const refuses = (program: Program, name: string, args?: readonly bigint[]): boolean => {
  const answer = answerOf(program, name, args);
  return answer !== undefined && !permits(answer);
};

/** The actions of a program for libuv's calls on these rings. */
const answersOn = (program: Program, rings: readonly number[]): readonly Action[] =>
  rings.map(ring => answerOf(program, 'io_uring_enter', waitOn(ring))).filter(answer => answer !== undefined);

/** io_uring_enter, if a program refuses it on a ring without RING_WAIT, because libuv would abort. */
export function refusedRings(program: Program, rings: readonly number[]): readonly Obstacle[] {
  const refused = answersOn(program, rings).find(answer => !permits(answer) && answer !== RING_WAIT);
  return refused === undefined ? [] : [{ syscall: 'io_uring_enter', answer: actionName(refused) }];
}

/** Whether a program has the handler serve libuv's calls. The handler must be installed before the load. */
const needsService = (program: Program): boolean =>
  program.some(({ code, k }) => code === BPF.RET_K && k === RING_WAIT);

/** Installs the handler if a program needs it. Throws LoadError (`rings-not-served`) with the errno. */
export function serveRings(program: Program): void {
  if (!needsService(program)) return;
  const failure = native().serveRings();
  if (failure === undefined) return;
  const { errno } = failure;
  throw new LoadError(
    'rings-not-served',
    `the io_uring rings of this process cannot be served by the SIGSYS handler (${describeFailure(failure)})`,
    'Apply this profile before any filter that refuses io_uring_setup, or start the program under the profile',
    { errno },
  );
}

/**
 * Throws LoadError (`rings-polled`) if a program refuses io_uring but the kernel polls a ring of this process, so that
 * operations can be submitted without a system call.
 */
export function refusePolledRings(program: Program, rings: readonly number[]): void {
  if (!closesRings(program, rings)) return;
  const threads = pollingThreads();
  if (threads.length === 0) return;
  throw new LoadError(
    'rings-polled',
    `the kernel polls an io_uring ring of this process (thread ${threads.join(', ')}), which works without system calls`,
    'Start Node without UV_USE_IO_URING, and without add-ons that use IORING_SETUP_SQPOLL; or pass force: true',
  );
}

/** Whether a program refuses io_uring. */
const closesRings = (program: Program, rings: readonly number[]): boolean =>
  rings.length > 0 &&
  (refuses(program, 'io_uring_setup') || answersOn(program, rings).some(answer => !permits(answer)));

/**
 * The warning about rings that stay open although the filter refuses equivalent calls. Determined before the load, because the
 * filter may kill the process for reading /proc.
 */
export function keptRings(
  filter: Filter | Uint8Array,
  program: Program,
  rings: readonly number[],
): Diagnostic | undefined {
  const polling = closesRings(program, rings) ? native().pollingThreads() : [];
  if (!isFailure(polling) && polling.length > 0) {
    return warning(
      `the kernel polls a ring of this process (thread ${polling.join(', ')}): the operations in it are executed ` +
        'without a system call, and no filter sees them',
    );
  }
  const kept = rings.filter(ring => answersOn(program, [ring]).some(permits));
  if (kept.length === 0) return undefined;
  const evaded = RING_OPERATIONS.filter(name =>
    isFilter(filter) ? mayRefuse(filter.policy, name) : refuses(program, name),
  );
  if (evaded.length === 0) return undefined;
  const shown = `${evaded.slice(0, 5).join(', ')}${evaded.length > 5 ? ` and ${evaded.length - 5} more` : ''}`;
  return warning(
    `the filter allows io_uring_enter, and this process has open rings (descriptors ${kept.join(', ')}): ` +
      `code in it can use them instead of calls that are refused or restricted: ${shown}`,
  );
}

const warning = (message: string): Diagnostic => ({
  code: 'io-uring-kept',
  severity: 'warning',
  message,
  remedy:
    'Refuse io_uring_setup, io_uring_enter and io_uring_register and pass the profile to applyProfile, or start the program under it',
});

/** Whether a policy refuses a call with some arguments. */
function mayRefuse(policy: Policy, name: string): boolean {
  const [{ abi }] = policy.abis;
  const number = syscallNumber(abi.name, name);
  if (number === undefined) return false;
  const { rules, otherwise } = outcome(policy, abi.audit, number);
  return [otherwise, ...rules.map(({ action }) => action)].some(action => !permits(action));
}
