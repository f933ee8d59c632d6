// What a program answers to the calls of each interface, found by walking it over all numbers at once.
import { CompileError } from '../../errors.js';
import { ABIS, syscallsOf, type AbiName } from '../../policy/abi.js';
import { permits, type Action } from '../../policy/action.js';
import { isAbsent, type Answer, type Answers } from '../../policy/lint/answers.js';
import { WORD, type Program } from '../program.js';
import { EVERYTHING, narrow, Walker, type Companion, type Region } from '../symbolic.js';
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

/** Joins and returns that all walks over one program may pass, so that a hostile one takes no hours. Real ones need some thousands. */
const MAX_STATES = 250_000;

/** Walks one program, several times, within one budget. */
export class BoundedWalker {
  readonly #walker: Walker;
  #states = 0;

  constructor(program: Program) {
    this.#walker = new Walker(program);
  }

  /** Every return that calls of a region reach; those that differ in the words that `kept` has a bit for are told apart. */
  walk(region: Region, kept: number, leaf: (action: Action, reached: Region) => void): void {
    const count = (): void => {
      if (++this.#states > MAX_STATES)
        throw new CompileError('undecidable-program', 'the program has more paths than can be walked');
    };
    const hooks: Companion<undefined> = {
      narrow: companion => companion,
      key: () => {
        count();
        return '';
      },
      words: () => kept,
      leaf: (_, action, reached) => {
        count();
        leaf(action >>> 0, reached);
        return true;
      },
    };
    this.#walker.walk(region, undefined, hooks);
  }
}

/** The returns that calls of a region reach, each with the numbers that reach it. */
function leavesOf(walker: BoundedWalker, region: Region): readonly Leaf[] {
  const leaves: Leaf[] = [];
  walker.walk(region, 1 << WORD.nr, (action, reached) =>
    leaves.push({ numbers: reached[WORD.nr] ?? FULL, action }),
  );
  return leaves;
}

/** The AUDIT_ARCH values that the package knows. */
export const AUDITS: readonly number[] = [...new Set(Object.values(ABIS).map(({ audit }) => audit))];

/** What each known architecture is answered. Throws CompileError (`undecidable-program`). */
export const archAnswers = (walker: BoundedWalker): readonly ArchAnswers[] =>
  AUDITS.map(audit => ({
    audit,
    leaves: leavesOf(walker, narrow(EVERYTHING, WORD.arch, interval(audit, audit))),
  }));

/** Whether a call of an architecture that nobody knows may be made. */
export function permitsForeign(walker: BoundedWalker): boolean {
  let foreign: WordSet = FULL;
  for (const audit of AUDITS)
    foreign = split(foreign, { op: 'eq', mask: 0xffffffff, k: audit }).no ?? foreign;
  return leavesOf(walker, narrow(EVERYTHING, WORD.arch, foreign)).some(({ action }) => permits(action));
}

const has = (set: WordSet, number: number): boolean =>
  split(set, { op: 'eq', mask: 0xffffffff, k: number }).yes !== undefined;

const actionsOf = (leaves: readonly Leaf[], number: number): Answer['actions'] => {
  const actions = new Set(leaves.filter(({ numbers }) => has(numbers, number)).map(({ action }) => action));
  return [...actions] as [Action, ...Action[]];
};

/** The answers of one interface. */
export function interfaceAnswers(abi: AbiName, leaves: readonly Leaf[]): Answers {
  const calls = new Map(
    [...syscallsOf(abi)].map(([name, number]): [string, Answer] => [
      name,
      { actions: actionsOf(leaves, number) },
    ]),
  );
  const [unnamed] = actionsOf(leaves, UNNAMED + ABIS[abi].numberBit);
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
  walker: BoundedWalker,
  abi: AbiName,
  number: number,
  args: readonly number[],
): readonly number[] {
  const { audit } = ABIS[abi];
  const native = narrow(EVERYTHING, WORD.arch, interval(audit, audit));
  const kept = args.reduce((words, arg) => words | (1 << WORD.high(arg)), 0);
  const opened = new Set<number>();
  walker.walk(narrow(native, WORD.nr, interval(number, number)), kept, (action, reached) => {
    if (!permits(action)) return;
    for (const arg of args) if (!has(reached[WORD.high(arg)] ?? FULL, 0)) opened.add(arg);
  });
  return [...opened];
}
