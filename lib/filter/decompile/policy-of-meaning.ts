// Converts a function of calls to a policy with the same actions.

import { ABIS, syscallName, X32_BIT } from '../../kernel/abi.js';
import { actionName, isAction, type Action } from '../../kernel/action.js';
import { abisOf, type AbiName } from '../../kernel/architectures.js';
import { abiPolicy, defaultOf, type AnsweredRun, type AbiTable } from '../../policy/abi-table.js';
import { nativeFirst, type Policy, type SyscallPolicy } from '../../policy/policy.js';
import type { Target } from '../../policy/target.js';
import { WORD } from '../../bpf/program.js';
import { own } from '../../util/own.js';
import { levelOf, LEVELS, type Bdd, type Node } from '../meaning/bdd.js';
import { setOf } from '../meaning/sections.js';
import { numberRuns, type NumberRun } from './number-runs.js';
import { RuleWriter } from './rules.js';
import { notExpressible } from '../../util/failures.js';

/** The maximum number of runs of one ABI; Docker's default has a few hundred. */
const MAX_RUNS = 10_000;
const LAST = 0xffffffff;

/** Known facts about the policy for a function of calls. */
export interface KnownParts {
  /** The action for calls that the policy does not list. Default: the action of most numbers. */
  readonly defaultAction?: Action;
  /** Returns rules with the remaining function for a number, to keep instead of new ones. */
  readonly written?: (abi: AbiName, number: number, rest: Node) => SyscallPolicy | undefined;
}

/**
 * The policy for a function of calls on a target. The caller must prove that it is equal: there are functions of
 * numbers that no policy can express. Throws ConversionError (`not-expressible`).
 */
export function policyOfMeaning(bdd: Bdd, meaning: Node, target: Target, known: KnownParts = {}): Policy {
  checkAnswers(bdd, meaning);
  const names = abisOf(target.arch);
  const badArch = foreignAnswer(bdd, meaning, names);
  const tables = coveredTables(bdd, meaning, names, badArch);
  const defaultAction =
    own(known, 'defaultAction') ?? skippedAnswer(bdd, meaning, tables) ?? defaultOf(tables);
  const written = own(known, 'written') ?? ((): undefined => undefined);
  const abis = tables.map(table => {
    const { name, width } = table.abi;
    const writer = new RuleWriter(bdd, width, defaultAction);
    return abiPolicy(table, defaultAction, ({ low, rest }, number) => {
      const where = `${syscallName(name, low) ?? `call ${low}`} of ${name}`;
      return written(name, number, rest) ?? writer.write(rest, where);
    });
  });
  return { target, defaultAction, badArch, abis: nativeFirst(abis), flags: [], warnings: [] };
}

/**
 * Throws ConversionError for actions that no policy has, and for actions that depend on data that no policy compares.
 */
function checkAnswers(bdd: Bdd, meaning: Node): void {
  if (bdd.rests(meaning, levelOf(WORD.ipHigh, 31)).some(rest => bdd.level(rest) < LEVELS)) {
    throw notExpressible('the program tests the instruction pointer, which policies cannot express');
  }
  for (const answer of answersOf(bdd, meaning)) {
    if (isAction(answer)) continue;
    throw notExpressible(
      `the program returns ${actionName(answer)}, which is not an action: the kernel kills the process`,
    );
  }
}

/** All actions of a function. */
const answersOf = (bdd: Bdd, part: Node): readonly Action[] =>
  bdd.rests(part).map(rest => bdd.valueOf(rest) ?? 0);

/** Stands for excluded calls; it is not an action. */
const LEFT_OUT = 0xffffffff;

/** The action of the program for all architectures except those of the target. */
function foreignAnswer(bdd: Bdd, meaning: Node, names: readonly AbiName[]): Action {
  const archs = names.map(name => ABIS[name].audit).sort((a, b) => a - b);
  const own = setOf(
    bdd,
    WORD.arch,
    archs.map(arch => [arch, arch]),
  );
  const foreign = bdd.ite(own, bdd.constant(LEFT_OUT), meaning);
  const [answer, second] = answersOf(bdd, foreign).filter(action => action !== LEFT_OUT);
  if (answer === undefined) throw new Error('unreachable: an architecture has a few ABIs');
  if (second === undefined) return answer;
  throw notExpressible(
    `the program has both ${actionName(answer)} and ${actionName(second)} for other architectures, but a policy has only one action for them`,
    'The program may be for another machine: pass the option arch',
  );
}

/** Runs of numbers with the remaining function of each. */
type RuleTable = AbiTable<AnsweredRun & NumberRun>;

/**
 * The ABIs that the program covers: the native one, and each that has another action than the one for other architectures.
 */
function coveredTables(
  bdd: Bdd,
  meaning: Node,
  names: readonly AbiName[],
  badArch: Action,
): readonly RuleTable[] {
  return names.flatMap((name, index) => {
    const abi = ABIS[name];
    const section = bdd.cofactor(meaning, WORD.arch, abi.audit);
    // x86_64 and x32 share an AUDIT_ARCH and differ in bit 30.
    const high = abi.audit === ABIS.x86_64.audit ? abi.numberBit + X32_BIT - 1 : LAST;
    const runs = numberRuns(bdd, section, abi.numberBit, high, MAX_RUNS);
    if (runs === undefined) {
      throw notExpressible(
        `the numbers of ${name} have different actions in more than ${MAX_RUNS} ranges, perhaps because the program tests bits of the number`,
      );
    }
    const table = { abi, runs: runs.map(run => ({ ...run, answer: bdd.valueOf(run.rest) })) };
    return index === 0 || table.runs.some(({ answer }) => answer !== badArch) ? [table] : [];
  });
}

/**
 * The action for the number -1 on x86_64 without x32, with which a tracer skips a call: the one number that always has
 * the default action. Undefined if it depends on arguments.
 */
function skippedAnswer(bdd: Bdd, meaning: Node, tables: readonly RuleTable[]): Action | undefined {
  if (tables[0]?.abi !== ABIS.x86_64 || tables.some(({ abi }) => abi === ABIS.x32)) return undefined;
  return bdd.valueOf(bdd.cofactor(bdd.cofactor(meaning, WORD.arch, ABIS.x86_64.audit), WORD.nr, LAST));
}
