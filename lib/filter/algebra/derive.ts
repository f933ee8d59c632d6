// Derives a policy or a profile in which some calls are allowed and others refused.
import type { Changes } from '../../policy/derive/changes.js';
import { derivePolicy } from '../../policy/derive/derive.js';
import { isPolicy, type Policy } from '../../policy/policy.js';
import { deriveProfile } from '../../profile/derive/derive.js';
import { parseProfile, reread } from '../../profile/parse.js';
import { textOfProfile, type Profile } from '../../profile/profile.js';
import type { AnyProfile } from '../compile-profile.js';

export function derive(base: Policy, changes: Changes): Policy;
export function derive(base: AnyProfile, changes: Changes): Profile;
export function derive(base: AnyProfile | Policy, changes: Changes): Policy | Profile;
/**
 * Returns a copy of the base in which some calls are allowed and others refused, whatever their arguments.
 *
 * If the base is a profile, the result is a profile, and the change applies to every architecture, kernel and set of
 * capabilities: names are removed from its rules, and rules without conditions are added. Conditions and restrictions of
 * other calls are kept, and so is the limit above which calls are newer than the profile. `formatProfile` returns its
 * text. If the base is a policy, the result is a policy for the same target.
 *
 * Throws UsageError (`bad-option`, `unknown-group`, `unknown-syscall`), and as `parseProfile` does.
 */
export function derive(base: AnyProfile | Policy, changes: Changes): Policy | Profile {
  return isPolicy(base) ? derivePolicy(base, changes) : deriveProfile(parseProfile(base), changes, reread);
}

/**
 * Returns the JSON text of a profile: its own text, or, for a result of `derive`, the text of the base with the changed
 * names and rules. Comments and the order of rules are kept. Throws as `parseProfile` does, and ConversionError
 * (`not-expressible`) for a profile that was read from another format.
 */
export const formatProfile = (profile: AnyProfile): string => textOfProfile(parseProfile(profile));
