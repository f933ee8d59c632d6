// Finds the smallest change to a profile that allows a refused call.
import type { Location } from '../util/errors.js';
import { abiOf, syscallName } from '../kernel/abi.js';
import { permits, precedence } from '../kernel/action.js';
import { evaluate, holds, outcome } from './evaluate.js';
import { checkedEvent, type Event } from '../kernel/event.js';
import { requirePolicy, type Policy } from './policy.js';
import { requireResult } from '../util/failures.js';
import { own, owned } from '../util/own.js';

/** A rule of a profile that allows a call, as in `syscalls`. */
export interface AllowingRule {
  /** The call. */
  readonly names: readonly [string];
  /** Always ALLOW. */
  readonly action: 'SCMP_ACT_ALLOW';
  /** The conditions, all of which must hold; absent if the arguments do not matter. */
  readonly args?: readonly {
    /** Index of the argument, 0 to 5. */
    readonly index: number;
    /** Unsigned, with as many bits as the ABI passes. */
    readonly value: bigint;
    /** The argument equals the value. */
    readonly op: 'SCMP_CMP_EQ';
  }[];
}

/** A change to a profile that allows a call. */
export type Remedy =
  | {
      /** Add this rule to `syscalls`. */
      readonly kind: 'add';
      /** The rule to add. */
      readonly rule: AllowingRule;
    }
  | {
      /** A rule refuses the call, and no added rule could override it: remove the name from it. */
      readonly kind: 'remove';
      /** The name of the call. */
      readonly name: string;
      /** Where the rule names the call. */
      readonly at: Location | undefined;
      /** The rule to add as well, if the call would be refused without that rule too and no other rule prevents it. */
      readonly rule?: AllowingRule;
    }
  | {
      /** The profile does not cover the ABI: add it to `architectures`, or to the entry of `archMap`. */
      readonly kind: 'architecture';
      /** `SCMP_ARCH_*`. */
      readonly architecture: string;
    };

/**
 * Returns the smallest change to a profile that would allow a call; undefined for a call that is allowed, or that has no
 * name. If the profile allows the call with other arguments, the suggested rule has conditions with the arguments of
 * this call, so that it allows nothing else. If several rules refuse the call, the most restrictive one is named; call
 * this function again for the changed profile. Throws UsageError (`bad-policy`, `bad-event`).
 */
export function remedyFor(event: Event, policy: Policy): Remedy | undefined {
  requirePolicy(policy);
  const call = checkedEvent(event);
  if (permits(evaluate(policy, call))) return undefined;
  const { arch, syscall, args } = call;
  const abi = abiOf(arch, syscall);
  const name = abi && syscallName(abi.name, syscall);
  if (abi === undefined || name === undefined) return undefined;
  if (!policy.abis.some(part => part.abi === abi)) {
    return { kind: 'architecture', architecture: abi.scmpName };
  }
  const { rules, otherwise, at } = owned(outcome(policy, arch, syscall));
  const matching = rules.filter(({ conditions }) => conditions.every(condition => holds(condition, args)));
  const inspected = new Set(rules.flatMap(({ conditions }) => conditions.map(({ arg }) => arg)));
  const rule = allowing(name, [...inspected], args, abi.width);
  const [first, ...others] = matching;
  if (first !== undefined) {
    const strongest = others.reduce((a, b) => (precedence(b.action) < precedence(a.action) ? b : a), first);
    // If other rules match as well, an added rule could contradict them, so it is suggested only with the last removal.
    const isLast = others.length === 0;
    return {
      kind: 'remove',
      name,
      at: own(strongest, 'at'),
      ...(isLast && !permits(otherwise) && { rule }),
    };
  }
  if (at === undefined) return { kind: 'add', rule };
  return { kind: 'remove', name, at, ...(!permits(policy.defaultAction) && { rule }) };
}

function allowing(
  name: string,
  inspected: readonly number[],
  args: readonly bigint[],
  width: 32 | 64,
): AllowingRule {
  const rule = { names: [name], action: 'SCMP_ACT_ALLOW' } as const;
  if (inspected.length === 0) return rule;
  const conditions = inspected
    .toSorted((a, b) => a - b)
    .map(index => ({ index, value: BigInt.asUintN(width, args[index] ?? 0n), op: 'SCMP_CMP_EQ' as const }));
  return { ...rule, args: conditions };
}

/** Formats a remedy as a sentence without a full stop. Throws UsageError (`bad-argument`). */
export function describeRemedy(remedy: Remedy): string {
  requireResult(
    'a remedy',
    remedy,
    'kind',
    'Pass the result of remedyFor, which has none for a call that is allowed',
  );
  switch (remedy.kind) {
    case 'add':
      return `add to "syscalls": ${ruleText(remedy.rule)}`;
    case 'remove': {
      const { at, name, rule } = owned(remedy);
      const place = at === undefined ? '' : ` at ${at.file}:${at.line}:${at.column}`;
      return `remove "${name}" from the rule${place}${rule === undefined ? '' : ` and add to "syscalls": ${ruleText(rule)}`}`;
    }
    case 'architecture':
      return `add ${remedy.architecture} to the architectures`;
  }
}

/** Formats a rule as JSON with exact 64-bit numbers. */
function ruleText(whole: AllowingRule): string {
  const { args, ...rule } = owned(whole);
  if (args === undefined) return JSON.stringify(rule);
  const conditions = args.map(({ index, value, op }) => `{"index":${index},"value":${value},"op":"${op}"}`);
  return `${JSON.stringify(rule).slice(0, -1)},"args":[${conditions.join(',')}]}`;
}
