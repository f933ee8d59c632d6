// A policy or a profile with some calls allowed and others refused.
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
 * The base with some calls allowed, and others refused, whatever their arguments; everything else stays as it is.
 *
 * Of a profile it gives a profile, which says so for every architecture, kernel and set of capabilities: names are taken out of its
 * rules, and rules without conditions are added. Conditions and restrictions of other calls stay, and so does the border above
 * which calls are newer than the profile. `formatProfile` gives its text. Of a policy it gives a policy for the same target.
 *
 * Throws UsageError (`bad-option`, `unknown-group`, `unknown-syscall`), and as `parseProfile` does.
 */
export function derive(base: AnyProfile | Policy, changes: Changes): Policy | Profile {
  return isPolicy(base) ? derivePolicy(base, changes) : deriveProfile(parseProfile(base), changes, reread);
}

/**
 * The JSON text of a profile: its own, or for one that `derive` made, the text of its base with the names and the rules that changed;
 * comments and the order of rules stay. Throws as `parseProfile` does, and ConversionError (`not-expressible`) for a profile that was
 * read from another format.
 */
export const formatProfile = (profile: AnyProfile): string => textOfProfile(parseProfile(profile));
