// The way back: from a program of any origin to the policy that it enforces, proven to be the same.
import { ConversionError } from '../../util/errors.js';
import { ABIS, syscallName, X32_BIT } from '../../kernel/abi.js';
import { actionName, isAction, type Action } from '../../kernel/action.js';
import {
  abisOf,
  ARCHITECTURES,
  nativeArchitecture,
  type AbiName,
  type Architecture,
} from '../../kernel/architectures.js';
import { oneOf, ownOptions } from '../../util/options.js';
import type { Policy } from '../../policy/policy.js';
import { abiPolicy, defaultOf, type AnsweredRun, type InterfaceTable } from '../../policy/interface-table.js';
import { makeTarget } from '../../policy/target.js';
import { programOf, type Layer } from '../layers.js';
import { WORD, type Program } from '../../bpf/program.js';
import { Bdd, levelOf, LEVELS, type Node } from '../meaning/bdd.js';
import { programMeaning } from '../meaning/meaning.js';
import { setOf } from '../meaning/sections.js';
import { Vectors } from '../meaning/vectors.js';
import { findDifference } from '../prove/verify.js';
import { markPolicy } from '../../policy/own-policy.js';
import { numberRuns, type NumberRun } from './number-runs.js';
import { RuleWriter } from './rules.js';

/** What a program does not say. */
export interface DecompileOptions {
  /** The machine that the program is for; the one it asks for unless given, or this one where it asks for both or none. */
  readonly arch?: Architecture;
}

/** Runs of numbers of one interface; Docker's default has some hundreds. */
const MAX_RUNS = 10_000;
const LAST = 0xffffffff;

/**
 * The policy that a program enforces, on the machine it is for: exactly the same answers to every call, which is proven
 * before it is returned. Rules never test an argument twice, and no two with different actions can match the same call,
 * so that every runtime agrees on what they mean.
 *
 * Throws ConversionError (`not-expressible`) for what no policy says (several answers to foreign architectures, the
 * instruction pointer, …), CompileError (`undecidable-program`) for a program that cannot be analysed, and as
 * `programOf` does for anything that is not a program.
 */
export function decompile(layer: Layer, options: DecompileOptions = {}): Policy {
  const { arch } = ownOptions(options, ['arch']);
  oneOf('arch', arch, ARCHITECTURES);
  const program = programOf(layer);
  const target = makeTarget({ arch: arch ?? architectureOf(program) });
  const bdd = new Bdd();
  const meaning = programMeaning(bdd, new Vectors(bdd), program);
  checkAnswers(bdd, meaning);
  const names = abisOf(target.arch);
  const badArch = foreignAnswer(bdd, meaning, names);
  const tables = interfacesOf(bdd, meaning, names, badArch);
  const defaultAction = skippedAnswer(bdd, meaning, tables) ?? defaultOf(tables);
  const abis = tables.map(table => {
    const writer = new RuleWriter(bdd, table.abi.width, defaultAction);
    return abiPolicy(table, defaultAction, ({ low, rest }) =>
      writer.write(rest, `${syscallName(table.abi.name, low) ?? `call ${low}`} of ${table.abi.name}`),
    );
  });
  const [native, ...others] = abis;
  if (native === undefined) throw new Error('the native interface is always there');
  const policy: Policy = {
    target,
    defaultAction,
    badArch,
    abis: [native, ...others] as const,
    flags: [],
    warnings: [],
  };
  const witness = findDifference(program, policy);
  if (witness === undefined) return markPolicy(Object.freeze(policy));
  throw new ConversionError(
    'not-expressible',
    `no policy treats call number ${witness.syscall} of architecture 0x${witness.arch.toString(16)} as this program does`,
    'Its numbers lie outside of those that an interface has',
  );
}

/** The architecture whose AUDIT_ARCH the program compares with. */
function architectureOf(program: Program): Architecture {
  const asked = ARCHITECTURES.filter(arch => program.some(({ k }) => k === ABIS[arch].audit));
  const [only, ...others] = asked;
  return only !== undefined && others.length === 0 ? only : nativeArchitecture();
}

/** Throws ConversionError for what no policy answers, and for answers that depend on what no policy looks at. */
function checkAnswers(bdd: Bdd, meaning: Node): void {
  if (bdd.rests(meaning, levelOf(WORD.ipHigh, 31)).some(rest => bdd.level(rest) < LEVELS)) {
    throw new ConversionError(
      'not-expressible',
      'the program looks at the instruction pointer, for which policies have no words',
    );
  }
  for (const answer of answersOf(bdd, meaning)) {
    if (isAction(answer)) continue;
    throw new ConversionError(
      'not-expressible',
      `the program returns ${actionName(answer)}, which is no action: kernels kill the process`,
    );
  }
}

/** Every answer that a function gives. */
const answersOf = (bdd: Bdd, part: Node): readonly Action[] =>
  bdd.rests(part).map(rest => bdd.valueOf(rest) ?? 0);

/** Stands for calls that are not asked about; it is no action. */
const LEFT_OUT = 0xffffffff;

/** What the program answers to every architecture but those of the target. */
function foreignAnswer(bdd: Bdd, meaning: Node, names: readonly AbiName[]): Action {
  const archs = names.map(name => ABIS[name].audit).sort((a, b) => a - b);
  const own = setOf(
    bdd,
    WORD.arch,
    archs.map(arch => [arch, arch]),
  );
  const foreign = bdd.ite(own, bdd.constant(LEFT_OUT), meaning);
  const [answer, second] = answersOf(bdd, foreign).filter(action => action !== LEFT_OUT);
  if (answer === undefined) throw new Error('unreachable: an architecture has a few interfaces');
  if (second === undefined) return answer;
  throw new ConversionError(
    'not-expressible',
    `the program answers both ${actionName(answer)} and ${actionName(second)} to foreign architectures, and a policy has one answer`,
    'It may be for another machine: name it with the option arch',
  );
}

/** Runs of numbers with what is left of the program for each. */
type RuleTable = InterfaceTable<AnsweredRun & NumberRun>;

/** The interfaces that the program covers: the native one, and each that does not get the bad-architecture action throughout. */
function interfacesOf(
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
      throw new ConversionError(
        'not-expressible',
        `the numbers of ${name} get other answers in more than ${MAX_RUNS} places, as where a program tests bits of the number`,
      );
    }
    const table = { abi, runs: runs.map(run => ({ ...run, answer: bdd.valueOf(run.rest) })) };
    return index === 0 || table.runs.some(({ answer }) => answer !== badArch) ? [table] : [];
  });
}

/**
 * The answer to the number -1 on x86_64 without x32, which a tracer sets to skip a call: of all numbers the one that
 * always gets the default action. Undefined where it tells nothing.
 */
function skippedAnswer(bdd: Bdd, meaning: Node, tables: readonly RuleTable[]): Action | undefined {
  if (tables[0]?.abi !== ABIS.x86_64 || tables.some(({ abi }) => abi === ABIS.x32)) return undefined;
  return bdd.valueOf(bdd.cofactor(bdd.cofactor(meaning, WORD.arch, ABIS.x86_64.audit), WORD.nr, LAST));
}
