// Changes the actions of calls in a profile for every target, and keeps rules and comments of the base if possible.
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
 * The profile with some calls allowed and others refused, whatever the arguments and the target; everything else keeps its
 * action. `at` is the position of the changes, `warnings` are added to the profile, and `more` are additional rules. `reread`
 * parses the edited text, so that positions refer to that text. Throws UsageError (`bad-option`, `unknown-group`,
 * `unknown-syscall`), and ConversionError (`not-expressible`) for a base in a format other than JSON.
 */
export function deriveProfile(
  base: Profile,
  changes: Changes,
  reread: (text: string) => Profile,
  at: Location = NOWHERE,
  warnings: Profile['warnings'] = base.warnings,
  more: readonly ProfileRule[] = [],
): Profile {
  // For a profile in another format, `rules` is empty.
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
