// Why a policy has an action for a system call: the rule that decides, and its position in the profile.
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
      /** What it answers. */
      readonly action: Action;
      /** That rule. */
      readonly rule: Rule;
      /** The position in the profile, if it came from a text. */
      readonly at: Location | undefined;
    }
  | {
      /** The profile names the call without conditions. */
      readonly kind: 'call';
      /** What it answers. */
      readonly action: Action;
      /** The position in the profile, if it came from a text. */
      readonly at: Location | undefined;
    }
  | {
      /** No rule matches; `unmet` are those of the call, whose conditions do not hold. */
      readonly kind: 'default';
      /** What it answers. */
      readonly action: Action;
      /** Rules of the call whose conditions do not hold. */
      readonly unmet: readonly Rule[];
    }
  | {
      /** The number is above the highest one that the profile names on this ABI. */
      readonly kind: 'newer';
      /** What it answers. */
      readonly action: Action;
    }
  | {
      /** The policy does not cover the ABI. */
      readonly kind: 'foreign';
      /** What it answers. */
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
