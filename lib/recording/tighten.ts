// Removes calls from a profile that no recording used, and proves that the result allows nothing more and refuses no recorded
// call.
import { ABIS, callText, isCallNumber, namesNumbered } from '../kernel/abi.js';
import { ARCHITECTURES } from '../kernel/architectures.js';
import { isFallback, permits } from '../kernel/action.js';
import { CAPABILITIES } from '../kernel/capabilities.js';
import { SCMP_ACT_ERRNO } from '../kernel/constants.js';
import { ENOSYS } from '../kernel/errno.js';
import { parameterOf } from '../kernel/arguments/signatures.js';
import { compile, type CompileOptions } from '../filter/compile-profile.js';
import { findExcess } from '../filter/inspect/compare.js';
import { holds } from '../policy/evaluate.js';
import { editText } from '../profile/derive/edit-text.js';
import { parseProfile } from '../profile/parse.js';
import {
  alternatives,
  isProfile,
  textOfProfile,
  type NamedSyscall,
  type Profile,
  type ProfileCondition,
  type ProfileRule,
} from '../profile/profile.js';
import { readSource, type ProfileSource, type SourceText } from '../profile/read-source.js';
import type { SeccompNamesRule } from '../profile/seccomp-profile.js';
import { ProfileError, UsageError, type Location } from '../util/errors.js';
import { givenOptions, ownOptions } from '../util/options.js';
import { hasOwn, own } from '../util/own.js';
import { checkProfile, type CheckOptions, type ProfileCheck } from './check.js';
import type { Launcher } from './generate/completions.js';
import { generateProfile, type ExplainedCall } from './generate/generate.js';
import { mergeAll } from './merge.js';
import { recordingOfPhase } from './phases.js';
import { byText, listOf, type RecordedCall, type Recording } from './recording.js';
import { attempt } from '../util/failures.js';

/** Options of `tightenProfile`. */
export interface TightenOptions extends CheckOptions {
  /** The program that loads the profile, whose calls are kept; default: `none`. */
  readonly for?: Launcher | undefined;
}

/** A name that was removed from a rule. */
export interface RemovedName {
  /** The name of the call as in the profile. */
  readonly syscall: string;
  /** The position in the profile. */
  readonly at: Location;
  /** Why, in a few words. */
  readonly why: string;
}

/** A profile without the calls that no run used. */
export interface TightenedProfile {
  /** The text of the profile. */
  readonly text: string;
  /** The removed names, in the order of the text. */
  readonly removed: readonly RemovedName[];
  /** Calls that are still allowed although no run made them, and why. */
  readonly unseen: readonly ExplainedCall[];
}

const NEWER = 'newer calls that libraries try first: with ENOSYS they fall back to older ones';

/**
 * Returns a smaller profile: names that no run used are removed from the rules that allow them, and so are rules whose
 * conditions no recorded call met. Calls that programs need but do not make in every run are kept, as in
 * `generateProfile`. Calls that libraries try first, with a fallback, fail with ENOSYS. The rest of the text is kept.
 *
 * The result is proven to allow nothing that the profile refuses, with and without capabilities, and allows every
 * recorded call that the profile allows. A profile whose default action allows calls is not changed.
 *
 * Throws UsageError (`not-a-recording`, `bad-option`, `bad-profile-source` for a Profile, whose text is not known),
 * RecordingError (`nothing-recorded`), ConversionError (`not-expressible`) for a profile in a format other than JSON,
 * and as `parseProfile` and `resolveProfile` do.
 */
export function tightenProfile(
  profile: ProfileSource,
  recordings: readonly Recording[],
  options: TightenOptions = {},
): TightenedProfile {
  const given: unknown = profile;
  if (isProfile(given))
    throw new UsageError(
      'bad-profile-source',
      'a Profile does not have the text that it was read from',
      'Pass the text, its path or the object',
    );
  return tightenText(readSource(profile), recordings, options);
}

/**
 * As `tightenProfile`, for a text that was already read. For a profile that extends another one, returns the whole
 * profile.
 */
export function tightenText(
  source: SourceText,
  recordings: readonly Recording[],
  options: TightenOptions = {},
): TightenedProfile {
  const { for: launcher, phase, ...rest } = ownOptions(options, ['capabilities', 'kernel', 'phase', 'for']);
  const checking = { ...givenOptions<CheckOptions>(rest, ['capabilities', 'kernel']), phase };
  const recording = recordingOfPhase(mergeAll(listOf(recordings)), phase);
  const { file } = source;
  const given = parseProfile(own(source, 'path') ?? new TextEncoder().encode(source.text), { file });
  // For a profile that extends another one, this is the whole profile: names of the base have their positions in the
  // base.
  const text = textOfProfile(given);
  const profile = text === source.text ? given : parseProfile(new TextEncoder().encode(text), { file });
  const generated = generateProfile([recording], {
    arguments: 'none',
    phase,
    ...(launcher !== undefined && { for: launcher }),
  });
  const seen = new Set(recording.calls.map(({ syscall }) => syscall));
  const needed = new Map(generated.unseen.map(({ syscall, why }) => [syscall, why]));
  const newer = new Set(
    (own(generated.profile, 'syscalls') ?? []).flatMap(rule =>
      rule.action === 'SCMP_ACT_ERRNO' ? (own(rule as SeccompNamesRule, 'names') ?? []).map(String) : [],
    ),
  );
  const restored = new Map<string, string>();
  // Restores names whose removal would make the profile wider or refuse a recorded call. Ordinary profiles have none.
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const removed = permits(profile.defaultAction)
      ? []
      : profile.rules.flatMap(rule =>
          removedNames(rule, recording.calls, name => needed.has(name) || restored.has(name)),
        );
    const result = edited(text, profile, removed, newer);
    const worse = whatIsWorse(profile, parseAgain(result, file), recording, checking);
    if (worse.length === 0) {
      const unseen = allowedNames(profile, removed).filter(name => !seen.has(name));
      return {
        text: result,
        removed,
        unseen: unseen.map(syscall => ({
          syscall,
          why: needed.get(syscall) ?? restored.get(syscall) ?? 'the default action allows it',
        })),
      };
    }
    for (const name of worse) restored.set(name, 'the proof fails without it: other rules depend on it');
  }
  return { text, removed: [], unseen: [] };
}

const MAX_ROUNDS = 16;

/** The names to remove from a rule: unused ones, and those of calls that never met its conditions. */
function removedNames(
  rule: ProfileRule,
  calls: readonly RecordedCall[],
  isNeeded: (name: string) => boolean,
): readonly RemovedName[] {
  if (!permits(rule.action)) return [];
  return rule.names.flatMap(({ name, at }): readonly RemovedName[] => {
    const meant = namesMeant(name);
    if (meant.some(isNeeded)) return [];
    const seen = calls.filter(({ syscall }) => meant.includes(syscall));
    if (seen.length === 0) return [{ syscall: name, at, why: 'no run made it' }];
    // Conditions on other machines are unknown.
    const isForAll = [rule.includes, rule.excludes].every(
      asked => asked.caps.length === 0 && asked.arches.length === 0 && !hasOwn(asked, 'minKernel'),
    );
    const isMet = seen.some(call =>
      alternatives(rule.conditions).some(list => list.every(condition => mayHold(condition, call))),
    );
    return isMet || !isForAll ? [] : [{ syscall: name, at, why: 'no run made it under these conditions' }];
  });
}

/** The calls that a name in a profile stands for: itself, or those of a number, at most one for each ABI. */
const namesMeant = (name: string): readonly string[] =>
  isCallNumber(name) ? [name, ...namesNumbered(name)] : [name];

/** Whether a condition may have held for a recorded call. Unknown values may be anything. */
function mayHold(condition: ProfileCondition, { abi, syscall, args }: RecordedCall): boolean {
  const { arg } = condition;
  const known = args.find(({ index }) => index === arg);
  if (known === undefined || known.more || known.unknown) return true;
  const signed = parameterOf(abi, syscall, arg)?.width === 32;
  return known.values.some(value =>
    // C libraries pass a negative int either sign-extended or with zeros.
    [value, signed ? BigInt.asUintN(64, BigInt.asIntN(32, value)) : value].some(each => {
      const registers: bigint[] = [];
      registers[arg] = each;
      return holds(
        condition.op === 'SCMP_CMP_MASKED_EQ'
          ? { ...condition, width: 64, value: condition.value & condition.mask }
          : { ...condition, width: 64 },
        registers,
      );
    }),
  );
}

/** Removes these names from the text, and rules without remaining names. Newer calls among them fail with ENOSYS. */
function edited(
  text: string,
  { rules, defaultAction }: Profile,
  removed: readonly RemovedName[],
  newer: ReadonlySet<string>,
): string {
  if (removed.length === 0) return text;
  const places = new Set(removed.map(({ at }) => at.pointer));
  const names = rules.flatMap(rule => rule.names);
  const isGone = ({ at }: NamedSyscall): boolean => places.has(at.pointer);
  const left = new Set(names.filter(named => !isGone(named)).map(({ name }) => name));
  const answered = isFallback(defaultAction)
    ? []
    : [...new Set(removed.map(({ syscall }) => syscall))].filter(name => newer.has(name) && !left.has(name));
  return editText(text, {
    removed: new Set(names.filter(isGone)),
    added:
      answered.length === 0
        ? []
        : [{ comment: NEWER, names: answered.sort(byText), action: SCMP_ACT_ERRNO(ENOSYS) }],
  });
}

/** Names that are still allowed, possibly under conditions, after the removal. */
function allowedNames({ rules }: Profile, removed: readonly RemovedName[]): readonly string[] {
  const places = new Set(removed.map(({ at }) => at.pointer));
  const left = rules
    .filter(({ action }) => permits(action))
    .flatMap(({ names }) =>
      names.filter(({ at }) => !places.has(at.pointer)).flatMap(({ name }) => namesMeant(name)[0] ?? []),
    );
  return [...new Set(left)].sort(byText);
}

/** Parses an edited text; undefined if it is not a valid profile. */
const parseAgain = (text: string, file: string): Profile | undefined =>
  attempt(
    () => parseProfile(new TextEncoder().encode(text), { file }),
    ProfileError,
    () => undefined,
  );

/** Names of calls for which the proposed profile is wider than the old one, or refuses recorded calls that the old one allows. */
function whatIsWorse(
  old: Profile,
  proposed: Profile | undefined,
  recording: Recording,
  checking: CheckOptions,
): readonly string[] {
  if (proposed === old) return [];
  const depending = old.rules
    .filter(({ action }) => !permits(action))
    .flatMap(({ names }) => names.flatMap(({ name }) => namesMeant(name)));
  if (proposed === undefined) return depending;
  const meaning = givenOptions<CompileOptions>(checking, ['capabilities', 'kernel']);
  const find = (): readonly string[] => {
    const worse = new Set<string>();
    const before = findingsOf(checkProfile(old, [recording], checking));
    for (const [finding, syscall] of findingsOf(checkProfile(proposed, [recording], checking)))
      if (!before.has(finding)) worse.add(syscall);
    for (const arch of ARCHITECTURES)
      for (const capabilities of [[], CAPABILITIES])
        for (const name of excessOf(proposed, old, { ...meaning, arch, capabilities })) worse.add(name);
    return [...worse];
  };
  // If the profile cannot be resolved, one of its denials no longer has an effect.
  return attempt(find, ProfileError, () => depending);
}

/** The findings of a check, with the name of the call for each. */
const findingsOf = ({ refused, uncertain }: ProfileCheck): ReadonlyMap<string, string> =>
  new Map(
    [...refused, ...uncertain].map(({ abi, syscall, phase, arguments: args }) => [
      JSON.stringify([abi, syscall, phase, args]),
      syscall,
    ]),
  );

/**
 * Names of calls that the first profile allows and the second refuses, at most one per search; empty if there is none.
 */
function excessOf(first: Profile, second: Profile, options: CompileOptions): readonly string[] {
  // Undefined if the profile is not for that machine.
  const from = attempt(
    () => compile(second, options),
    ProfileError,
    () => undefined,
  );
  const excess = from && findExcess(compile(first, options), from);
  if (excess === undefined) return [];
  const { arch, syscall } = excess.call;
  return Object.values(ABIS)
    .filter(({ audit }) => audit === arch)
    .map(({ name }) => callText(name, syscall));
}
