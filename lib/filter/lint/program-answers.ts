// What a program answers to the calls of each interface, found by walking it over all numbers at once.
import { ABIS, syscallsOf, type AbiName } from '../../policy/abi.js';
import { permits, type Action } from '../../policy/action.js';
import { isAbsent, type Answer, type Answers } from '../../policy/lint/answers.js';
import { WORD } from '../program.js';
import { EVERYTHING, narrow, type Region, type Walker } from '../symbolic.js';
import type { WorkBudget } from '../../work.js';
import { FULL, interval, split, type WordSet } from '../words.js';

/** A return that some calls reach: the numbers and the architectures they may have. */
interface Leaf {
  readonly numbers: WordSet;
  readonly action: Action;
}

/** The actions for one value of `seccomp_data.arch`. */
export interface ArchAnswers {
  readonly audit: number;
  readonly leaves: readonly Leaf[];
}

/** Numbers that no interface has: what they get is what nobody has named. */
const UNNAMED = 0x00ff_fff0;

/** Every return that calls of a region reach; those that differ in the words that `kept` has a bit for are told apart. */
function walk(
  walker: Walker,
  region: Region,
  kept: number,
  leaf: (action: Action, reached: Region) => void,
): void {
  walker.walk(region, undefined, {
    narrow: () => undefined,
    key: () => '',
    words: () => kept,
    leaf: (_, action, reached) => {
      leaf(action >>> 0, reached);
      return true;
    },
  });
}

/** The returns that calls of a region reach, each with the numbers that reach it. */
function leavesOf(walker: Walker, region: Region): readonly Leaf[] {
  const leaves: Leaf[] = [];
  walk(walker, region, 1 << WORD.nr, (action, reached) =>
    leaves.push({ numbers: reached[WORD.nr] ?? FULL, action }),
  );
  return leaves;
}

/** The AUDIT_ARCH values that the package knows. */
export const AUDITS: readonly number[] = [...new Set(Object.values(ABIS).map(({ audit }) => audit))];

/** What each known architecture is answered. Throws CompileError (`undecidable-program`). */
export const archAnswers = (walker: Walker): readonly ArchAnswers[] =>
  AUDITS.map(audit => ({
    audit,
    leaves: leavesOf(walker, narrow(EVERYTHING, WORD.arch, interval(audit, audit))),
  }));

/** Whether a call of an architecture that nobody knows may be made. */
export function permitsForeign(walker: Walker): boolean {
  let foreign: WordSet = FULL;
  for (const audit of AUDITS)
    foreign = split(foreign, { op: 'eq', mask: 0xffffffff, k: audit }).no ?? foreign;
  return leavesOf(walker, narrow(EVERYTHING, WORD.arch, foreign)).some(({ action }) => permits(action));
}

const has = (set: WordSet, number: number, work: WorkBudget): boolean =>
  split(set, { op: 'eq', mask: 0xffffffff, k: number }, work).yes !== undefined;

const actionsOf = (leaves: readonly Leaf[], number: number, work: WorkBudget): Answer['actions'] => {
  const actions = new Set(
    leaves.filter(({ numbers }) => has(numbers, number, work)).map(({ action }) => action),
  );
  return [...actions] as [Action, ...Action[]];
};

/** The answers of one interface. */
export function interfaceAnswers(abi: AbiName, leaves: readonly Leaf[], work: WorkBudget): Answers {
  const calls = new Map(
    [...syscallsOf(abi)].map(([name, number]): [string, Answer] => [
      name,
      { actions: actionsOf(leaves, number, work) },
    ]),
  );
  const [unnamed] = actionsOf(leaves, UNNAMED + ABIS[abi].numberBit, work);
  return { abi, calls, otherwise: permits(unnamed) ? unnamed : (usualRefusal(calls) ?? unnamed) };
}

/** What most refused calls get. ENOSYS does not count: it is for calls that are newer than the profile. */
function usualRefusal(calls: ReadonlyMap<string, Answer>): Action | undefined {
  const counts = new Map<Action, number>();
  for (const answer of calls.values()) {
    const [action] = answer.actions;
    if (answer.actions.length === 1 && !permits(action) && !isAbsent(answer))
      counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** The arguments of one call that, with something in their high halves, get it allowed. */
export function openedByGarbage(
  walker: Walker,
  abi: AbiName,
  number: number,
  args: readonly number[],
): readonly number[] {
  const { audit } = ABIS[abi];
  const native = narrow(EVERYTHING, WORD.arch, interval(audit, audit));
  const kept = args.reduce((words, arg) => words | (1 << WORD.high(arg)), 0);
  const opened = new Set<number>();
  walk(walker, narrow(native, WORD.nr, interval(number, number)), kept, (action, reached) => {
    if (!permits(action)) return;
    for (const arg of args) if (!has(reached[WORD.high(arg)] ?? FULL, 0, walker.work)) opened.add(arg);
  });
  return [...opened];
}
