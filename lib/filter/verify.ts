// The proof that a program means what its policy says: for every number and every argument, or with a call that shows otherwise.
import { CompileError, VerificationError, type Witness } from '../errors.js';
import { actionName, type Action } from '../policy/action.js';
import { checkPolicy } from '../policy/check.js';
import { evaluate } from '../policy/evaluate.js';
import type { Policy } from '../policy/policy.js';
import { auditArchs, runsOf } from '../policy/runs.js';
import { eventOf } from './call.js';
import { interpret, seccompData } from './interpret.js';
import { validate, WORD, type Program } from './program.js';
import {
  divide,
  narrowResidual,
  nextQuestion,
  residualKey,
  residualOf,
  residualWords,
  verdictOf,
  type Residual,
} from './residual.js';
import { EVERYTHING, narrow, sample, Walker, type Companion, type Region } from './symbolic.js';
import { FULL, interval, split } from './words.js';

/**
 * Proves that a program answers every call as `evaluate` does: all 2^32 numbers, every architecture, all
 * 64-bit arguments. The walk is symbolic and exact, so a program that passes differs nowhere.
 *
 * Throws ProgramError for what the kernel would not take; VerificationError with a call on which they differ (confirmed
 * by running both); CompileError (`undecidable-program`) for a program that computes with arguments in ways outside of masks and comparisons.
 * `remedy` is what the error tells the caller to do.
 */
export function verify(program: Program, policy: Policy, remedy = 'Do not load it'): void {
  const counterexample = findDifference(program, policy);
  if (counterexample === undefined) return;
  const expected = evaluate(policy, counterexample);
  const actual = interpret(program, seccompData(counterexample)).action;
  throw new VerificationError(
    `the program does not mean what the policy says: for ${describe(counterexample)} the policy answers ` +
      `${actionName(expected)} and the program ${actionName(actual)}`,
    remedy,
    counterexample,
    expected,
    actual,
  );
}

/**
 * A call that the program answers otherwise than the policy, or undefined when there is none.
 * Throws ProgramError and CompileError (`undecidable-program`) as `verify` does.
 */
export function findDifference(program: Program, policy: Policy): Witness | undefined {
  checkPolicy(policy);
  validate(program);
  const walker = new Walker(program);
  let found: Region | undefined;
  const hooks: Companion<Residual> = {
    narrow: narrowResidual,
    key: residualKey,
    words: residualWords,
    leaf: (residual, action, region) => {
      found ??= disagreement(residual, action, region);
      return found === undefined;
    },
  };
  for (const { region, residual } of classes(policy)) {
    walker.walk(region, residual, hooks);
    if (found !== undefined) return eventOf(sample(found));
  }
  return undefined;
}

/** Every call, in classes for which the policy has one set of rules. */
function* classes(policy: Policy): Generator<{ readonly region: Region; readonly residual: Residual }> {
  let foreign = FULL;
  for (const arch of auditArchs(policy)) {
    const { no } = split(foreign, { op: 'eq', mask: 0xffffffff, k: arch });
    if (no !== undefined) foreign = no;
    const native = narrow(EVERYTHING, WORD.arch, interval(arch, arch));
    for (const { low, high, part } of runsOf(policy, arch)) {
      yield { region: narrow(native, WORD.nr, interval(low, high)), residual: residualOf(part) };
    }
  }
  yield {
    region: narrow(EVERYTHING, WORD.arch, foreign),
    residual: residualOf({ rules: [], otherwise: policy.badArch }),
  };
}

/** Questions at one return before the proof is given up; real policies need a few. */
const QUESTION_BUDGET = 1_000_000;

/** Calls of the region for which the residual does not answer `action`, or undefined. */
function disagreement(residual: Residual, action: Action, region: Region): Region | undefined {
  const open = [{ residual, region }];
  let budget = QUESTION_BUDGET;
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (budget-- <= 0)
      throw new CompileError('undecidable-program', 'the rules need more questions than can be asked');
    const verdict = verdictOf(state.residual);
    if (verdict === action) continue;
    if (verdict !== undefined) return state.region;
    const question = nextQuestion(state.residual, state.region);
    if (question === undefined) throw new Error('an undecided residual has a question');
    open.push(...divide(state.residual, state.region, question.word, question.test));
  }
  return undefined;
}

const describe = ({ arch, syscall, args }: Witness): string =>
  `call ${syscall} of architecture 0x${arch.toString(16)} with arguments (${args.map(arg => `0x${arg.toString(16)}`).join(', ')})`;
