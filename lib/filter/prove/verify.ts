// Proves that a program implements its policy for every number and every argument, or finds a counterexample.
import { CompileError, VerificationError, type Witness } from '../../util/errors.js';
import { actionName, type Action } from '../../kernel/action.js';
import { checkedPolicy } from '../../policy/check.js';
import { evaluate } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { isConstant, runTable, type NumberRun, type RunTable } from '../../policy/runs.js';
import { eventOf } from '../../bpf/call.js';
import { interpret, seccompData } from '../../bpf/interpret.js';
import { validate, WORD, type Program, ownProgram } from '../../bpf/program.js';
import {
  divide,
  EVERY_WORD,
  narrowResidual,
  nextQuestion,
  ResidualKeys,
  residualOf,
  residualWords,
  verdictOf,
  type Residual,
} from './remaining-rules.js';
import { EVERYTHING, narrow, sample, Walker, type Companion, type Region } from './symbolic.js';
import type { WorkBudget } from '../../util/work.js';
import { differenceByDiagrams } from '../meaning/policy-meaning.js';
import { FULL, intersection, interval, split } from './words.js';

/**
 * Proves that a program has the same action as `evaluate` for every call: all 2^32 numbers, every architecture, all
 * 64-bit arguments. The proof is symbolic and exact.
 *
 * Throws ProgramError for a program that the kernel would reject; VerificationError with a call for which they differ
 * (confirmed by running both); CompileError (`undecidable-program`) for a program that multiplies, divides or shifts by
 * the data of a call, or whose proof exceeds the bounds in docs/verification.md.
 * `remedy` is the remedy of the VerificationError.
 */
export function verify(program: Program, policy: Policy, remedy = 'Do not load the program'): void {
  const checked = checkedPolicy(policy);
  prove(ownProgram(program), checked, runTable(checked), remedy);
}

/** As `verify`, for a well-formed policy and its runs. */
export function prove(program: Program, policy: Policy, runs: RunTable, remedy: string): void {
  const counterexample = difference(program, policy, runs);
  if (counterexample === undefined) return;
  const expected = evaluate(policy, counterexample);
  const actual = interpret(program, seccompData(counterexample)).action;
  throw new VerificationError(
    `the program differs from the policy: for ${describe(counterexample)} the policy has ` +
      `${actionName(expected)} and the program ${actionName(actual)}`,
    remedy,
    counterexample,
    expected,
    actual,
  );
}

/**
 * Returns a call for which the program and the policy have different actions, or undefined if there is none.
 * Throws ProgramError and CompileError (`undecidable-program`) as `verify` does.
 */
export function findDifference(program: Program, policy: Policy): Witness | undefined {
  const checked = checkedPolicy(policy);
  return difference(ownProgram(program), checked, runTable(checked));
}

/** The policy in a region: the possible runs while its numbers have several outcomes, then one call's rules. */
type Meaning =
  | { readonly kind: 'runs'; readonly runs: readonly NumberRun[]; readonly from: number; readonly to: number }
  | { readonly kind: 'call'; readonly residual: Residual };

/**
 * Uses two methods. The walk is cheaper for compiled programs. If it exceeds its limit, decision diagrams, which merge
 * all paths to an instruction into one set of calls, decide within their own limit.
 */
function difference(program: Program, policy: Policy, table: RunTable): Witness | undefined {
  validate(program);
  try {
    return walked(new Walker(program), policy, table);
  } catch (error) {
    if (!isUndecidable(error)) throw error;
  }
  return differenceByDiagrams(program, policy, table);
}

const isUndecidable = (error: unknown): boolean =>
  error instanceof CompileError && error.code === 'undecidable-program';

/** As `difference`, but only with the walk. Throws CompileError (`undecidable-program`). */
export function walked(walker: Walker, policy: Policy, table: RunTable): Witness | undefined {
  const { work } = walker;
  const keys = new ResidualKeys(work);
  let found: Region | undefined;
  const hooks: Companion<Meaning> = {
    narrow: (meaning, word, region) => {
      if (meaning.kind === 'runs') return word === WORD.nr ? narrowRuns(meaning, region, work) : meaning;
      const residual = narrowResidual(meaning.residual, word, region, work);
      return residual === meaning.residual ? meaning : { kind: 'call', residual };
    },
    // The possible runs follow from the number, which is among the words.
    key: meaning => (meaning.kind === 'runs' ? '' : keys.of(meaning.residual)),
    words: meaning => (meaning.kind === 'runs' ? EVERY_WORD : residualWords(meaning.residual)),
    leaf: (meaning, action, region) => {
      found ??=
        meaning.kind === 'call'
          ? disagreement(meaning.residual, action, region, work)
          : disagreementOfRuns(meaning, action, region, work);
      return found === undefined;
    },
  };
  for (const { region, meaning } of archs(policy, table, work)) {
    walker.walk(region, meaning, hooks);
    if (found !== undefined) return eventOf(sample(found));
  }
  return undefined;
}

/** All calls: a region for each architecture of the policy, and one for all others. */
function* archs(
  policy: Policy,
  table: RunTable,
  work: WorkBudget,
): Generator<{ readonly region: Region; readonly meaning: Meaning }> {
  let foreign = FULL;
  for (const [arch, runs] of table) {
    const { no } = split(foreign, { op: 'eq', mask: 0xffffffff, k: arch });
    if (no !== undefined) foreign = no;
    const region = narrow(EVERYTHING, WORD.arch, interval(arch, arch));
    yield { region, meaning: narrowRuns({ kind: 'runs', runs, from: 0, to: runs.length - 1 }, region, work) };
  }
  const residual = residualOf({ rules: [], otherwise: policy.badArch }, EVERYTHING);
  yield { region: narrow(EVERYTHING, WORD.arch, foreign), meaning: { kind: 'call', residual } };
}

/**
 * Drops runs before the first number of a region and after the last one. If one run remains, returns its call's rules.
 */
function narrowRuns(
  { runs, from, to }: Extract<Meaning, { kind: 'runs' }>,
  region: Region,
  work: WorkBudget,
): Meaning {
  const { ranges } = region[WORD.nr] ?? FULL;
  const low = ranges[0] ?? 0;
  const high = ranges[ranges.length - 1] ?? 0;
  const first = runWith(low, runs, from, to);
  const last = runWith(high, runs, first, to);
  if (first < last) return { kind: 'runs', runs, from: first, to: last };
  return { kind: 'call', residual: residualOf((runs[first] as NumberRun).part, region, work) };
}

/** The index of the run that contains a number, searched between two indices, inclusive. */
function runWith(number: number, runs: readonly NumberRun[], first: number, last: number): number {
  while (first < last) {
    const middle = (first + last) >>> 1;
    if ((runs[middle] as NumberRun).high < number) first = middle + 1;
    else last = middle;
  }
  return first;
}

/** As `disagreement`, for a region whose numbers have several outcomes. */
function disagreementOfRuns(
  { runs, from, to }: Extract<Meaning, { kind: 'runs' }>,
  action: Action,
  region: Region,
  work: WorkBudget,
): Region | undefined {
  for (const { low, high, part } of runs.slice(from, to + 1)) {
    work.spend(1);
    if (isConstant(part) && part.otherwise === action) continue;
    const numbers = intersection(region[WORD.nr] ?? FULL, interval(low, high));
    if (numbers === undefined) continue;
    const here = narrow(region, WORD.nr, numbers);
    const different = disagreement(residualOf(part, here, work), action, here, work);
    if (different !== undefined) return different;
  }
  return undefined;
}

/** Calls of the region for which the policy does not have this action; undefined if there are none. */
function disagreement(
  residual: Residual,
  action: Action,
  region: Region,
  work: WorkBudget,
): Region | undefined {
  const open = [{ residual, region }];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    work.spend(1 + state.residual.size);
    const verdict = verdictOf(state.residual);
    if (verdict === action) continue;
    if (verdict !== undefined) return state.region;
    const question = nextQuestion(state.residual, state.region, work);
    if (question === undefined) throw new Error('unreachable: an undecided rule has a test');
    open.push(...divide(state.residual, state.region, question.word, question.test, work));
  }
  return undefined;
}

const describe = ({ arch, syscall, args }: Witness): string =>
  `call ${syscall} of architecture 0x${arch.toString(16)} with arguments (${args.map(arg => `0x${arg.toString(16)}`).join(', ')})`;
