// Finds rules that runtimes drop because they have the default action, although another rule applies to the same calls:
// exceptions and denials without effect. Source: matchCall in libcontainer/seccomp of runc; seccomp_rule_add(3), EACCES.
import { actionName, precedence, type Action } from '../../kernel/action.js';
import type { Condition } from '../../policy/policy.js';
import { quote } from '../../util/suggest.js';
import { place, type Findings } from '../findings.js';
import type { ProfileCondition, ProfileRule } from '../profile.js';
import { canBothHold, type ConflictBudget, type PlacedRule } from './conflicts.js';

/** A name in a rule with the default action. */
export interface DroppedCall {
  readonly rule: ProfileRule;
  readonly name: string;
  readonly number: number;
  /** Alternatives of conditions as the ABI compares them. */
  readonly alternatives: readonly (readonly Condition[])[];
}

/** The rules of a call that are not dropped. */
interface KeptRules {
  readonly unconditional: PlacedRule | undefined;
  readonly conditional: ReadonlyMap<string, PlacedRule> | undefined;
}

/** The maximum number of names in a message. */
const MAX_SHOWN = 6;

/**
 * Warns once for each rule. A rule without conditions next to rules with conditions is harmless, because it does the
 * same as the default action.
 */
export function warnOfDropped(
  dropped: readonly DroppedCall[],
  keptRules: (number: number) => KeptRules | undefined,
  defaultAction: Action,
  budget: ConflictBudget,
  findings: Findings,
): void {
  const byRule = new Map<ProfileRule, { readonly names: string[]; readonly decides: PlacedRule }>();
  for (const { rule, name, number, alternatives } of dropped) {
    const kept = keptRules(number);
    if (kept === undefined) continue;
    const decides =
      kept.unconditional ??
      (rule.conditions.length === 0 ? undefined : overlapping(alternatives, kept.conditional, budget));
    if (decides === undefined) continue;
    const group = byRule.get(rule);
    if (group === undefined) byRule.set(rule, { names: [name], decides });
    else group.names.push(name);
  }
  for (const [rule, { names, decides }] of byRule) {
    const [action, other] = [actionName(defaultAction), actionName(decides.action)];
    const isDenial = precedence(defaultAction) < precedence(decides.action);
    const shown = names.slice(0, MAX_SHOWN).map(quote);
    const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
    findings.warning(
      isDenial ? 'denial-dropped' : 'exception-dropped',
      rule.at,
      `this ${action} for ${shown.join(', ')}${more} has no effect: rules with the default action are dropped, so the ${other} at ${place(decides.at)} decides`,
      () => remedyOf(rule, decides, other),
    );
  }
}

function overlapping(
  alternatives: readonly (readonly Condition[])[],
  conditional: ReadonlyMap<string, PlacedRule> | undefined,
  budget: ConflictBudget,
): PlacedRule | undefined {
  for (const kept of conditional?.values() ?? []) {
    for (const conditions of alternatives) {
      budget.pairs -= Math.max(1, (conditions.length + kept.conditions.length) >> 4);
      // Rules that are not compared count as overlapping, because missing a denial without effect would be worse.
      if (budget.pairs < 0 || canBothHold(conditions, kept.conditions)) return kept;
    }
  }
  return undefined;
}

/** The opposite of each comparison. A comparison with a mask has none. */
const OPPOSITES: ReadonlyMap<ProfileCondition['op'], ProfileCondition['op']> = new Map([
  ['SCMP_CMP_EQ', 'SCMP_CMP_NE'],
  ['SCMP_CMP_NE', 'SCMP_CMP_EQ'],
  ['SCMP_CMP_LT', 'SCMP_CMP_GE'],
  ['SCMP_CMP_GE', 'SCMP_CMP_LT'],
  ['SCMP_CMP_LE', 'SCMP_CMP_GT'],
  ['SCMP_CMP_GT', 'SCMP_CMP_LE'],
]);

function remedyOf({ conditions }: ProfileRule, decides: PlacedRule, other: string): string {
  const [condition, ...more] = conditions;
  const opposite = condition && OPPOSITES.get(condition.op);
  if (condition === undefined || opposite === undefined || more.length > 0 || decides.conditions.length > 0)
    return `Change the conditions of the ${other} so that they exclude the calls of this rule, and remove this rule`;
  return `Add the opposite condition to the ${other}, argument ${condition.arg} ${opposite} ${condition.value}, and remove this rule`;
}
