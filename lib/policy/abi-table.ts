// Derives the default action of a policy, and the calls that it lists, from the actions for all numbers of its ABIs.

import { ABIS, syscallsOf, X32_BIT, type Abi } from '../kernel/abi.js';
import { actionKind, permits, type Action } from '../kernel/action.js';
import { SCMP_ACT_ERRNO, SCMP_ACT_TRACE } from '../kernel/constants.js';
import { ENOSYS } from '../kernel/errno.js';
import type { AbiPolicy, SyscallPolicy } from './policy.js';
import { notExpressible } from '../util/failures.js';

/** Numbers from `low` to `high`, inclusive, and their action; undefined if that depends on arguments. */
export interface AnsweredRun {
  readonly low: number;
  readonly high: number;
  readonly answer: Action | undefined;
}

/** An ABI with the runs of its own numbers, ascending. */
export interface AbiTable<Run extends AnsweredRun = AnsweredRun> {
  readonly abi: Abi;
  readonly runs: readonly Run[];
}

/** The range of an ABI's numbers: x86_64 and x32 share an AUDIT_ARCH value. */
export const ownNumbers = ({ audit, numberBit }: Abi): readonly [low: number, high: number] =>
  audit === ABIS.x86_64.audit ? [numberBit, numberBit + X32_BIT - 1] : [0, 0xffffffff];

/** The maximum number of calls in a policy; the largest named number has six digits. */
export const MAX_CALLS = 20_000;
const ENOSYS_ACTION = SCMP_ACT_ERRNO(ENOSYS);

/** The first number of the last runs if all of these have ENOSYS; undefined if the last run has another action. */
function tailOf({ runs }: AbiTable): number | undefined {
  let start: number | undefined;
  for (const { low, answer } of runs.toReversed()) {
    if (answer !== ENOSYS_ACTION) break;
    start = low;
  }
  return start;
}

/**
 * The action for all numbers without a name, or else the most frequent one. Numbers above the last name do not count if
 * their action is ENOSYS, because a separate rule covers them.
 */
export function defaultOf(tables: readonly AbiTable[]): Action {
  const votes = new Map<Action, { nameless: number; named: number }>();
  for (const table of tables) {
    const tail = tailOf(table) ?? Infinity;
    for (const { low, high, answer: action } of table.runs) {
      if (action === undefined || low >= tail) continue;
      const vote = votes.get(action) ?? { nameless: 0, named: 0 };
      const named = namesWithin(table.abi, low, high);
      vote.named += named;
      vote.nameless += high - low + 1 - named;
      votes.set(action, vote);
    }
  }
  const ranked = [...votes].sort(([, a], [, b]) => b.nameless - a.nameless || b.named - a.named);
  const [first] = ranked;
  if (first === undefined) return ENOSYS_ACTION;
  // If every number has a name, the choice is free. Profiles have the rule for newer calls only with a default that denies
  // them.
  const free = first[1].nameless === 0 && tables.some(table => tailOf(table) !== undefined);
  return (free ? ranked.find(([action]) => deniesNewCalls(action)) : first)?.[0] ?? ENOSYS_ACTION;
}

/** Whether calls newer than the profile fail with ENOSYS under this default action, as in runc. */
const deniesNewCalls = (action: Action): boolean =>
  !permits(action) && actionKind(action) !== SCMP_ACT_TRACE(0);

function namesWithin({ name }: Abi, low: number, high: number): number {
  let count = 0;
  for (const number of syscallsOf(name).values()) if (number >= low && number <= high) count++;
  return count;
}

/**
 * The calls of an ABI whose action is not the default. `partOf` returns the policy for a number of a run. Throws
 * ConversionError (`not-expressible`) for more than MAX_CALLS calls.
 */
export function abiPolicy<Run extends AnsweredRun>(
  table: AbiTable<Run>,
  defaultAction: Action,
  partOf: (run: Run, number: number) => SyscallPolicy,
): AbiPolicy {
  const { abi, runs } = table;
  const tail = defaultAction === ENOSYS_ACTION ? undefined : tailOf(table);
  // If all numbers of an ABI have ENOSYS, the first one is listed, because the rule must begin above a number of the
  // ABI.
  const enosysAbove = tail === undefined ? undefined : Math.max(tail - 1, abi.numberBit);
  const syscalls = new Map<number, SyscallPolicy>();
  for (const run of runs) {
    const { low, answer } = run;
    const high = Math.min(run.high, enosysAbove ?? run.high);
    if (answer === defaultAction || low > high) continue;
    if (syscalls.size + high - low >= MAX_CALLS) {
      throw notExpressible(
        `the numbers ${low} to ${high} of ${abi.name} have another action than the rest, but a policy lists at most ${MAX_CALLS}`,
      );
    }
    for (let number = low; number <= high; number++) syscalls.set(number, partOf(run, number));
  }
  return Object.freeze({ abi, syscalls, enosysAbove });
}
