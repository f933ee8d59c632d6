// From what the numbers of ABIs get, run by run, to the default action of a policy and the calls that it lists.

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

/** One ABI with the runs of numbers that are its own, ascending. */
export interface AbiTable<Run extends AnsweredRun = AnsweredRun> {
  readonly abi: Abi;
  readonly runs: readonly Run[];
}

/** The numbers of an ABI, from the first to the second: x86_64 and x32 share an architecture. */
export const ownNumbers = ({ audit, numberBit }: Abi): readonly [low: number, high: number] =>
  audit === ABIS.x86_64.audit ? [numberBit, numberBit + X32_BIT - 1] : [0, 0xffffffff];

/** Calls that one policy lists; the largest named number has six digits. */
export const MAX_CALLS = 20_000;
const ENOSYS_ACTION = SCMP_ACT_ERRNO(ENOSYS);

/** Where numbers that get ENOSYS to the last one begin; undefined if the last one gets something else. */
function tailOf({ runs }: AbiTable): number | undefined {
  let start: number | undefined;
  for (const { low, answer } of runs.toReversed()) {
    if (answer !== ENOSYS_ACTION) break;
    start = low;
  }
  return start;
}

/**
 * The action of all numbers without a name, or else the most frequent one. Numbers beyond the last name do not count
 * if they get ENOSYS: a separate rule covers them.
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
  // Where every number has a name the choice is free, and profiles have the rule for newer calls only where these are denied.
  const free = first[1].nameless === 0 && tables.some(table => tailOf(table) !== undefined);
  return (free ? ranked.find(([action]) => deniesNewCalls(action)) : first)?.[0] ?? ENOSYS_ACTION;
}

/** Whether the default is one under which calls newer than a profile get ENOSYS, as runc has it. */
const deniesNewCalls = (action: Action): boolean =>
  !permits(action) && actionKind(action) !== SCMP_ACT_TRACE(0);

function namesWithin({ name }: Abi, low: number, high: number): number {
  let count = 0;
  for (const number of syscallsOf(name).values()) if (number >= low && number <= high) count++;
  return count;
}

/**
 * The calls of an ABI that do not get the default action, `partOf` giving the part for each number of a run.
 * Throws ConversionError (`not-expressible`) for more calls than a policy lists.
 */
export function abiPolicy<Run extends AnsweredRun>(
  table: AbiTable<Run>,
  defaultAction: Action,
  partOf: (run: Run, number: number) => SyscallPolicy,
): AbiPolicy {
  const { abi, runs } = table;
  const tail = defaultAction === ENOSYS_ACTION ? undefined : tailOf(table);
  // The first number of an ABI that gets nothing else is listed: the rule begins above a number of its own.
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
