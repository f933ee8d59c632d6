// A profile with other actions for some calls, on every target: rules and comments of its base are kept if possible.
import type { Location } from '../../util/errors.js';
import { topOf } from '../../util/place.js';
import { readChanges, type Changes } from '../../policy/derive/changes.js';
import {
  sealProfile,
  textOfProfile,
  writtenPolicy,
  type Profile,
  type ProfileRule,
  type Restriction,
} from '../profile.js';
import { own } from '../../util/own.js';
import { editText } from './edit-text.js';
import { planOf } from './plan.js';

const NOTHING: Restriction = Object.freeze({ caps: Object.freeze([]), arches: Object.freeze([]) });
const NOWHERE: Location = topOf('<changes>');

/**
 * The profile with some calls allowed, and others refused, whatever their arguments and the target; everything else stays as it
 * is. `at` is where the changes stand, `warnings` what a reader should know, `more` rules to be added
 * to those. `reread` reads the text of the base again, so that its places are those of the text.
 * Throws UsageError (`bad-option`, `unknown-group`, `unknown-syscall`), and ConversionError (`not-expressible`) for a base in another
 * format than JSON.
 */
export function deriveProfile(
  base: Profile,
  changes: Changes,
  reread: (text: string) => Profile,
  at: Location = NOWHERE,
  warnings: Profile['warnings'] = base.warnings,
  more: readonly ProfileRule[] = [],
): Profile {
  // Rules of a profile in another format are not in the profile.
  if (writtenPolicy(base) !== undefined) textOfProfile(base);
  const read = readChanges(changes);
  const { removed, added } = planOf(base, read);
  const kept = base.rules.flatMap((rule): readonly ProfileRule[] => {
    const names = rule.names.filter(named => !removed.has(named));
    if (names.length === rule.names.length) return [rule];
    return names.length === 0 ? [] : [Object.freeze({ ...rule, names: Object.freeze(names) })];
  });
  const rules = added.map(({ names, action, comment }): ProfileRule =>
    Object.freeze({
      names: Object.freeze(names.map(name => Object.freeze({ name, at }))),
      action,
      conditions: Object.freeze([]),
      includes: NOTHING,
      excludes: NOTHING,
      ...(comment !== undefined && { comment }),
      at,
    }),
  );
  return sealProfile(
    { ...base, rules: Object.freeze([...kept, ...rules, ...more]), warnings },
    {
      text: () => {
        const text = textOfProfile(base);
        const plan = planOf(reread(text), read);
        const others = more.map(rule => ({
          ...rule,
          comment: own(rule, 'comment'),
          names: rule.names.map(({ name }) => name),
        }));
        return editText(text, { ...plan, added: [...plan.added, ...others] });
      },
    },
  );
}
