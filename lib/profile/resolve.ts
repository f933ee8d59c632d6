// The second step: from what a profile says to what it means on one target.
import { UsageError } from '../errors.js';
import { ABIS, syscallNumber, type AbiName } from '../policy/abi.js';
import { actionKind, isAction, permits, type Action } from '../policy/action.js';
import { SCMP_ACT_KILL_THREAD, SCMP_ACT_TRACE } from '../policy/constants.js';
import type { Policy } from '../policy/policy.js';
import { oneOf } from '../policy/options.js';
import { makeTarget, type TargetOptions } from '../policy/target.js';
import { Findings } from './findings.js';
import { parseProfile } from './parse.js';
import type { Profile, ProfileRule } from './profile.js';
import type { ProfileSource } from './read-source.js';
import { conflictBudget } from './resolve/conflicts.js';
import { applies, interfaces } from './resolve/select.js';
import { buildTable } from './resolve/table.js';

export interface ResolveOptions {
  /**
   * What calls newer than the profile get: ENOSYS, as in runc, so that libc falls back (the default); or the default
   * action. A default action of ALLOW, LOG or TRACE always counts as the second.
   */
  readonly unknownSyscalls?: 'enosys' | 'default';
  /** For interfaces the profile does not cover; KILL_THREAD, as libseccomp has it, unless given. */
  readonly badArch?: Action;
  /** Turns every warning, of the profile too, into an error. */
  readonly strict?: boolean;
}

/**
 * What a profile means on a target: this architecture, the newest kernel and no capabilities unless given.
 *
 * `profile` is a Profile or anything that parseProfile takes. Throws as parseProfile does; also ProfileError
 * `too-many-rules` for more rules than any filter could hold, and with `strict` for what would be a warning.
 * Sources: setupSeccomp of dockerd for what is left of the profile; libcontainer/seccomp of runc for what it means.
 */
export function resolveProfile(
  profile: ProfileSource | Profile,
  target: TargetOptions = {},
  options: ResolveOptions = {},
): Policy {
  const { unknownSyscalls = 'enosys', badArch = SCMP_ACT_KILL_THREAD, strict = false } = options;
  oneOf('unknownSyscalls', unknownSyscalls, ['enosys', 'default']);
  if (!isAction(badArch)) {
    throw new UsageError(
      'bad-option',
      `badArch cannot be ${String(badArch)}`,
      'Give one of the SCMP_ACT_* values',
    );
  }
  const parsed = parseProfile(profile);
  const machine = makeTarget(target);
  const findings = new Findings();
  const { defaultAction, listenerPath, listenerMetadata } = parsed;
  const rules = parsed.rules.filter(rule => applies(rule, machine));
  const [native, ...others] = interfaces(parsed, machine);

  const enosys =
    unknownSyscalls === 'enosys' &&
    !permits(defaultAction) &&
    actionKind(defaultAction) !== SCMP_ACT_TRACE(0);
  const context = { defaultAction, enosys, findings, budget: conflictBudget() };
  const narrow = [native, ...others].filter(name => ABIS[name].width === 32);
  if (narrow.length > 0) for (const rule of rules) warnOfTruncation(rule, narrow, defaultAction, findings);
  const abis = [
    buildTable(ABIS[native], rules, context),
    ...others.map(name => buildTable(ABIS[name], rules, context)),
  ] as const;

  return Object.freeze({
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
    warnings: findings.conclude(strict, parsed.warnings),
  });
}

/** Warns once a rule of values that 32-bit interfaces cut to their low words. */
function warnOfTruncation(
  rule: ProfileRule,
  narrow: readonly AbiName[],
  defaultAction: Action,
  findings: Findings,
): void {
  if (rule.action === defaultAction) return;
  const wide = rule.conditions.find(condition => {
    const values =
      condition.op === 'SCMP_CMP_MASKED_EQ' ? [condition.mask, condition.value] : [condition.value];
    return values.some(value => value > 0xffff_ffffn);
  });
  if (wide === undefined) return;
  const served = narrow.filter(abi => rule.names.some(({ name }) => syscallNumber(abi, name) !== undefined));
  if (served.length === 0) return;
  findings.warning(
    'value-truncated',
    wide.at,
    `a value is wider than the 32 bits of an argument on ${served.join(' and ')}: only its low half is compared there`,
    'Leave these architectures out of the profile, or use a value that fits',
  );
}
