// Converts the cases of a call to rules of a policy, whose most restrictive match applies.
import { precedence, type Action } from '../../../kernel/action.js';
import type { Rule, SyscallPolicy } from '../../../policy/policy.js';
import type { Location } from '../../../util/errors.js';
import type { WorkBudget } from '../../../util/work.js';
import { both, noneOf, type Conjunction } from './expression.js';

/** An action that applies if one of the alternatives holds. */
export interface CallCase {
  readonly action: Action;
  readonly alternatives: readonly Conjunction[];
  readonly at: Location;
}

/** The policy of a call whose most restrictive matching case applies, and the first of equally restrictive ones. */
export function strongestCase(cases: readonly CallCase[], otherwise: Action, at: Location): SyscallPolicy {
  const rules = cases.flatMap(({ action, alternatives, at: place }) =>
    alternatives.map((conditions): Rule => Object.freeze({ conditions, action, at: place })),
  );
  let always: Rule | undefined;
  for (const rule of rules)
    if (rule.conditions.length === 0 && (always === undefined || isStronger(rule, always))) always = rule;
  if (always === undefined) return part(rules, otherwise, at);
  const found = always;
  const isEqual = ({ action }: Rule): boolean => precedence(action) === precedence(found.action);
  // Of equally restrictive rules, the first one applies, so those before a rule with another action must be kept.
  const last = rules
    .slice(0, rules.indexOf(found))
    .findLastIndex(rule => isEqual(rule) && rule.action !== found.action);
  const kept = rules.filter(
    (rule, position) => isStronger(rule, found) || (position <= last && isEqual(rule)),
  );
  return part(kept, found.action, at);
}

const isStronger = (one: Rule, other: Rule): boolean => precedence(one.action) < precedence(other.action);

const part = (rules: readonly Rule[], otherwise: Action, at: Location): SyscallPolicy =>
  Object.freeze({ rules: Object.freeze([...new Set(rules)]), otherwise, at });

/** The policy of a call whose first matching case applies. */
export function firstCase(
  cases: readonly CallCase[],
  otherwise: Action,
  at: Location,
  budget: WorkBudget,
): SyscallPolicy {
  const earlier = new Map<number, Conjunction[]>();
  const always = cases.findIndex(({ alternatives }) => alternatives.some(({ length }) => length === 0));
  const apart = (always < 0 ? cases : cases.slice(0, always + 1)).map(one => {
    const strength = precedence(one.action);
    // The earlier cases that a more restrictive action would override.
    const overridden = [...earlier].flatMap(([other, alternatives]) =>
      other > strength ? alternatives : [],
    );
    const equals = earlier.get(strength) ?? [];
    earlier.set(strength, equals);
    for (const conjunction of one.alternatives) equals.push(conjunction);
    if (overridden.length === 0) return one;
    return { ...one, alternatives: both([one.alternatives, noneOf(overridden, budget)], budget) };
  });
  return strongestCase(apart, otherwise, at);
}

/** The policy of a call that has the action of the cases if one of them holds, and that of `before` otherwise. */
export function overlaid(
  cases: readonly CallCase[],
  before: SyscallPolicy,
  at: Location,
  budget: WorkBudget,
): SyscallPolicy {
  const elsewhere = noneOf(
    cases.flatMap(({ alternatives }) => alternatives),
    budget,
  );
  const earlier = before.rules.map(({ conditions, action }): CallCase => ({
    action,
    alternatives: both([[conditions], elsewhere], budget),
    at,
  }));
  return strongestCase([...cases, ...earlier], before.otherwise, at);
}
