// The way back: from a program of any origin to the policy that it enforces, proven to be the same.
import { ConversionError } from '../../util/errors.js';
import { ABIS, syscallName, syscallsOf, X32_BIT, type Abi } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { actionKind, actionName, permits, type Action } from '../../kernel/action.js';
import { SCMP_ACT_ERRNO, SCMP_ACT_TRACE } from '../../kernel/constants.js';
import { ENOSYS } from '../../kernel/errno.js';
import { oneOf, ownOptions } from '../../util/options.js';
import type { AbiPolicy, Policy, Rule, SyscallPolicy } from '../../policy/policy.js';
import { makeTarget } from '../../policy/target.js';
import { abisOf, nativeArchitecture, type Architecture } from '../../kernel/architectures.js';
import { conditionsOf } from './conditions.js';
import { cover, coverBudget, type Path } from './cover.js';
import { constant, numberRuns, type NumberRun } from './paths.js';
import { programOf, type Layer } from '../layers.js';
import { WORD, type Program } from '../../bpf/program.js';
import { EVERYTHING, narrow, Walker, type Region } from '../prove/symbolic.js';
import { findDifference } from '../prove/verify.js';
import type { WorkBudget } from '../../util/work.js';
import { FULL, interval, split, type WordSet } from '../prove/words.js';
import { markPolicy } from '../../policy/own-policy.js';

/** What a program does not say. */
export interface DecompileOptions {
  /** The machine that the program is for; the one it asks for unless given, or this one where it asks for both or none. */
  readonly arch?: Architecture;
}

/** Calls that one policy lists; the largest named number has six digits. */
const MAX_CALLS = 20_000;
/** Rules of one call. */
const MAX_RULES = 256;

const ENOSYS_ACTION = SCMP_ACT_ERRNO(ENOSYS);

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
  oneOf('arch', arch, ['x86_64', 'aarch64']);
  const program = programOf(layer);
  const target = makeTarget({ arch: arch ?? architectureOf(program) });
  const walker = new Walker(program);
  const names = abisOf(target.arch);
  const badArch = foreignAnswer(walker, names);
  const tables = interfacesOf(walker, names, badArch);
  const defaultAction = skippedAnswer(walker, tables) ?? defaultOf(tables);
  const budget = coverBudget();
  const abis = tables.map(table => abiPolicy(table, defaultAction, budget));
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
  const asked = (['x86_64', 'aarch64'] as const).filter(arch =>
    program.some(({ k }) => k === ABIS[arch].audit),
  );
  const [only, ...others] = asked;
  return only !== undefined && others.length === 0 ? only : nativeArchitecture();
}

/** What the program answers to every architecture but those of the target. */
function foreignAnswer(walker: Walker, names: readonly AbiName[]): Action {
  let foreign: WordSet = FULL;
  for (const name of names)
    foreign = split(foreign, { op: 'eq', mask: 0xffffffff, k: ABIS[name].audit }).no ?? foreign;
  const actions = answers(walker, narrow(EVERYTHING, WORD.arch, foreign));
  const [answer, second] = actions;
  if (answer === undefined) throw new Error('every walk reaches a return');
  if (second === undefined) return answer;
  throw new ConversionError(
    'not-expressible',
    `the program answers both ${actionName(answer)} and ${actionName(second)} to foreign architectures, and a policy has one answer`,
    'It may be for another machine: name it with the option arch',
  );
}

/** Two of the actions that the program answers to calls of a region, or the only one. */
function answers(walker: Walker, region: Region): ReadonlySet<Action> {
  const actions = new Set<Action>();
  walker.walk(region, undefined, {
    narrow: () => undefined,
    key: () => '',
    words: () => 0,
    leaf: (_, action) => {
      actions.add(action);
      return actions.size < 2;
    },
  });
  return actions;
}

/** One interface with the runs of numbers that are its own. */
interface RuleTable {
  readonly abi: Abi;
  readonly runs: readonly NumberRun[];
}

/** The interfaces that the program covers: the native one, and each that does not get the bad-architecture action throughout. */
function interfacesOf(walker: Walker, names: readonly AbiName[], badArch: Action): readonly RuleTable[] {
  const byArch = new Map<number, readonly NumberRun[]>();
  return names.flatMap(name => {
    const abi = ABIS[name];
    const all = byArch.get(abi.audit) ?? numberRuns(walker, abi.audit);
    byArch.set(abi.audit, all);
    const runs = abi.audit === ABIS.x86_64.audit ? all.filter(({ low }) => ownQuarter(low, abi)) : all;
    const covered = abi === ABIS[names[0] ?? name] || runs.some(({ paths }) => constant(paths) !== badArch);
    return covered ? [{ abi, runs }] : [];
  });
}

/** Whether numbers of that quarter are the interface's: x86_64 and x32 share an AUDIT_ARCH and differ in bit 30. */
const ownQuarter = (number: number, { numberBit }: Abi): boolean =>
  number < 2 * X32_BIT && (number & X32_BIT) === numberBit;

/** Where numbers that get ENOSYS to the last one begin; undefined where the last one gets something else. */
function tailOf({ runs }: RuleTable): number | undefined {
  let start: number | undefined;
  for (const { low, paths } of [...runs].reverse()) {
    if (constant(paths) !== ENOSYS_ACTION) break;
    start = low;
  }
  return start;
}

/**
 * The answer to the number -1 on x86_64 without x32, which a tracer sets to skip a call: of all numbers the one that
 * always gets the default action. Undefined where it tells nothing.
 */
function skippedAnswer(walker: Walker, tables: readonly RuleTable[]): Action | undefined {
  if (tables[0]?.abi !== ABIS.x86_64 || tables.some(({ abi }) => abi === ABIS.x32)) return undefined;
  const native = narrow(EVERYTHING, WORD.arch, interval(ABIS.x86_64.audit, ABIS.x86_64.audit));
  const [action, ...others] = answers(walker, narrow(native, WORD.nr, interval(0xffffffff, 0xffffffff)));
  return others.length === 0 ? action : undefined;
}

/**
 * The action that numbers without a name have in common, or else the one that most calls get.
 * Numbers beyond the last name do not count where they get ENOSYS: a rule of its own says so.
 */
function defaultOf(tables: readonly RuleTable[]): Action {
  const votes = new Map<Action, { nameless: number; named: number }>();
  for (const table of tables) {
    const tail = tailOf(table) ?? Infinity;
    for (const { low, high, paths } of table.runs) {
      const action = constant(paths);
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

function abiPolicy(table: RuleTable, defaultAction: Action, budget: WorkBudget): AbiPolicy {
  const { abi, runs } = table;
  const tail = defaultAction === ENOSYS_ACTION ? undefined : tailOf(table);
  const enosysAbove = tail === undefined || tail <= abi.numberBit ? undefined : tail - 1;
  const syscalls = new Map<number, SyscallPolicy>();
  for (const { low, high, paths } of runs) {
    if (constant(paths) === defaultAction || (enosysAbove !== undefined && low > enosysAbove)) continue;
    if (syscalls.size + high - low >= MAX_CALLS) {
      throw new ConversionError(
        'not-expressible',
        `the numbers ${low} to ${high} of ${abi.name} get another answer than the rest, and a policy lists ${MAX_CALLS} at most`,
      );
    }
    const part = callPolicy(paths, defaultAction, budget, abi, low);
    for (let number = low; number <= high; number++) syscalls.set(number, part);
  }
  return Object.freeze({ abi, syscalls, enosysAbove });
}

function callPolicy(
  paths: readonly Path[],
  defaultAction: Action,
  budget: WorkBudget,
  abi: Abi,
  number: number,
): SyscallPolicy {
  const only = constant(paths);
  if (only !== undefined) return Object.freeze({ rules: Object.freeze([]), otherwise: only });
  const where = `${syscallName(abi.name, number) ?? `call ${number}`} of ${abi.name}`;
  const actions = new Set(paths.map(({ action }) => action).filter(action => action !== defaultAction));
  const rules = [...actions].flatMap(action =>
    cover(paths, action, budget).flatMap(box => {
      let conjunctions: readonly Rule['conditions'][] = [[]];
      for (const [arg, set] of box.entries()) {
        const conditions = conditionsOf(set, arg, abi.width, where);
        if (conditions === undefined) continue;
        conjunctions = conjunctions.flatMap(all => conditions.map(condition => [...all, condition]));
        if (conjunctions.length > MAX_RULES) {
          throw new ConversionError(
            'not-expressible',
            `${where} depends on its arguments in a way that takes more than ${MAX_RULES} rules to say`,
          );
        }
      }
      return conjunctions.map((conditions): Rule => ({ conditions, action }));
    }),
  );
  return Object.freeze({ rules: Object.freeze(rules), otherwise: defaultAction });
}
