// Checks a profile against recordings: calls that it would have refused, and allowed calls that no run used.
import { ABIS, callNumber, syscallsOf } from '../kernel/abi.js';
import { architectureOf, type AbiName, type Architecture } from '../kernel/architectures.js';
import { actionName, isFallback, permits, type Action } from '../kernel/action.js';
import { nameValue } from '../kernel/arguments/named-values.js';
import { parameterOf } from '../kernel/arguments/signatures.js';
import { substitutesOf } from '../kernel/calls/call-classes.js';
import type { AnyProfile } from '../filter/compile-profile.js';
import { decidingRule, evaluate, mayPermit, outcome, type Outcome } from '../policy/evaluate.js';
import type { Policy } from '../policy/policy.js';
import { describeRemedy, remedyFor } from '../policy/remedy.js';
import { resolveProfile } from '../profile/resolve/resolve.js';
import type { Location } from '../util/errors.js';
import { own } from '../util/own.js';
import { ownOptions } from '../util/options.js';
import { mergeAll } from './merge.js';
import { recordingOfPhase, type PhaseOption } from './phases.js';
import { byText, listOf, type RecordedArgument, type RecordedCall, type Recording } from './recording.js';

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
  /** Calls that would certainly be refused. */
  readonly refused: readonly CheckedCall[];
  /** Calls that may be refused: it depends on arguments that were not recorded, or on several together. */
  readonly uncertain: readonly CheckedCall[];
  /** Calls that fail with ENOSYS while an equivalent older call is allowed, so that libraries fall back. */
  readonly fallbacks: readonly CheckedCall[];
  /** Calls that are allowed although no run made them, on the native ABIs of the recordings. */
  readonly unused: readonly UnusedCall[];
}

/** The maximum number of combinations of values that are tried for one call. */
const MAX_COMBINATIONS = 4096;

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
  for (const call of recording.calls) {
    const policy = policies.get(architectureOf(call.abi));
    if (policy === undefined) continue;
    for (const { kind, ...checked } of checkCall(call, policy)) found[kind].push(checked);
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

type Verdict = CheckedCall & { readonly kind: 'refused' | 'uncertain' | 'fallbacks' };

/** The verdicts on a call; empty if it is allowed. */
function checkCall(call: RecordedCall, policy: Policy): readonly Verdict[] {
  const number = callNumber(call.abi, call.syscall);
  if (number === undefined) return [];
  const arch = ABIS[call.abi].audit;
  const part = outcome(policy, arch, number);
  const verdict = (
    kind: Verdict['kind'],
    action: Action,
    args: readonly bigint[],
    seen: readonly Seen[],
  ): Verdict => ({
    kind: isFallback(action) && fallsBack(call, policy) ? 'fallbacks' : kind,
    abi: call.abi,
    syscall: call.syscall,
    phase: call.phase,
    action: actionName(action),
    count: call.count,
    runs: call.runs,
    programs: call.programs,
    arguments: seen.map(({ index, value }) => argumentText(call, index, value)),
    remedy: kind === 'refused' ? remedyText({ arch, syscall: number, args }, policy) : undefined,
    at: placeOf(part, args),
  });
  // The call also failed with ENOSYS when it was recorded.
  if (call.unavailable === call.count && isFallback(evaluate(policy, { arch, syscall: number }))) return [];
  const inspected = [
    ...new Set(part.rules.flatMap(({ conditions }) => conditions.map(({ arg }) => arg))),
  ].sort();
  if (inspected.length === 0)
    return permits(part.otherwise) ? [] : [verdict('refused', part.otherwise, [], [])];
  const answers = new Set(part.rules.map(({ action }) => permits(action)).concat(permits(part.otherwise)));
  if (answers.size === 1) return answers.has(true) ? [] : [verdict('refused', part.otherwise, [], [])];
  const known = inspected.map(index => call.args.find(arg => arg.index === index));
  const combinations = known.reduce(
    (all, arg) => all * (arg === undefined || arg.more ? Infinity : arg.values.length),
    1,
  );
  if (known.includes(undefined) || combinations > MAX_COMBINATIONS) {
    const action =
      [part.otherwise, ...part.rules.map(rule => rule.action)].find(each => !permits(each)) ?? part.otherwise;
    return [verdict('uncertain', action, [], [])];
  }
  const verdicts = withValues(
    known as readonly RecordedArgument[],
    args => evaluate(policy, { arch, syscall: number, args }),
    verdict,
  );
  const open = known.some(arg => arg?.unknown === true);
  return open && verdicts.length === 0 ? [verdict('uncertain', part.otherwise, [], [])] : verdicts;
}

interface Seen {
  readonly index: number;
  readonly value: bigint;
}

/**
 * Evaluates the recorded values. A value is certainly refused if it is refused with all values of the other
 * arguments, because the recording does not contain their combinations.
 */
function withValues(
  known: readonly RecordedArgument[],
  answer: (args: readonly bigint[]) => Action,
  verdict: (kind: Verdict['kind'], action: Action, args: readonly bigint[], seen: readonly Seen[]) => Verdict,
): readonly Verdict[] {
  const tried = combinationsOf(known).map(seen => {
    const args = [0n, 0n, 0n, 0n, 0n, 0n];
    for (const { index, value } of seen) args[index] = value;
    return { seen, args, action: answer(args) };
  });
  const refused = tried.filter(({ action }) => !permits(action));
  const [first] = refused;
  if (first === undefined) return [];
  if (refused.length === tried.length && known.length > 1)
    return [verdict('refused', first.action, first.args, [])];
  const certain = known.flatMap(({ index, values }) =>
    values.flatMap(value => {
      const beside = tried.filter(({ args }) => args[index] === value);
      const [example] = beside;
      if (example === undefined || beside.some(({ action }) => permits(action))) return [];
      return [verdict('refused', example.action, example.args, [{ index, value }])];
    }),
  );
  return certain.length > 0 ? certain : [verdict('uncertain', first.action, first.args, first.seen)];
}

const combinationsOf = (known: readonly RecordedArgument[]): readonly (readonly Seen[])[] =>
  known.reduce<readonly (readonly Seen[])[]>(
    (all, { index, values }) => all.flatMap(list => values.map(value => [...list, { index, value }])),
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
