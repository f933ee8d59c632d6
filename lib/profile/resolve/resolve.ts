// The second step: from a profile to its meaning on one target.
import { ABIS, callNumber, isCallNumber, syscallName } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { actionKind, isAction, permits, type Action } from '../../kernel/action.js';
import { SCMP_ACT_KILL_THREAD, SCMP_ACT_TRACE } from '../../kernel/constants.js';
import type { Policy } from '../../policy/policy.js';
import { badOption, oneOf, pickOptions } from '../../util/options.js';
import { parameterOf } from '../../kernel/arguments/signatures.js';
import { makeTarget, type TargetOptions } from '../../policy/target.js';
import { Findings } from '../findings.js';
import { parseProfile } from '../parse.js';
import { writtenPolicy, type Profile, type ProfileCondition, type ProfileRule } from '../profile.js';
import type { ProfileSource } from '../read-source.js';
import { conflictBudget } from './conflicts.js';
import { reportVainDenials } from './denials.js';
import { applies, targetAbis } from './select.js';
import { buildTable, LOW_WORD, type TableContext, type WidthOf } from './table.js';
import { own } from '../../util/own.js';
import { markPolicy } from '../../policy/own-policy.js';

export const ARG_WIDTHS = ['profile', 'declared'] as const;
/**
 * The width with which conditions compare arguments: the whole register, as in the profile, or as many bits as the
 * kernel reads.
 */
export type ArgWidth = (typeof ARG_WIDTHS)[number];

export const UNKNOWN_SYSCALLS = ['enosys', 'default'] as const;
/** The action for calls newer than the profile: ENOSYS, as in runc, or the default action, as in crun. */
export type UnknownSyscalls = (typeof UNKNOWN_SYSCALLS)[number];

/** Options that affect the meaning of a profile. */
export interface ResolveOptions {
  /**
   * The action for calls newer than the profile: ENOSYS, as in runc, so that libc falls back (the default); or the
   * default action. If the default action is ALLOW, LOG or TRACE, it always applies.
   */
  readonly unknownSyscalls?: UnknownSyscalls | undefined;
  /** The action for ABIs that the profile does not cover; default: KILL_THREAD, as in libseccomp. */
  readonly badArch?: Action | undefined;
  /**
   * How many bits of a register a condition on a 64-bit ABI compares: all 64, as Docker does (`profile`, the default),
   * or as many as the kernel reads of that argument (`declared`), so that garbage above an `int` has no effect.
   */
  readonly argWidth?: ArgWidth | undefined;
  /** Turns every warning, including those of the profile, into an error. */
  readonly strict?: boolean | undefined;
}

/** Denials without effect are errors, or warnings when a profile is only inspected. */
type DenialSeverity = 'error' | 'warning';

/**
 * Resolves a profile to its policy on a target; default: this architecture, the newest kernel and no capabilities.
 *
 * `profile` is a Profile or anything that parseProfile accepts. Throws as parseProfile does; also ProfileError:
 * `too-many-rules` for more rules than any filter could contain, `denial-without-effect` for rules that deny calls which
 * the target lacks while equivalent calls stay allowed, `contradicting-rules`, `ambiguous-number`, and, with `strict`,
 * for warnings. Sources: setupSeccomp of dockerd for which rules remain; libcontainer/seccomp of runc for their meaning.
 */
export function resolveProfile(
  profile: ProfileSource | Profile,
  target: TargetOptions = {},
  options: ResolveOptions = {},
): Policy {
  return resolved(profile, target, options, 'error');
}

/** Resolves a profile only for inspection: denials without effect are warnings. Throws as resolveProfile does. */
export function resolveForReview(
  profile: ProfileSource | Profile,
  target: TargetOptions,
  options: ResolveOptions,
): Policy {
  return resolved(profile, target, options, 'warning');
}

function resolved(
  profile: ProfileSource | Profile,
  target: TargetOptions,
  options: ResolveOptions,
  denials: DenialSeverity,
): Policy {
  const given = pickOptions(options, ['unknownSyscalls', 'badArch', 'argWidth', 'strict']);
  const { unknownSyscalls = 'enosys', badArch = SCMP_ACT_KILL_THREAD, strict = false } = given;
  const { argWidth = 'profile' } = given;
  oneOf('strict', strict, [true, false]);
  oneOf('unknownSyscalls', unknownSyscalls, UNKNOWN_SYSCALLS);
  oneOf('argWidth', argWidth, ARG_WIDTHS);
  if (!isAction(badArch)) {
    throw badOption('badArch', badArch, 'Pass one of the SCMP_ACT_* values');
  }
  const parsed = parseProfile(profile);
  const machine = makeTarget(target);
  const findings = new Findings();
  const written = writtenPolicy(parsed);
  if (written !== undefined) {
    const policy = written({
      target: machine,
      badArch: given.badArch,
      argWidth,
      resolve: base => resolved(base, target, options, denials),
    });
    return markPolicy(Object.freeze({ ...policy, warnings: findings.conclude(strict, parsed.warnings) }));
  }
  const { defaultAction } = parsed;
  const listenerPath = own(parsed, 'listenerPath');
  const listenerMetadata = own(parsed, 'listenerMetadata');
  const rules = parsed.rules.filter(rule => applies(rule, machine));
  const [native, ...others] = targetAbis(parsed, machine);

  const enosys =
    unknownSyscalls === 'enosys' &&
    !permits(defaultAction) &&
    actionKind(defaultAction) !== SCMP_ACT_TRACE(0);
  const widthOf = argWidth === 'declared' ? declaredWidth : registerWidth;
  const context = { defaultAction, enosys, findings, budget: conflictBudget(), widthOf };
  for (const rule of rules) {
    refuseAmbiguousNumbers(rule, [native, ...others], findings);
    warnOfTruncation(rule, [native, ...others], context);
  }
  const abis = [
    buildTable(ABIS[native], rules, context),
    ...others.map(name => buildTable(ABIS[name], rules, context)),
  ] as const;

  const policy = {
    target: machine,
    defaultAction,
    badArch,
    abis: Object.freeze(abis),
    flags: parsed.flags,
    ...(listenerPath !== undefined && {
      listener: Object.freeze({
        path: listenerPath,
        ...(listenerMetadata !== undefined && { metadata: listenerMetadata }),
      }),
    }),
    warnings: [],
  };
  reportVainDenials(parsed, rules, policy, findings, denials);
  return markPolicy(Object.freeze({ ...policy, warnings: findings.conclude(strict, parsed.warnings) }));
}

/** The width in bits with which policies compare a register. */
const registerWidth: WidthOf = abi => ABIS[abi].width;

/** The bits of an argument that the kernel reads; the whole register if its type is unknown. */
const declaredWidth: WidthOf = (abi, syscall, arg) =>
  ABIS[abi].width === 32 ? 32 : (parameterOf(abi, syscall, arg)?.width ?? 64);

/** Reports a number that means different calls on different ABIs, or no call on some. */
function refuseAmbiguousNumbers({ names }: ProfileRule, abis: readonly AbiName[], findings: Findings): void {
  for (const { name, at } of names) {
    if (!isCallNumber(name)) continue;
    const calls = abis.map(abi => syscallName(abi, callNumber(abi, name) ?? -1));
    if (new Set(calls).size < 2) continue;
    const meanings = abis.map((abi, index) => `${calls[index] ?? 'no known call'} on ${abi}`);
    findings.error(
      'ambiguous-number',
      at,
      `call ${name} is ${meanings.join(', ')}: numbers below 424 differ between architectures`,
      'Write the name, or cover only one ABI',
    );
  }
}

/** Warns once per rule of values that are truncated to their low words. */
function warnOfTruncation(
  { action, names, conditions }: ProfileRule,
  abis: readonly AbiName[],
  { defaultAction, widthOf, findings }: TableContext,
): void {
  if (action === defaultAction) return;
  const isWide = (condition: ProfileCondition): boolean =>
    condition.value > LOW_WORD || (condition.op === 'SCMP_CMP_MASKED_EQ' && condition.mask > LOW_WORD);
  // One condition per argument is enough, however many a hostile rule has.
  const firsts = [0, 1, 2, 3, 4, 5].map(arg => conditions.find(other => other.arg === arg && isWide(other)));
  for (const condition of firsts) {
    if (condition === undefined) continue;
    const cut = abis.filter(abi =>
      names.some(
        ({ name }) => callNumber(abi, name) !== undefined && widthOf(abi, name, condition.arg) === 32,
      ),
    );
    if (cut.length === 0) continue;
    findings.warning(
      'value-truncated',
      condition.at,
      `a value is wider than the 32 bits of an argument on ${cut.join(' and ')}: only its low half is compared there`,
      'Leave these architectures out of the profile, or use a value that fits',
    );
    return;
  }
}
