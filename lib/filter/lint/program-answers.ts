// What a program answers to the calls of each interface, found by walking it over all numbers at once.
import { ABIS, syscallsOf, X32_BIT, type AbiName } from '../../policy/abi.js';
import { permits, type Action } from '../../policy/action.js';
import type { Answer, Answers } from '../../policy/lint/answers.js';
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

/** A walk that tells every return apart by the words that `kept` has a bit for. */
const collecting = (kept: number, leaf: (action: Action, region: Region) => void): Companion<undefined> => ({
  narrow: companion => companion,
  key: () => '',
  words: () => kept,
  leaf: (_, action, region) => {
    leaf(action, region);
    return true;
  },
});

/** The returns that calls of a region reach, each with the numbers that reach it. */
function leavesOf(walker: Walker, region: Region): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const hooks = collecting(1 << WORD.nr, (action, reached) =>
    leaves.push({ numbers: reached[WORD.nr] ?? FULL, action: action >>> 0 }),
  );
  walker.walk(region, undefined, hooks);
  return leaves;
}

/** The AUDIT_ARCH values that the package knows. */
export const AUDITS: readonly number[] = [...new Set(Object.values(ABIS).map(({ audit }) => audit))];

/** What each known architecture is answered. Throws CompileError (`undecidable-program`). */
export function archAnswers(program: Program): readonly ArchAnswers[] {
  const walker = new Walker(program);
  return AUDITS.map(audit => ({
    audit,
    leaves: leavesOf(walker, narrow(EVERYTHING, WORD.arch, interval(audit, audit))),
  }));
}

/** Whether a call of an architecture that nobody knows may be made. */
export function permitsForeign(program: Program): boolean {
  let foreign: WordSet = FULL;
  for (const audit of AUDITS)
    foreign = split(foreign, { op: 'eq', mask: 0xffffffff, k: audit }).no ?? foreign;
  return leavesOf(new Walker(program), narrow(EVERYTHING, WORD.arch, foreign)).some(({ action }) =>
    permits(action),
  );
}

const has = (set: WordSet, number: number): boolean =>
  split(set, { op: 'eq', mask: 0xffffffff, k: number }).yes !== undefined;

const actionsOf = (leaves: readonly Leaf[], number: number): Answer['actions'] => {
  const actions = new Set(leaves.filter(({ numbers }) => has(numbers, number)).map(({ action }) => action));
  return [...actions] as [Action, ...Action[]];
};

/** The answers of one interface. */
export const interfaceAnswers = (abi: AbiName, leaves: readonly Leaf[]): Answers => ({
  abi,
  otherwise: actionsOf(leaves, UNNAMED + (ABIS[abi].numberBit === X32_BIT ? X32_BIT : 0))[0],
  calls: new Map(
    [...syscallsOf(abi)].map(([name, number]): [string, Answer] => [
      name,
      { actions: actionsOf(leaves, number) },
    ]),
  ),
});

/** The arguments of one call that, with something in their high halves, get it allowed. */
export function openedByGarbage(
  program: Program,
  abi: AbiName,
  number: number,
  args: readonly number[],
): readonly number[] {
  const { audit } = ABIS[abi];
  const region = narrow(
    narrow(EVERYTHING, WORD.arch, interval(audit, audit)),
    WORD.nr,
    interval(number, number),
  );
  const opened = new Set<number>();
  const kept = args.reduce((words, arg) => words | (1 << WORD.high(arg)), 0);
  const hooks = collecting(kept, (action, reached) => {
    if (!permits(action)) return;
    for (const arg of args) if (!has(reached[WORD.high(arg)] ?? FULL, 0)) opened.add(arg);
  });
  new Walker(program).walk(region, undefined, hooks);
  return [...opened];
}
