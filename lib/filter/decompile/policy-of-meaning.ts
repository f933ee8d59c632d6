// From a function of calls to the policy that says the same.
import { ConversionError } from '../../util/errors.js';
import { ABIS, syscallName, syscallsOf, X32_BIT, type Abi } from '../../kernel/abi.js';
import { actionKind, actionName, isAction, permits, type Action } from '../../kernel/action.js';
import { abisOf, type AbiName } from '../../kernel/architectures.js';
import { SCMP_ACT_ERRNO, SCMP_ACT_TRACE } from '../../kernel/constants.js';
import { ENOSYS } from '../../kernel/errno.js';
import type { AbiPolicy, Policy, SyscallPolicy } from '../../policy/policy.js';
import type { Target } from '../../policy/target.js';
import { WORD } from '../../bpf/program.js';
import { own } from '../../util/own.js';
import { levelOf, LEVELS, type Bdd, type Node } from '../meaning/bdd.js';
import { setOf } from '../meaning/sections.js';
import { numberRuns, type NumberRun } from './number-runs.js';
import { RuleWriter } from './rules.js';

/** Calls that one policy lists; the largest named number has six digits. */
const MAX_CALLS = 20_000;
/** Runs of numbers of one interface; Docker's default has some hundreds. */
const MAX_RUNS = 10_000;
const LAST = 0xffffffff;

const ENOSYS_ACTION = SCMP_ACT_ERRNO(ENOSYS);

/** What is known of the policy that a function of calls says. */
export interface KnownParts {
  /** The action of calls that it does not list; unless given, what most numbers get. */
  readonly defaultAction?: Action;
  /** Rules that say what is left of the function for a number; they are kept as they are then. */
  readonly written?: (abi: AbiName, number: number, rest: Node) => SyscallPolicy | undefined;
}

/**
 * The policy of a function of calls on a target. It is for the caller to prove that it says the same: there are functions of
 * numbers that no policy has. Throws ConversionError (`not-expressible`).
 */
export function policyOfMeaning(bdd: Bdd, meaning: Node, target: Target, known: KnownParts = {}): Policy {
  checkAnswers(bdd, meaning);
  const names = abisOf(target.arch);
  const badArch = foreignAnswer(bdd, meaning, names);
  const tables = interfacesOf(bdd, meaning, names, badArch);
  const defaultAction =
    own(known, 'defaultAction') ?? skippedAnswer(bdd, meaning, tables) ?? defaultOf(tables);
  const written = own(known, 'written') ?? ((): undefined => undefined);
  const abis = tables.map(table =>
    abiPolicy(table, defaultAction, new RuleWriter(bdd, table.abi.width, defaultAction), written),
  );
  const [native, ...others] = abis;
  if (native === undefined) throw new Error('the native interface is always there');
  return { target, defaultAction, badArch, abis: [native, ...others], flags: [], warnings: [] };
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

/** One interface with the runs of numbers that are its own, and the answer of each that has only one. */
interface RuleTable {
  readonly abi: Abi;
  readonly runs: readonly AnsweredRun[];
}

interface AnsweredRun extends NumberRun {
  readonly answer: Action | undefined;
}

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

/** Where numbers that get ENOSYS to the last one begin; undefined where the last one gets something else. */
function tailOf({ runs }: RuleTable): number | undefined {
  let start: number | undefined;
  for (const { low, answer } of runs.toReversed()) {
    if (answer !== ENOSYS_ACTION) break;
    start = low;
  }
  return start;
}

/**
 * The answer to the number -1 on x86_64 without x32, which a tracer sets to skip a call: of all numbers the one that
 * always gets the default action. Undefined where it tells nothing.
 */
function skippedAnswer(bdd: Bdd, meaning: Node, tables: readonly RuleTable[]): Action | undefined {
  if (tables[0]?.abi !== ABIS.x86_64 || tables.some(({ abi }) => abi === ABIS.x32)) return undefined;
  return bdd.valueOf(bdd.cofactor(bdd.cofactor(meaning, WORD.arch, ABIS.x86_64.audit), WORD.nr, LAST));
}

/**
 * The action that numbers without a name have in common, or else the one that most calls get.
 * Numbers beyond the last name do not count where they get ENOSYS: a rule of its own says so.
 */
function defaultOf(tables: readonly RuleTable[]): Action {
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

function abiPolicy(
  table: RuleTable,
  defaultAction: Action,
  writer: RuleWriter,
  written: NonNullable<KnownParts['written']>,
): AbiPolicy {
  const { abi, runs } = table;
  const tail = defaultAction === ENOSYS_ACTION ? undefined : tailOf(table);
  const enosysAbove = tail === undefined || tail <= abi.numberBit ? undefined : tail - 1;
  const syscalls = new Map<number, SyscallPolicy>();
  for (const { low, high, rest, answer } of runs) {
    if (answer === defaultAction || (enosysAbove !== undefined && low > enosysAbove)) continue;
    if (syscalls.size + high - low >= MAX_CALLS) {
      throw new ConversionError(
        'not-expressible',
        `the numbers ${low} to ${high} of ${abi.name} get another answer than the rest, and a policy lists ${MAX_CALLS} at most`,
      );
    }
    for (let number = low; number <= high; number++) {
      const where = `${syscallName(abi.name, number) ?? `call ${number}`} of ${abi.name}`;
      syscalls.set(number, written(abi.name, number, rest) ?? writer.write(rest, where));
    }
  }
  return Object.freeze({ abi, syscalls, enosysAbove });
}
