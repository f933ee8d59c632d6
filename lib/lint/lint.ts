// Lints profiles: combines the warnings of parsing and resolving with the lint rules.
import type { Diagnostic } from '../util/errors.js';
import { topOf } from '../util/place.js';
import { givenOptions, ownOptions } from '../util/options.js';
import { policyAnswers } from './answers/answers.js';
import { lintAnswers } from './answers/answer-rules.js';
import { lintStarting } from './answers/starting.js';
import { findings, ruleAt, type Finding, type Observation } from './finding.js';
import { isRuleCode } from './rules.js';
import { ABIS } from '../kernel/abi.js';
import type { TargetOptions } from '../policy/target.js';
import { abisOf, type Architecture, ARCHITECTURES } from '../kernel/architectures.js';
import { parseProfile } from '../profile/parse.js';
import type { Profile } from '../profile/profile.js';
import type { ProfileSource } from '../profile/read-source.js';
import { resolveForReview, type ResolveOptions } from '../profile/resolve/resolve.js';
import { applies, targetAbis } from '../profile/resolve/select.js';
import { lintArguments, lintImpossible } from './profiles/arguments.js';
import { lintContainerd } from './profiles/containerd.js';
import type { ContextRule, LintContext } from './profiles/context.js';
import { lintGroups } from './profiles/groups.js';
import { lintForeign, lintMultiplexers, lintNames, lintNewerCalls } from './profiles/abis.js';
import { suppress, type Suppression } from './suppress.js';
import { lintDropped, lintRepeated } from './profiles/without-effect.js';
import { own, owned } from '../util/own.js';

/** Options of `lint`. */
export interface LintOptions extends TargetOptions, Omit<ResolveOptions, 'strict'> {
  /** Suppressions of intended findings. */
  readonly suppress?: readonly Suppression[] | undefined;
}

const RESOLVING = ['unknownSyscalls', 'badArch', 'argWidth'];
const OPTIONS = ['arch', 'kernel', 'capabilities', 'suppress', ...RESOLVING];

const PROFILE_RULES: readonly ((profile: Profile) => Iterable<Observation>)[] = [
  lintDropped,
  lintNames,
  lintContainerd,
  lintGroups,
];

const CONTEXT_RULES: readonly ContextRule[] = [
  lintArguments,
  lintImpossible,
  lintRepeated,
  lintMultiplexers,
  lintForeign,
  lintNewerCalls,
  lintAllAnswers,
];

/**
 * Finds mistakes and gaps in a profile: the warnings of parsing and resolving it, and the rules of docs/lint.md. By
 * default it checks every architecture that the profile covers, with the newest kernel and no capabilities. Findings are
 * in the order of the text.
 *
 * Suppressed findings are in the list, with the reason; a suppression that matches nothing is a finding. Throws as
 * parseProfile and resolveProfile do, because an invalid profile cannot be linted, and UsageError (`bad-option`).
 */
export function lint(profile: ProfileSource | Profile, options: LintOptions = {}): readonly Finding[] {
  const given = ownOptions(options, OPTIONS);
  const { suppress: suppressions = [], arch, kernel, capabilities } = given;
  const resolving = givenOptions<ResolveOptions>(given, RESOLVING);
  const parsed = parseProfile(profile);
  const targets = (arch === undefined ? architecturesOf(parsed) : [arch]).map(name => ({
    arch: name,
    ...(kernel !== undefined && { kernel }),
    ...(capabilities !== undefined && { capabilities: [...capabilities] }),
  }));
  const contexts = targets.map(target => contextOf(parsed, target, resolving));
  const looked = new Set(contexts.flatMap(context => context.abis));
  return suppress(findings(placed(observe(parsed, contexts), parsed), [...looked]), suppressions);
}

function* observe(profile: Profile, contexts: readonly LintContext[]): Generator<Observation> {
  for (const { policy } of contexts) yield* policy.warnings.map(observationOf);
  // A dropped rule has a warning, so it is not also reported as superfluous.
  const lost = new Set(
    contexts.flatMap(({ policy }) =>
      policy.warnings.filter(isAboutLoss).map(warning => own(warning, 'at')?.pointer),
    ),
  );
  for (const rule of PROFILE_RULES) {
    for (const observation of rule(profile)) {
      if (observation.code === 'rule-equals-default' && lost.has(own(observation, 'at')?.pointer)) continue;
      yield observation;
    }
  }
  for (const rule of CONTEXT_RULES) for (const context of contexts) yield* rule(context);
}

const isAboutLoss = ({ code }: Diagnostic): boolean =>
  code === 'denial-dropped' || code === 'exception-dropped';

/** Only the first ABI, the native one, starts programs. */
function* lintAllAnswers({ policy }: LintContext): Generator<Observation> {
  const answers = policyAnswers(policy);
  yield* lintAnswers(answers);
  for (const native of answers.slice(0, 1)) yield* lintStarting(native);
}

/** Findings without a position are reported at the beginning of the file. */
function* placed(observations: Iterable<Observation>, { file }: Profile): Generator<Observation> {
  const top = topOf(file);
  for (const observation of observations) yield { ...observation, at: own(observation, 'at') ?? top };
}

function contextOf(profile: Profile, target: TargetOptions, options: ResolveOptions): LintContext {
  const policy = resolveForReview(profile, target, options);
  return {
    profile,
    policy,
    argWidth: own(options, 'argWidth') ?? 'profile',
    rules: profile.rules.filter(rule => applies(rule, policy.target)),
    abis: targetAbis(profile, policy.target),
  };
}

/** The architectures that a profile lists; all if it lists none. */
function architecturesOf({ architectures }: Profile): readonly Architecture[] {
  if (architectures.kind === 'native') return ARCHITECTURES;
  const listed =
    architectures.kind === 'list'
      ? architectures.architectures
      : architectures.entries.map(({ architecture }) => architecture);
  const served = ARCHITECTURES.filter(arch => abisOf(arch).some(abi => listed.includes(ABIS[abi].scmpName)));
  return served.length === 0 ? ARCHITECTURES : served;
}

/** Warnings that can occur for each call of a rule, or for each pair of rules. */
const REPEATED: readonly string[] = [
  'conflicting-rules',
  'duplicate-rule',
  'i386-multiplexer',
  'shadowed-rule',
];

function observationOf(warning: Diagnostic): Observation {
  const { code, message, at, remedy } = owned(warning);
  if (!isRuleCode(code)) throw new Error(`unreachable: the warning ${code} has no lint rule`);
  if (!REPEATED.includes(code)) return { code, message, at, remedy };
  return {
    code,
    at,
    remedy,
    about: [[message]],
    cause: ruleAt(at),
    message: ({ count }) => (count === 1 ? message : `${message}; the rule has ${count - 1} more of these`),
  };
}
