// Finds rules of one call that contradict each other in libseccomp (EEXIST). Source: _db_rule_add and the tree of db.c.
import type { Action } from '../../kernel/action.js';

/** A rule as a path through libseccomp's tree: its conditions in the order of their arguments. */
interface Chained {
  readonly chain: readonly string[];
  readonly action: Action;
}

/**
 * The conditional rules of a call. libseccomp keeps them as paths in a tree: a rule whose conditions are a prefix of an
 * earlier rule's must have the same action. A rule that continues an earlier one is silently dropped.
 */
export class Chains<Rule extends Chained> {
  readonly #ends = new Set<string>();
  /** For each prefix of a rule, the first two rules that differ in their action. */
  readonly #beginnings = new Map<string, readonly [Rule, Rule?]>();

  /** Adds a rule, or returns an earlier one that it contradicts. */
  add(rule: Rule): Rule | undefined {
    const beginnings = rule.chain.map((_, index) => rule.chain.slice(0, index + 1).join(', '));
    const whole = beginnings.at(-1) ?? '';
    if (beginnings.slice(0, -1).some(beginning => this.#ends.has(beginning))) return undefined;
    const earlier = this.#beginnings
      .get(whole)
      ?.find(other => other !== undefined && other.action !== rule.action);
    if (earlier !== undefined) return earlier;
    this.#ends.add(whole);
    for (const beginning of beginnings) {
      const known = this.#beginnings.get(beginning);
      if (known === undefined) this.#beginnings.set(beginning, [rule]);
      else if (known[1] === undefined && known[0].action !== rule.action)
        this.#beginnings.set(beginning, [known[0], rule]);
    }
    return undefined;
  }
}
