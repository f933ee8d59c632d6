// Generates a profile from recordings.
import { ABIS, isCallNumber, syscallNumber } from '../../kernel/abi.js';
import { abisOf, ARCHITECTURES, type AbiName, type Architecture } from '../../kernel/architectures.js';
import { compile, type AnyProfile } from '../../filter/compile-profile.js';
import { findExcess } from '../../filter/inspect/compare.js';
import type { Policy } from '../../policy/policy.js';
import { parseProfile } from '../../profile/parse.js';
import { resolveProfile } from '../../profile/resolve/resolve.js';
import type { SeccompProfile } from '../../profile/seccomp-profile.js';
import { RecordingError } from '../../util/errors.js';
import { groupBy } from '../../util/collections.js';
import { badOption, oneOf, ownOptions } from '../../util/options.js';
import { own } from '../../util/own.js';
import { mergeAll } from '../merge.js';
import { callsOfPhase, noCalls, type PhaseOption } from '../phases.js';
import { byText, listOf, RUNTIME_PHASE, type RecordedCall, type Recording } from '../recording.js';
import {
  abisWithout,
  aboutTheCaller,
  conditionsOf,
  seenArguments,
  ARGUMENT_MODES,
  type ArgumentMode,
  type SeenArguments,
  unlimitedParameters,
} from './argument-conditions.js';
import { withinBase } from './base.js';
import {
  completions,
  equivalents,
  fallbacks,
  launcherCalls,
  LAUNCHERS,
  type Completion,
  type Launcher,
} from './completions.js';
import { enosys, rulesOf, runsOf, type Allowed, type Entry } from './rules.js';
import { counted } from '../../util/show.js';

/** Options of `generateProfile`. */
export interface GenerateOptions extends PhaseOption {
  /**
   * Which arguments become conditions. `none`: no arguments. `safe` (the default): arguments that grant privileges and
   * do not depend on the input, such as socket families; no memory that is writable and executable and no new namespaces
   * unless they were recorded. `all`: every recorded argument, as sets and masks.
   */
  readonly arguments?: ArgumentMode | undefined;
  /** Allow nothing that this profile refuses, which is proven. It is resolved without capabilities. */
  readonly base?: AnyProfile | undefined;
  /** Omit calls that were recorded in fewer runs; default: 1. */
  readonly minRuns?: number | undefined;
  /**
   * The program that loads the profile, whose calls are added: `node`, `runc` or `crun`; default: `none`. `docker`
   * means runc; `kubernetes` means runc and crun, which nodes use to start containers.
   */
  readonly for?: Launcher | undefined;
}

/** A call with a reason. */
export interface ExplainedCall {
  /** Its name. */
  readonly syscall: string;
  /** Why, in a few words. */
  readonly why: string;
}

/** A profile that was generated from recordings. */
export interface GeneratedProfile {
  /**
   * The profile in Docker's format, for every architecture that this package supports, with a comment on every rule.
   */
  readonly profile: SeccompProfile;
  /** Calls that are allowed although no run made them, and why. */
  readonly unseen: readonly ExplainedCall[];
  /** Calls that were partly recorded without arguments, so that their conditions may be too strict. */
  readonly uncertain: readonly ExplainedCall[];
  /**
   * Calls that are allowed with any value of an argument that grants privileges, because not all of its values were recorded, or
   * an ABI has it in memory.
   */
  readonly unlimited: readonly ExplainedCall[];
  /** Calls that were recorded, or would have been added, but are not allowed, and why. */
  readonly leftOut: readonly ExplainedCall[];
}

/**
 * Generates a profile that allows the recorded calls, calls that programs need although no run made them, and equivalent
 * calls of other architectures and C libraries; nothing else. A call that libraries try first fails with ENOSYS if its
 * older form is allowed; everything else fails with EPERM.
 *
 * Throws UsageError (`not-a-recording`, `bad-option`, `bad-argument`), RecordingError (`nothing-recorded`;
 * `exceeds-base` if the profile could not be kept within the base), and as `parseProfile` and `resolveProfile` do for
 * the base.
 */
export function generateProfile(
  recordings: readonly Recording[],
  options: GenerateOptions = {},
): GeneratedProfile {
  const given = ownOptions(options, ['arguments', 'base', 'minRuns', 'for', 'phase']);
  const { arguments: mode = 'safe', minRuns = 1, for: launcher = 'none', phase, base } = given;
  oneOf('arguments', mode, ARGUMENT_MODES);
  oneOf('for', launcher, LAUNCHERS);
  if (!Number.isSafeInteger(minRuns) || minRuns < 1)
    throw badOption('minRuns', minRuns, 'Pass a whole number from 1 on');
  const recording = mergeAll(listOf(recordings));
  if (minRuns > recording.runs && recording.runs > 0)
    throw new RecordingError(
      'nothing-recorded',
      `no call was made in ${counted(minRuns, 'run')}: the recordings have ${recording.runs}`,
      'Require fewer runs, or add recordings',
    );
  const leftOut: ExplainedCall[] = [];
  const uncertain: ExplainedCall[] = [];
  const unlimited: ExplainedCall[] = [];
  const calls = groupBy(callsOfPhase(recording, phase), ({ syscall }) => syscall);
  if (calls.size === 0) throw noCalls(recording, phase);
  if (phase === undefined)
    for (const { syscall } of recording.calls.filter(call => call.phase === RUNTIME_PHASE))
      if (!calls.has(syscall))
        leftOut.push({
          syscall,
          why: 'only made by the container runtime, in the phase runtime: --for adds the calls that it needs',
        });
  const seen = new Map<string, readonly RecordedCall[]>();
  const unavailable: string[] = [];
  // Including calls that fail with ENOSYS, because calls of an ABI that the profile does not cover are killed.
  const answered: RecordedCall[] = [];
  for (const [syscall, entries] of calls) {
    const runs = runsOf(entries);
    if (isCallNumber(syscall)) {
      leftOut.push({ syscall, why: 'no table has a name for this number' });
      continue;
    }
    if (runs < minRuns) {
      leftOut.push({ syscall, why: `seen in ${runs} of ${counted(recording.runs, 'run')}` });
      continue;
    }
    answered.push(...entries);
    if (entries.every(({ count, unavailable: failed }) => failed === count)) unavailable.push(syscall);
    else if (syscall === 'clone3' && mode !== 'none')
      leftOut.push({ syscall, why: 'its flags are in memory: clone is allowed instead, by flags' });
    else seen.set(syscall, entries);
  }
  const launching = launcherCalls(launcher);
  const targets = targetsOf(answered);
  const isSeen = (syscall: string): boolean =>
    seen.has(syscall) || (syscall === 'clone3' && calls.has(syscall));
  const allowed = [...allowedCalls(seen, [...completions(isSeen), ...launching], targets)].filter(
    // These fail with ENOSYS instead: calls that were never available, and clone3, whose older form has filterable
    // arguments.
    ({ syscall }) => !unavailable.includes(syscall) && (syscall !== 'clone3' || mode === 'none'),
  );
  const bases = base === undefined ? [] : basesOf(base);
  const entries = allowed.flatMap(call => {
    const made = entryOf(call, {
      mode,
      targets,
      seen,
      bases,
      leftOut,
      uncertain,
      unlimited,
      launching: new Set(launching.map(({ syscall }) => syscall)),
    });
    return made === undefined ? [] : [made];
  });
  const names = new Set(entries.map(({ syscall }) => syscall));
  const newer = fallbacks(name => names.has(name)).filter(name => !unavailable.includes(name));
  const profile: SeccompProfile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    archMap: ARCHITECTURES.map(arch => ({
      architecture: scmpName(arch),
      subArchitectures: othersOf(arch)
        .filter(abi => targets.includes(abi))
        .map(scmpName),
    })),
    syscalls: [
      ...rulesOf(entries, recording.runs),
      ...enosys('not available in any run: the program did without it', unavailable),
      ...enosys('newer calls that libraries try first: with ENOSYS they fall back to older ones', newer),
    ],
  };
  if (base !== undefined) proveWithin(profile, base);
  return {
    profile,
    unseen: entries
      .filter(entry => entry.seen.length === 0)
      .map(({ syscall, why }) => ({ syscall, why }))
      .sort((a, b) => byText(a.syscall, b.syscall)),
    uncertain: uncertain.sort((a, b) => byText(a.syscall, b.syscall)),
    unlimited: unlimited.sort((a, b) => byText(a.syscall, b.syscall)),
    leftOut: leftOut.sort((a, b) => byText(a.syscall, b.syscall)),
  };
}

/** The ABIs of an architecture in addition to its native one. */
const othersOf = (arch: Architecture): readonly AbiName[] => abisOf(arch).slice(1);

const targetsOf = (calls: readonly RecordedCall[]): readonly AbiName[] => [
  ...ARCHITECTURES,
  ...ARCHITECTURES.flatMap(othersOf).filter(abi => calls.some(call => call.abi === abi)),
];

const scmpName = (abi: AbiName): 'SCMP_ARCH_X86_64' => ABIS[abi].scmpName as 'SCMP_ARCH_X86_64';

/** All calls to allow, each once: recorded ones, those that all programs need, and equivalent ones. */
function allowedCalls(
  seen: ReadonlyMap<string, readonly RecordedCall[]>,
  added: readonly Completion[],
  targets: readonly AbiName[],
): Iterable<Allowed> {
  const all = new Map<string, Allowed>();
  for (const [syscall, entries] of seen) all.set(syscall, { syscall, seen: entries, why: '', like: [] });
  for (const completion of added) {
    const { syscall, why } = completion;
    const aboutCaller = own(completion, 'aboutCaller');
    if (targets.every(target => syscallNumber(target, syscall) === undefined)) continue;
    const known = all.get(syscall) ?? {
      syscall,
      seen: [],
      why,
      like: [],
      ...(aboutCaller !== undefined && { aboutCaller }),
    };
    const like = (own(completion, 'like') ?? []).filter(name => seen.has(name));
    all.set(syscall, { ...known, like: [...known.like, ...like] });
  }
  for (const [syscall, entries] of seen) {
    for (const abi of new Set(entries.map(entry => entry.abi))) {
      for (const other of equivalents(abi, syscall, targets)) {
        const known = all.get(other);
        const like = [...new Set([...(known?.like ?? []), syscall])];
        const why = known?.why ?? 'the same as calls that were seen, on other architectures and C libraries';
        all.set(other, { ...known, syscall: other, seen: known?.seen ?? [], why, like });
      }
    }
  }
  return all.values();
}

interface Making {
  readonly mode: ArgumentMode;
  readonly targets: readonly AbiName[];
  readonly seen: ReadonlyMap<string, readonly RecordedCall[]>;
  readonly bases: readonly Policy[];
  readonly leftOut: ExplainedCall[];
  readonly uncertain: ExplainedCall[];
  readonly unlimited: ExplainedCall[];
  /** The calls of the launcher, whose arguments are unknown. */
  readonly launching: ReadonlySet<string>;
}

function entryOf(
  call: Allowed,
  { mode, targets, seen, bases, leftOut, uncertain, unlimited, launching }: Making,
): Entry | undefined {
  const { syscall, like } = call;
  const alike = like.flatMap(name => seen.get(name) ?? []);
  const known = seenArguments([...call.seen, ...alike]);
  const isLaunching = launching.has(syscall);
  const aboutCaller = own(call, 'aboutCaller');
  const conditions =
    aboutCaller !== undefined && call.seen.length === 0 && !isLaunching && mode !== 'none'
      ? aboutTheCaller(aboutCaller)
      : conditionsOf(syscall, isLaunching ? inPart(known) : known, mode, targets);
  if (call.seen.length === 0) {
    // An equivalent call without the same filterable arguments would bypass the conditions.
    const evaded = like.find(name =>
      conditionsOf(name, seenArguments(seen.get(name) ?? []), mode, targets)?.parameters.some(
        parameter => !(conditions?.parameters.includes(parameter) ?? false),
      ),
    );
    if (evaded !== undefined) {
      leftOut.push({ syscall, why: `it would bypass the conditions on ${evaded}` });
      return undefined;
    }
  } else if (conditions !== undefined && conditions.unknown.length > 0 && !isLaunching) {
    uncertain.push({
      syscall,
      why: `some of its arguments are not known (${conditions.unknown.join(', ')}): allowed ${conditions.words.join(', ')}`,
    });
  }
  const wanted = conditions?.alternatives ?? [[]];
  const alternatives = withinBase(syscall, wanted, bases);
  if (alternatives === undefined || alternatives.length === 0) {
    leftOut.push({
      syscall,
      why:
        alternatives === undefined
          ? 'the intersection with the base cannot be written as rules'
          : 'the base refuses it',
    });
    return undefined;
  }
  const open = mode === 'none' || call.seen.length === 0 ? [] : unlimitedParameters(syscall, known, targets);
  if (open.length > 0)
    unlimited.push({ syscall, why: `some values of ${open.join(', ')} were not recorded: any is allowed` });
  const hidden = abisWithout(syscall, conditions?.parameters ?? [], targets);
  if (hidden.length > 0)
    unlimited.push({
      syscall,
      why: `on ${hidden.join(', ')} its arguments are in memory, where a filter cannot see them`,
    });
  return {
    ...call,
    alternatives,
    words: [...(conditions?.words ?? []), ...open.map(name => `any ${name}, as some were not recorded`)],
  };
}

/** Marks all arguments as partly unknown, because the launcher's calls have unknown ones. */
const inPart = (seen: SeenArguments): SeenArguments =>
  new Map([...seen].map(([name, argument]) => [name, { ...argument, unknown: true }]));

const basesOf = (base: AnyProfile): readonly Policy[] => {
  const profile = parseProfile(base);
  return ARCHITECTURES.map(arch => resolveProfile(profile, { arch }));
};

/** Proves that the profile allows nothing that the base refuses, for every call with all arguments. */
function proveWithin(profile: SeccompProfile, base: AnyProfile): void {
  for (const arch of ARCHITECTURES) {
    const excess = findExcess(compile(profile, { arch }), compile(base, { arch }));
    if (excess !== undefined)
      throw new RecordingError(
        'exceeds-base',
        `the profile would allow on ${arch} what the base refuses, as call ${excess.call.syscall}`,
        'Generate without a base, and compare with seccomp diff --subset',
      );
  }
}
