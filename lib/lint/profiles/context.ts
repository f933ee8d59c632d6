// The input of lint rules for profiles: the profile as written, and its meaning on one target.
import type { AbiName } from '../../kernel/architectures.js';
import type { Observation } from '../finding.js';
import type { Policy } from '../../policy/policy.js';
import type { Profile, ProfileRule } from '../../profile/profile.js';
import type { ArgWidth } from '../../profile/resolve/resolve.js';

/** A profile on one target. */
export interface LintContext {
  readonly profile: Profile;
  readonly policy: Policy;
  /** The rules that apply on the target, in the order of the text. */
  readonly rules: readonly ProfileRule[];
  /** The width with which conditions compare arguments. */
  readonly argWidth: ArgWidth;
  /** The covered ABIs, native first. */
  readonly abis: readonly AbiName[];
}

/** A rule over a profile on one target. */
export type ContextRule = (context: LintContext) => Iterable<Observation>;
