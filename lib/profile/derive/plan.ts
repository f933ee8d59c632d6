// Plans changes to a profile's rules that allow some calls and refuse others on every target.
import { ABIS, callNumber, syscallsOf } from '../../kernel/abi.js';
import { isNative } from '../../kernel/architectures.js';
import { latitude, permits, type Action } from '../../kernel/action.js';
import { callGroups, isGroupName } from '../../kernel/calls/call-groups.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO } from '../../kernel/constants.js';
import { ENOSYS, EPERM } from '../../kernel/errno.js';
import type { ReadChanges } from '../../policy/derive/changes.js';
import { checkClosed } from '../../policy/derive/derive.js';
import type { NamedSyscall, Profile, ProfileCondition, ProfileRule, Restriction } from '../profile.js';
import { own } from '../../util/own.js';

export interface AddedRule {
  readonly comment: string | undefined;
  readonly names: readonly string[];
  readonly action: Action;
  /** Default: none, as for the restrictions. */
  readonly conditions?: readonly ProfileCondition[];
  readonly includes?: Restriction;
  readonly excludes?: Restriction;
}

/** Names to remove from the rules of a profile, and rules to add. */
export interface Plan {
  readonly removed: ReadonlySet<NamedSyscall>;
  readonly added: readonly AddedRule[];
}

/**
 * Plans how to change a profile. Rules without remaining names are dropped, others keep their conditions,
 * restrictions and comments. Throws UsageError (`bad-option`).
 */
export function planOf(profile: Profile, changes: ReadChanges): Plan {
  const { defaultAction, rules } = profile;
  checkClosed(changes, defaultAction);
  const { decided, decisionOf } = changes;
  const open = latitude(defaultAction) > 0;
  const byRule = (test: (rule: ProfileRule) => boolean): ReadonlySet<string> =>
    new Set(
      rules
        .filter(rule => isUnconditional(rule) && test(rule))
        .flatMap(({ names }) => names.map(({ name }) => name)),
    );
  const allowed = byRule(({ action }) => action === SCMP_ACT_ALLOW);
  const refused = byRule(({ action }) => latitude(action) === 0);
  const removed = new Set<NamedSyscall>();
  for (const rule of rules) {
    const lets = latitude(rule.action) > 0;
    for (const named of rule.names) {
      const decision = decisionOf(named.name);
      const goes =
        decision === 'deny'
          ? lets || (open && !refused.has(named.name))
          : decision === 'allow' && !(allowed.has(named.name) && permits(rule.action));
      if (goes) removed.add(named);
    }
  }
  const names = (which: 'allow' | 'deny'): readonly string[] =>
    [...decided].flatMap(([name, decision]) => (decision === which ? [name] : []));
  const allow = defaultAction === SCMP_ACT_ALLOW ? [] : names('allow').filter(name => !allowed.has(name));
  const deny = open ? names('deny').filter(name => !refused.has(name)) : [];
  return {
    removed,
    added: [
      ...grouped(allow, changes.lists.allow, SCMP_ACT_ALLOW),
      ...grouped(deny, changes.lists.deny, SCMP_ACT_ERRNO(EPERM)),
      ...(open ? [] : borderRules(profile, removed, allow)),
    ],
  };
}

/**
 * The last number before those that all architectures share (since Linux 5.1); libraries expect ENOSYS for later calls.
 */
const OLD = 423;

/** Whether a rule applies with any arguments and on any target. */
const isUnconditional = ({ conditions, includes, excludes }: ProfileRule): boolean =>
  conditions.length === 0 &&
  [includes, excludes].every(
    restriction =>
      restriction.caps.length === 0 &&
      restriction.arches.length === 0 &&
      own(restriction, 'minKernel') === undefined,
  );

/** One rule for each group in a list, and one for the calls that the list names directly. */
function grouped(names: readonly string[], list: readonly string[], action: Action): readonly AddedRule[] {
  const left = new Set(names);
  const take = (calls: readonly string[]): readonly string[] =>
    calls.filter(call => left.delete(call)).sort();
  const named = take(list.filter(name => !isGroupName(name)));
  const groups = callGroups()
    .filter(({ name }) => list.includes(name))
    .map(({ name, description, calls }) => ({
      comment: `${name}: ${description}`,
      names: take(calls),
      action,
    }));
  return [{ comment: undefined, names: named, action }, ...groups].filter(rule => rule.names.length > 0);
}

/**
 * Rules that keep the border above which calls count as newer than the profile and fail with ENOSYS: names that keep it in place,
 * and ENOSYS for calls that would move below it on a native ABI. A name has one rule for all ABIs: on others, such a call, which
 * is refused either way, may fail with ENOSYS or with the default action's errno instead.
 */
function borderRules(
  { rules, defaultAction }: Profile,
  removed: ReadonlySet<NamedSyscall>,
  allow: readonly string[],
): readonly AddedRule[] {
  const everywhere = rules.filter(rule => isUnconditional({ ...rule, conditions: [] }));
  const before = everywhere.flatMap(({ names }) => names.map(({ name }) => name));
  const after = [
    ...everywhere.flatMap(({ names }) => names.filter(named => !removed.has(named)).map(({ name }) => name)),
    ...allow,
  ];
  const abis = Object.values(ABIS).map(({ name }) => name);
  const highest = (abi: (typeof abis)[number], names: readonly string[]): number =>
    Math.max(0, ...names.map(name => callNumber(abi, name) ?? 0));
  const borders = abis.map(abi => ({ abi, was: highest(abi, before), is: highest(abi, after) }));
  const holding = borders.flatMap(({ abi, was, is }) =>
    is < was ? (before.find(name => callNumber(abi, name) === was) ?? []) : [],
  );
  const named = new Set(rules.flatMap(({ names }) => names.map(({ name }) => name)));
  const newer = borders
    .filter(({ abi, was }) => isNative(abi) && was > 0)
    .flatMap(({ abi, was, is }) =>
      [...syscallsOf(abi)].flatMap(([name, number]) =>
        number > Math.max(was, OLD) && number < is ? name : [],
      ),
    )
    .filter(name => !named.has(name) && !allow.includes(name));
  return [
    {
      comment: 'Refused; named to keep the limit above which calls count as newer than the profile.',
      names: [...new Set(holding)].sort(),
      action: defaultAction,
    },
    {
      comment: 'Newer than the rest of the profile: programs can do without them.',
      names: [...new Set(newer)].sort(),
      action: SCMP_ACT_ERRNO(ENOSYS),
    },
  ].filter(({ names }) => names.length > 0);
}
