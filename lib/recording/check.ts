// Checks a profile against recordings: calls that it would have refused, and allowed calls that no run used.
import { ABIS, callNumber, NO_CALL, syscallsOf } from '../kernel/abi.js';
import { architectureOf, type AbiName, type Architecture } from '../kernel/architectures.js';
import { actionName, isFallback, permits, type Action } from '../kernel/action.js';
import { nameValue } from '../kernel/arguments/named-values.js';
import { parameterOf } from '../kernel/arguments/signatures.js';
import { SCMP_ACT_ALLOW } from '../kernel/constants.js';
import { substitutesOf } from '../kernel/calls/call-classes.js';
import type { AnyProfile } from '../filter/compile-profile.js';
import { decidingRule, holds, mayPermit, outcome, type Outcome } from '../policy/evaluate.js';
import type { Condition, Policy } from '../policy/policy.js';
import { describeRemedy, remedyFor } from '../policy/remedy.js';
import { resolveProfile } from '../profile/resolve/resolve.js';
import type { Location } from '../util/errors.js';
import { groupBy } from '../util/collections.js';
import { own } from '../util/own.js';
import { ownOptions } from '../util/options.js';
import { mergeAll } from './merge.js';
import { recordingOfPhase, type PhaseOption } from './phases.js';
import {
  byText,
  byValue,
  LIMITS,
  listOf,
  type RecordedArgument,
  type RecordedCall,
  type Recording,
} from './recording.js';

/** Options of `checkProfile`. */
export interface CheckOptions extends PhaseOption {
  /** Capabilities for `caps` conditions; default: none. */
  readonly capabilities?: readonly string[] | undefined;
  /** The kernel version for `minKernel`; default: the newest that the package knows. */
  readonly kernel?: string | undefined;
}

/** A recorded call that the profile does not simply allow. */
export interface CheckedCall {
  /** The ABI of the call. */
  readonly abi: AbiName;
  /** Its name, or its number in digits. */
  readonly syscall: string;
  /** The phase of the run; empty if the run was not divided. */
  readonly phase: string;
  /** The action of the profile, such as `ERRNO(EPERM)`. */
  readonly action: string;
  /** The number of calls, with all arguments. */
  readonly count: number;
  /** The number of runs with such calls. */
  readonly runs: number;
  /** The programs that made it. */
  readonly programs: readonly string[];
  /** The arguments on which the action depends, such as `domain=AF_ALG`; empty if there are none. */
  readonly arguments: readonly string[];
  /** The change that would allow it, as a sentence; undefined if that depends on unknown arguments. */
  readonly remedy: string | undefined;
  /** The position in the profile. */
  readonly at: Location | undefined;
}

/** A call that a profile allows and that no run made. */
export interface UnusedCall {
  /** The ABI. */
  readonly abi: AbiName;
  /** Its name. */
  readonly syscall: string;
  /** Whether its arguments decide. */
  readonly conditional: boolean;
}

/** The result of a check. */
export interface ProfileCheck {
  /** The source of the profile. */
  readonly file: string;
  /** The number of checked runs. */
  readonly runs: number;
  /** The number of distinct calls in the recordings. */
  readonly calls: number;
  /** Calls that would certainly be refused, value by value; from the 16,384th entry on, each call is listed once. */
  readonly refused: readonly CheckedCall[];
  /** Calls that may be refused: it depends on arguments that were not recorded, on several together, or on more combinations than are tried. */
  readonly uncertain: readonly CheckedCall[];
  /** Calls that fail with ENOSYS while an equivalent older call is allowed, so that libraries fall back. */
  readonly fallbacks: readonly CheckedCall[];
  /** Calls that are allowed although no run made them, on the native ABIs of the recordings. */
  readonly unused: readonly UnusedCall[];
}

/** The maximum number of combinations of values that are tried for one call, and for all calls. */
const MAX_COMBINATIONS = 4096;
const MAX_ALL_COMBINATIONS = 256 * 1024;
/** After this number of entries, each further call has only one. */
const MAX_ENTRIES = LIMITS.calls;

/** The remaining number of combinations. */
interface Budget {
  combinations: number;
}

/**
 * Compares a profile with recordings. It compares distinct calls, so the number of events does not matter.
 * Throws UsageError (`not-a-recording`, `bad-argument`, `bad-option`), RecordingError (`nothing-recorded` for a phase
 * without calls) and as `resolveProfile` does.
 */
export function checkProfile(
  profile: AnyProfile,
  recordings: readonly Recording[],
  options: CheckOptions = {},
): ProfileCheck {
  const { capabilities = [], kernel, phase } = ownOptions(options, ['capabilities', 'kernel', 'phase']);
  const recording = recordingOfPhase(mergeAll(listOf(recordings)), phase);
  const policies = new Map<Architecture, Policy>();
  for (const { abi } of recording.calls) {
    const arch = architectureOf(abi);
    if (!policies.has(arch))
      policies.set(
        arch,
        resolveProfile(profile, { arch, capabilities, ...(kernel !== undefined && { kernel }) }),
      );
  }
  const found = {
    refused: [] as CheckedCall[],
    uncertain: [] as CheckedCall[],
    fallbacks: [] as CheckedCall[],
  };
  const budget: Budget = { combinations: MAX_ALL_COMBINATIONS };
  let entries = 0;
  for (const call of recording.calls) {
    const policy = policies.get(architectureOf(call.abi));
    if (policy === undefined) continue;
    const verdicts = checkCall(call, policy, budget);
    const isFull = entries >= MAX_ENTRIES;
    const kept = isFull ? verdicts.toSorted(bySeverity).slice(0, 1) : verdicts;
    for (const verdict of kept) found[verdict.kind].push(checkedCall(call, policy, verdict));
    entries += kept.length;
  }
  const file = [...policies.values()].map(fileOf).find(name => name !== undefined) ?? '<profile>';
  return {
    file,
    runs: recording.runs,
    calls: recording.calls.length,
    ...found,
    unused: [...policies].flatMap(([arch, policy]) => unusedCalls(arch, policy, recording)),
  };
}

/** The file of a policy's rules. The policy itself has no file. */
function fileOf({ abis }: Policy): string | undefined {
  for (const { syscalls } of abis)
    for (const part of syscalls.values()) {
      const at =
        own(part, 'at') ?? part.rules.map(rule => own(rule, 'at')).find(place => place !== undefined);
      if (at !== undefined) return at.file;
    }
  return undefined;
}

/** A finding about a call, with example arguments. */
interface Verdict {
  readonly kind: 'refused' | 'uncertain' | 'fallbacks';
  /** Whether the call certainly has this action. */
  readonly isCertain: boolean;
  readonly action: Action;
  readonly args: readonly bigint[];
  /** The arguments on which the action depends. */
  readonly seen: readonly Seen[];
}

const SEVERITY = { refused: 0, uncertain: 1, fallbacks: 2 } as const;
const bySeverity = (a: Verdict, b: Verdict): number => SEVERITY[a.kind] - SEVERITY[b.kind];

function checkedCall(
  call: RecordedCall,
  policy: Policy,
  { isCertain, action, args, seen }: Verdict,
): CheckedCall {
  const { abi, syscall, phase, count, runs, programs } = call;
  const arch = ABIS[abi].audit;
  const number = callNumber(abi, syscall) ?? NO_CALL;
  return {
    abi,
    syscall,
    phase,
    action: actionName(action),
    count,
    runs,
    programs,
    arguments: seen.map(({ index, value }) => argumentText(call, index, value)),
    remedy: isCertain ? remedyText({ arch, syscall: number, args }, policy) : undefined,
    at: placeOf(outcome(policy, arch, number), args),
  };
}

/** The verdicts on a call; empty if it is allowed. */
function checkCall(call: RecordedCall, policy: Policy, budget: Budget): readonly Verdict[] {
  const number = callNumber(call.abi, call.syscall);
  if (number === undefined) return [];
  const part = outcome(policy, ABIS[call.abi].audit, number);
  const canFallBack = fallsBack(call, policy);
  const verdict: MakeVerdict = (kind, action, args = [], seen = []) => ({
    kind: isFallback(action) && canFallBack ? 'fallbacks' : kind,
    isCertain: kind === 'refused',
    action,
    args,
    seen,
  });
  // A call that always failed with ENOSYS may fail with it again.
  const wasUnavailable = call.unavailable === call.count;
  const isFine = (action: Action): boolean => permits(action) || (wasUnavailable && isFallback(action));
  const refusals = [part.otherwise, ...part.rules.map(({ action }) => action)].filter(
    action => !isFine(action),
  );
  if (refusals.length === 0) return [];
  const worst = worstOf(refusals);
  const isOne = !canFallBack || refusals.every(action => isFallback(action) === isFallback(worst));
  if (refusals.length > part.rules.length && isOne) return [verdict('refused', part.otherwise)];
  const conditions = part.rules.flatMap(rule => rule.conditions);
  const inspected = [...new Set(conditions.map(({ arg }) => arg))].sort();
  const known = inspected.map(index => call.args.find(arg => arg.index === index)).filter(isListed);
  const unclear = [verdict('uncertain', worst)];
  if (known.length < inspected.length) return unclear;
  const classes = known.map(({ index, values }): Classes => ({
    index,
    classes: classesOf(
      values,
      conditions.filter(({ arg }) => arg === index),
    ),
  }));
  const combinations = classes.reduce((all, each) => all * each.classes.length, 1);
  if (combinations > Math.min(MAX_COMBINATIONS, budget.combinations)) return unclear;
  budget.combinations -= combinations;
  const verdicts = withValues(
    classes,
    args => decidingRule(part.rules, args)?.action ?? part.otherwise,
    isFine,
    verdict,
  );
  return verdicts.length === 0 && known.some(({ unknown }) => unknown) ? unclear : verdicts;
}

type MakeVerdict = (
  kind: 'refused' | 'uncertain',
  action: Action,
  args?: readonly bigint[],
  seen?: readonly Seen[],
) => Verdict;

/** The first action that is not a fallback, if there is one: a program can only do without a call if every refusal is a fallback. */
const worstOf = (refusals: readonly Action[]): Action =>
  refusals.find(action => !isFallback(action)) ?? refusals[0] ?? SCMP_ACT_ALLOW;

/** Whether the values of an argument are known. */
const isListed = (arg: RecordedArgument | undefined): arg is RecordedArgument =>
  arg !== undefined && !arg.more;

interface Seen {
  readonly index: number;
  readonly value: bigint;
}

/** The recorded values of an argument. */
interface Classes {
  readonly index: number;
  /** Each class has the values that no condition distinguishes, in their order. */
  readonly classes: readonly (readonly bigint[])[];
}

/** Groups values for which the same conditions hold, in the order of the first value of each group. */
function classesOf(
  values: readonly bigint[],
  conditions: readonly Condition[],
): readonly (readonly bigint[])[] {
  const args: bigint[] = [];
  const tests = (value: bigint): string =>
    conditions
      .map(condition => {
        args[condition.arg] = value;
        return holds(condition, args) ? '1' : '0';
      })
      .join('');
  return [...groupBy(values, tests).values()];
}

/**
 * Evaluates the recorded values, one of each class. A value is certainly refused if it is refused with all values of the
 * other arguments, because the recording does not contain their combinations.
 */
function withValues(
  known: readonly Classes[],
  answer: (args: readonly bigint[]) => Action,
  isFine: (action: Action) => boolean,
  verdict: MakeVerdict,
): readonly Verdict[] {
  const tried = combinationsOf(known).map(seen => {
    const args = [0n, 0n, 0n, 0n, 0n, 0n];
    for (const { index, value } of seen) args[index] = value;
    return { seen, args, action: answer(args) };
  });
  const refused = tried.filter(({ action }) => !isFine(action));
  if (refused.length === 0) return [];
  const example = (some: readonly (typeof tried)[number][]): (typeof tried)[number] | undefined => {
    const worst = worstOf(some.map(({ action }) => action));
    return some.find(({ action }) => action === worst);
  };
  const first = example(refused);
  if (first === undefined) return [];
  if (refused.length === tried.length && known.length > 1)
    return [verdict('refused', first.action, first.args)];
  const certain = known.flatMap(({ index, classes }) => {
    const besides = groupBy(tried, ({ args }) => args[index]);
    return classes
      .flatMap(values => {
        const [representative] = values;
        const beside = besides.get(representative) ?? [];
        const shown = beside.some(({ action }) => isFine(action)) ? undefined : example(beside);
        return shown === undefined ? [] : values.map(value => ({ value, shown }));
      })
      .sort((a, b) => byValue(a.value, b.value))
      .map(({ value, shown: { action, args } }) =>
        verdict('refused', action, args.with(index, value), [{ index, value }]),
      );
  });
  return certain.length > 0 ? certain : [verdict('uncertain', first.action, first.args, first.seen)];
}

/** The combinations of the first values of all classes. */
const combinationsOf = (known: readonly Classes[]): readonly (readonly Seen[])[] =>
  known.reduce<readonly (readonly Seen[])[]>(
    (all, { index, classes }) =>
      all.flatMap(list =>
        classes.flatMap(([value]) => (value === undefined ? [] : [[...list, { index, value }]])),
      ),
    [[]],
  );

/** Whether the policy allows an equivalent call to which libraries fall back after ENOSYS. */
function fallsBack({ abi, syscall }: RecordedCall, policy: Policy): boolean {
  return substitutesOf(abi, syscall).calls.some(name => {
    const number = callNumber(abi, name);
    return number !== undefined && mayPermit(outcome(policy, ABIS[abi].audit, number));
  });
}

function argumentText({ abi, syscall }: RecordedCall, index: number, value: bigint): string {
  const name = parameterOf(abi, syscall, index)?.name ?? `argument ${index}`;
  return `${name}=${nameValue(abi, syscall, index, value) ?? `0x${value.toString(16)}`}`;
}

function remedyText(
  event: { readonly arch: number; readonly syscall: number; readonly args: readonly bigint[] },
  policy: Policy,
): string | undefined {
  const remedy = remedyFor(event, policy);
  return remedy && describeRemedy(remedy);
}

function placeOf(part: Outcome, args: readonly bigint[]): Location | undefined {
  const rule = decidingRule(part.rules, args);
  return rule === undefined ? own(part, 'at') : own(rule, 'at');
}

/** Named calls that are allowed on the native ABI and that no run made. */
function unusedCalls(arch: Architecture, policy: Policy, recording: Recording): readonly UnusedCall[] {
  const seen = new Set(recording.calls.filter(({ abi }) => abi === arch).map(({ syscall }) => syscall));
  if (seen.size === 0) return [];
  return [...syscallsOf(arch)]
    .sort(([a], [b]) => byText(a, b))
    .flatMap(([syscall, number]) => {
      const part = outcome(policy, ABIS[arch].audit, number);
      if (seen.has(syscall) || !mayPermit(part)) return [];
      return [
        {
          abi: arch,
          syscall,
          conditional: !permits(part.otherwise) || part.rules.some(({ action }) => !permits(action)),
        },
      ];
    });
}
