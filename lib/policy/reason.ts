// Explains why a policy has an action for a system call: the deciding rule, and its position in the profile.
import type { Location } from '../util/errors.js';
import type { Action } from '../kernel/action.js';
import { decidingRule, outcome } from './evaluate.js';
import { checkedEvent, type Event } from '../kernel/event.js';
import { requirePolicy, type Policy, type Rule } from './policy.js';
import { own, owned } from '../util/own.js';

/** The reason for an action of a policy. */
export type Reason =
  | {
      /** The conditions of a rule hold. */
      readonly kind: 'rule';
      /** The action of the rule. */
      readonly action: Action;
      /** The rule. */
      readonly rule: Rule;
      /** The position in the profile, if it came from a text. */
      readonly at: Location | undefined;
    }
  | {
      /** The profile names the call without conditions. */
      readonly kind: 'call';
      /** The action for the call. */
      readonly action: Action;
      /** The position in the profile, if it came from a text. */
      readonly at: Location | undefined;
    }
  | {
      /** No rule matches. */
      readonly kind: 'default';
      /** The default action. */
      readonly action: Action;
      /** Rules of the call whose conditions do not hold. */
      readonly unmet: readonly Rule[];
    }
  | {
      /** The number is above the highest one that the profile names on this ABI. */
      readonly kind: 'newer';
      /** ENOSYS. */
      readonly action: Action;
    }
  | {
      /** The policy does not cover the ABI. */
      readonly kind: 'foreign';
      /** The action for ABIs that the policy does not cover. */
      readonly action: Action;
    };

/** Returns the reason for the result of `evaluate`; `action` is that result. Throws UsageError (`bad-policy`, `bad-event`). */
export function reasonFor(policy: Policy, event: Event): Reason {
  requirePolicy(policy);
  const { arch, syscall, args } = checkedEvent(event);
  const { rules, otherwise: action, at, unnamed } = owned(outcome(policy, arch >>> 0, syscall >>> 0));
  if (unnamed === 'newer' || unnamed === 'foreign') return { kind: unnamed, action };
  const rule = decidingRule(rules, args);
  if (rule !== undefined) return { kind: 'rule', action: rule.action, rule, at: own(rule, 'at') };
  if (unnamed === undefined && rules.length === 0) return { kind: 'call', action, at };
  return { kind: 'default', action, unmet: rules };
}
