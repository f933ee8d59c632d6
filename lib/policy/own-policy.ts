// Copies policies that were made by hand: own properties only, each read once.
import { own, owned } from '../util/own.js';
import { ownElements } from '../util/own-elements.js';
import {
  requirePolicy,
  type AbiPolicy,
  type Condition,
  type Policy,
  type Rule,
  type SyscallPolicy,
} from './policy.js';

const made = new WeakSet<Policy>();

/** Marks a policy as made by this package, and therefore immutable. */
export function markPolicy<Made extends Policy>(policy: Made): Made {
  made.add(policy);
  return policy;
}

/**
 * Returns the policy itself if this package made it, otherwise a copy. Throws UsageError (`bad-policy`) as `requirePolicy` does.
 */
export function ownPolicy(policy: Policy): Policy {
  if (made.has(policy)) return policy;
  requirePolicy(policy);
  const { listener, ...copy } = owned(policy);
  return Object.freeze({
    ...copy,
    target: Object.freeze({ ...owned(copy.target) }),
    abis: list(copy.abis, ownAbi) as Policy['abis'],
    flags: list(copy.flags, flag => flag),
    warnings: list(copy.warnings, warning => warning),
    ...(listener !== undefined && { listener: Object.freeze({ ...owned(listener) }) }),
  }) as Policy;
}

const list = <Item, Result>(value: readonly Item[], copy: (item: Item) => Result): readonly Result[] =>
  Array.isArray(value) ? Object.freeze(ownElements(value as readonly Item[]).map(copy)) : (value as never);

function ownAbi(part: AbiPolicy): AbiPolicy {
  const { abi, syscalls, enosysAbove } = owned(part);
  // Reads the Map's own entries, because a caller's subclass could iterate over others.
  const calls = syscalls instanceof Map ? [...entriesOf.call(syscalls)] : undefined;
  return Object.freeze({
    abi,
    syscalls:
      calls === undefined ? syscalls : new Map(calls.map(([number, call]) => [number, ownCall(call)])),
    enosysAbove,
  });
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called below with a Map
const entriesOf = Map.prototype.entries as (
  this: ReadonlyMap<number, SyscallPolicy>,
) => IterableIterator<[number, SyscallPolicy]>;

function ownCall(call: SyscallPolicy): SyscallPolicy {
  const at = own(call, 'at');
  const { rules, otherwise } = owned(call);
  return Object.freeze({ rules: list(rules, ownRule), otherwise, ...(at !== undefined && { at }) });
}

function ownRule(rule: Rule): Rule {
  const { conditions, action, at } = owned(rule);
  return Object.freeze({
    conditions: list(conditions, ownCondition),
    action,
    ...(at !== undefined && { at }),
  });
}

const ownCondition = (condition: Condition): Condition => Object.freeze({ ...owned(condition) });
