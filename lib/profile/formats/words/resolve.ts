// Resolves a policy in words for one machine.
import { ABIS, callNumber, syscallsOf, type Abi } from '../../../kernel/abi.js';
import { abisOf, type AbiName } from '../../../kernel/architectures.js';
import type { Action } from '../../../kernel/action.js';
import { parameterOf } from '../../../kernel/arguments/signatures.js';
import { SCMP_ACT_ERRNO, SCMP_ACT_KILL_THREAD } from '../../../kernel/constants.js';
import { ENOSYS } from '../../../kernel/errno.js';
import {
  abiPolicy,
  defaultOf,
  ownNumbers,
  type AnsweredRun,
  type AbiTable,
} from '../../../policy/abi-table.js';
import { nativeFirst, type Policy, type SyscallPolicy } from '../../../policy/policy.js';
import { runsOf } from '../../../policy/runs.js';
import type { Location } from '../../../util/errors.js';
import { own } from '../../../util/own.js';
import { quote } from '../../../util/suggest.js';
import type { WorkBudget } from '../../../util/work.js';
import { place } from '../../findings.js';
import type { WrittenContext } from '../../profile.js';
import { isGroupName } from '../../../kernel/calls/call-groups.js';
import { callsAt } from '../common/call-names.js';
import { overlaid, strongestCase, type CallCase } from '../common/cases.js';
import { alternativesOf, expressionBudget } from '../common/expression.js';
import { failAt } from '../common/scanner.js';
import type { WordedAnswers, WordedPolicy } from './document.js';

/** The policy of a call or a range, and the position of its statement. */
interface Said {
  readonly part: SyscallPolicy;
  readonly at: Location;
  /** Whether the statement names the call itself rather than a group. */
  readonly byName: boolean;
}

interface SaidRange extends Said {
  readonly low: number;
  readonly high: number;
}

/** A policy in words for one ABI. */
interface AbiWords {
  readonly abi: Abi;
  readonly calls: Map<number, Said>;
  readonly ranges: SaidRange[];
  whole: { readonly action: Action; readonly at: Location } | undefined;
}

/** The context for resolving all statements of a text. */
interface Setting {
  readonly words: WordedPolicy;
  /** The policy that the text extends, on the same machine. */
  readonly base: Policy | undefined;
  readonly context: WrittenContext;
  readonly budget: WorkBudget;
}

/** The policy of a text in words. Throws ProfileError and ConversionError (`not-expressible`). */
export function resolveWords(words: WordedPolicy, context: WrittenContext): Omit<Policy, 'warnings'> {
  const { target } = context;
  const base = words.base === undefined ? undefined : context.resolve(words.base);
  const names = abisOf(target.arch);
  const all = names.map((name): AbiWords => ({
    abi: ABIS[name],
    calls: new Map(),
    ranges: [],
    whole: undefined,
  }));
  const covered = coveredBy(words, base, names);
  const setting: Setting = { words, base, context, budget: expressionBudget(words.at) };
  let badArch: { readonly action: Action; readonly at: Location } | undefined;
  for (const { subject, on, answers } of words.statements) {
    const { at } = subject;
    if (subject.kind === 'other architectures' || subject.kind === 'abi') {
      const action = onlyAnswer(answers);
      if (subject.kind === 'other architectures') {
        if (badArch !== undefined) repeated('all other architectures', at, badArch.at);
        badArch = { action, at };
      }
      for (const table of all) {
        if (subject.kind !== 'abi' || on?.includes(table.abi.name) !== true) continue;
        if (table.whole !== undefined) repeated(table.abi.name, at, table.whole.at);
        table.whole = { action, at };
      }
      continue;
    }
    const tables = all.filter(({ abi }) => (on ?? covered).includes(abi.name));
    for (const table of tables) {
      if (subject.kind === 'numbers') {
        const part = partOf(answers, table.abi, undefined, setting);
        for (const [low, high] of subject.ranges) addRange(table, { low, high, part, at, byName: true });
      } else addCalls(table, subject.name, at, answers, setting);
    }
  }
  const foreign = badArch?.action ?? context.badArch ?? base?.badArch ?? SCMP_ACT_KILL_THREAD;
  const used = all.filter(
    ({ abi, whole, calls, ranges }, index) =>
      index === 0 ||
      (whole !== undefined
        ? whole.action !== foreign
        : covered.includes(abi.name) || calls.size + ranges.length > 0),
  );
  const fallback = fallbackOf(setting);
  const tables = used.map(table => tableOf(table, setting));
  const defaultAction = fallback ?? skipped(used) ?? defaultOf(tables);
  const abis = tables.map(table => abiPolicy(table, defaultAction, ({ part }) => part));
  const listener = base && own(base, 'listener');
  const policy: Policy = {
    target,
    defaultAction,
    badArch: foreign,
    abis: nativeFirst(abis),
    flags: Object.freeze([...new Set([...(base?.flags ?? []), ...words.flags])]),
    ...(listener !== undefined && { listener }),
    warnings: [],
  };
  for (const table of used) checkRanges(table, policy);
  return policy;
}

/** The action of calls that no statement names. */
const fallbackOf = ({ words, base }: Setting): Action | undefined =>
  words.defaultAction ?? base?.defaultAction;

const baseOf = (base: Policy | undefined, { name }: Abi): Policy['abis'][number] | undefined =>
  base?.abis.find(({ abi }) => abi.name === name);

/** The ABIs for statements that name none. Throws ProfileError (`abi-not-covered`). */
function coveredBy(
  { covered, statements, at }: WordedPolicy,
  base: Policy | undefined,
  names: readonly AbiName[],
): readonly AbiName[] {
  const [native] = names;
  if (native === undefined) return [];
  const inherited = base?.abis.map(({ abi }) => abi.name);
  if (covered === undefined) return inherited ?? [native];
  const whole = statements.flatMap(({ subject, on }) => (subject.kind === 'abi' ? (on ?? []) : []));
  if (inherited === undefined && ![...covered, ...whole].includes(native)) {
    failAt(
      at,
      'abi-not-covered',
      `the policy is for ${covered.join(', ')}, and not for ${native}`,
      `Add ${native} to the ABIs after "on", or resolve it for another architecture`,
    );
  }
  return [...new Set([...(inherited ?? []), ...covered])];
}

function repeated(what: string, at: Location, before: Location): never {
  return failAt(
    at,
    'duplicate-statement',
    `${what} has an action here and at ${place(before)}`,
    'Keep one of them, or put their conditions into one statement',
  );
}

function onlyAnswer({ cases, otherwise, at }: WordedAnswers): Action {
  if (cases.length === 0 && otherwise !== undefined) return otherwise;
  return failAt(
    cases[0]?.at ?? at,
    'not-expressible',
    'an architecture has one action for all calls here, without conditions',
    'Name the calls that have conditions',
  );
}

function addCalls(
  table: AbiWords,
  name: string,
  at: Location,
  answers: WordedAnswers,
  setting: Setting,
): void {
  const byName = !isGroupName(name);
  for (const call of callsAt(name, at)) {
    const number = callNumber(table.abi.name, call);
    if (number === undefined) continue;
    const before = table.calls.get(number);
    if (before?.byName === true && !byName) continue;
    const part = partOf(answers, table.abi, { call, number }, setting);
    if (before?.byName === byName && !isSame(before.part, part)) repeated(call, at, before.at);
    table.calls.set(number, { part, at, byName });
  }
}

const isSame = (one: SyscallPolicy, other: SyscallPolicy): boolean =>
  one.rules.length === 0 && other.rules.length === 0 && one.otherwise === other.otherwise;

/** The resolved policy for one call, or for numbers without a name. Throws ProfileError (`missing-default-action`). */
function partOf(
  { cases, otherwise, at }: WordedAnswers,
  abi: Abi,
  named: { readonly call: string; readonly number: number } | undefined,
  setting: Setting,
): SyscallPolicy {
  const { context, base, budget } = setting;
  const syscall = named?.call ?? '';
  const topic = {
    abi: abi.name,
    syscall,
    widthOf: (arg: number): 32 | 64 =>
      context.argWidth === 'declared' ? (parameterOf(abi.name, syscall, arg)?.width ?? abi.width) : abi.width,
    budget,
  };
  const parts = cases.map(({ action, when, at: place }): CallCase => ({
    action,
    alternatives: alternativesOf(when, topic),
    at: place,
  }));
  if (otherwise !== undefined) return strongestCase(parts, otherwise, at);
  const before = named && baseOf(base, abi)?.syscalls.get(named.number);
  if (before !== undefined) return overlaid(parts, before, at, budget);
  const fallback = fallbackOf(setting);
  if (fallback !== undefined) return strongestCase(parts, fallback, at);
  return failAt(
    at,
    'missing-default-action',
    'there is no action for calls that meet no condition',
    'End the statement with "; otherwise ERRNO(EPERM)", or write "default: ERRNO(EPERM)" at the top',
  );
}

function addRange(table: AbiWords, range: SaidRange): void {
  const other = table.ranges.find(({ low, high }) => range.low <= high && low <= range.high);
  if (other !== undefined)
    repeated(`number ${Math.max(range.low, other.low)} of ${table.abi.name}`, range.at, other.at);
  table.ranges.push(range);
}

const LAST = 0xffffffff;

/** A run of numbers and their policy. */
interface Run extends AnsweredRun {
  readonly part: SyscallPolicy;
}

const constant = (action: Action): SyscallPolicy =>
  Object.freeze({ rules: Object.freeze([]), otherwise: action });

/** All numbers of an ABI with their actions. Throws ProfileError (`missing-default-action`). */
function tableOf({ abi, calls, ranges, whole }: AbiWords, setting: Setting): AbiTable<Run> {
  const [first, last] = ownNumbers(abi);
  const base = whole === undefined ? baseOf(setting.base, abi) : undefined;
  const fallback = whole?.action ?? fallbackOf(setting);
  const said = new Map(base?.syscalls);
  for (const [number, { part }] of calls) said.set(number, part);
  const runs: Run[] = [];
  const add = (low: number, high: number, part: SyscallPolicy): void => {
    if (low <= high)
      runs.push({ low, high, part, answer: part.rules.length === 0 ? part.otherwise : undefined });
  };
  const newest = base?.enosysAbove ?? last;
  const addRest = (low: number, high: number): void => {
    if (low > high) return;
    if (fallback === undefined) {
      failAt(
        setting.words.at,
        'missing-default-action',
        `there is no action for ${callText(abi, low)}`,
        'Write "default: ERRNO(EPERM)", for all calls that are not named',
      );
    }
    add(low, Math.min(high, newest), constant(fallback));
    add(Math.max(low, newest + 1), high, constant(SCMP_ACT_ERRNO(ENOSYS)));
  };
  const sorted = ranges.toSorted((a, b) => a.low - b.low);
  let from = first;
  let index = 0;
  /** Fills in the numbers up to `end` that are not named. */
  const fill = (end: number): void => {
    for (let range = sorted[index]; range !== undefined && range.low <= end; range = sorted[++index]) {
      if (range.high < from) continue;
      addRest(from, range.low - 1);
      add(Math.max(range.low, from), Math.min(range.high, end), range.part);
      from = Math.max(from, Math.min(range.high, end) + 1);
      if (range.high > end) break;
    }
    addRest(from, end);
  };
  const named = [...said].filter(([number]) => number >= first && number <= last);
  for (const [number, part] of named.toSorted(([a], [b]) => a - b)) {
    fill(number - 1);
    add(number, number, part);
    from = number + 1;
  }
  fill(last);
  return { abi, runs };
}

function callText({ name }: Abi, number: number): string {
  for (const [call, other] of syscallsOf(name)) if (other === number) return `${quote(call)} of ${name}`;
  return `call number ${number} of ${name}`;
}

/** The action of the number -1 on x86_64 without x32, which always has the default action. */
function skipped(used: readonly AbiWords[]): Action | undefined {
  const [native] = used;
  if (native?.abi !== ABIS.x86_64 || used.some(({ abi }) => abi === ABIS.x32)) return undefined;
  return native.ranges.find(({ high }) => high === LAST)?.part.otherwise;
}

/** Throws ProfileError (`not-expressible`) if the policy and the text have different actions for a number. */
function checkRanges({ abi, ranges }: AbiWords, policy: Policy): void {
  if (ranges.length === 0) return;
  const runs = runsOf(policy, abi.audit);
  for (const { low, high, part, at } of ranges) {
    for (const run of runs) {
      if (run.high < low || run.low > high || isNamed(abi, run.low)) continue;
      if (run.part === part || isSame(run.part, part)) continue;
      failAt(
        at,
        'not-expressible',
        `call number ${Math.max(run.low, low)} of ${abi.name} has an action that policies cannot express here`,
        'Numbers outside of an ABI get the action for other architectures',
      );
    }
  }
}

const isNamed = ({ name }: Abi, number: number): boolean => {
  for (const other of syscallsOf(name).values()) if (other === number) return true;
  return false;
};
