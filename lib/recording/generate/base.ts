// Restricts a generated profile to a base: computes the intersection and proves that it allows nothing more.
import { syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { permits } from '../../kernel/action.js';
import type { Condition, Policy } from '../../policy/policy.js';
import { holds, mayPermit, outcome } from '../../policy/evaluate.js';
import type { Alternatives } from './argument-conditions.js';

/**
 * The remaining alternatives of a call under a base: empty if the base refuses the call, undefined if they cannot be
 * expressed.
 */
type Remaining = Alternatives | undefined;

/** The maximum number of rules for one call. */
const MAX_ALTERNATIVES = 64;

/** The alternatives of a call that all of these policies permit as well. */
export function withinBase(syscall: string, alternatives: Alternatives, bases: readonly Policy[]): Remaining {
  let rest: Remaining = alternatives;
  for (const base of bases) {
    for (const { abi } of base.abis) rest = rest && withinAbi(abi.name, syscall, rest, base);
  }
  return rest;
}

function withinAbi(abi: AbiName, syscall: string, alternatives: Alternatives, base: Policy): Remaining {
  const number = syscallNumber(abi, syscall);
  const part = base.abis.find(each => each.abi.name === abi);
  if (number === undefined || part === undefined) return alternatives;
  const { rules, otherwise } = outcome(base, part.abi.audit, number);
  if (!mayPermit({ rules, otherwise })) return [];
  if (rules.length === 0) return alternatives;
  const refusing = rules.filter(({ action }) => !permits(action));
  const allowing = permits(otherwise)
    ? [[]]
    : rules.filter(({ action }) => permits(action)).map(rule => rule.conditions);
  const result: (readonly Condition[])[] = [];
  for (const ours of alternatives) {
    for (const theirs of allowing) {
      const both = conjunction(ours, theirs);
      if (both === undefined) return undefined;
      if (both === 'never') continue;
      // If a more restrictive rule might refuse a part of it, only the part that it certainly permits is kept.
      const apart = refusing.every(rule => conjunction(both, rule.conditions) === 'never');
      if (!apart) return undefined;
      result.push(both);
    }
  }
  return result.length > MAX_ALTERNATIVES ? undefined : result;
}

/**
 * Combines both lists into one with at most one condition for each argument, because a second one would mean OR in
 * Docker's format.
 */
function conjunction(
  a: readonly Condition[],
  b: readonly Condition[],
): readonly Condition[] | 'never' | undefined {
  const result = new Map<number, Condition>(a.map(condition => [condition.arg, condition]));
  if (result.size < a.length) return undefined;
  for (const condition of b) {
    const ours = result.get(condition.arg);
    const both = ours === undefined ? condition : intersection(ours, condition);
    if (both === undefined || both === 'never') return both;
    result.set(condition.arg, both);
  }
  return [...result.values()].sort((x, y) => x.arg - y.arg);
}

/** Combines two conditions on the same argument into one. */
function intersection(a: Condition, b: Condition): Condition | 'never' | undefined {
  if (a.op === 'SCMP_CMP_EQ' && a.width === 64) return holdsFor(b, a.value) ? a : 'never';
  if (b.op === 'SCMP_CMP_EQ' && b.width === 64) return holdsFor(a, b.value) ? b : 'never';
  const [first, second] = [asMask(a), asMask(b)];
  if (first === undefined || second === undefined) return undefined;
  const shared = first.mask & second.mask;
  if ((first.value & shared) !== (second.value & shared)) return 'never';
  return {
    op: 'SCMP_CMP_MASKED_EQ',
    arg: a.arg,
    width: 64,
    mask: first.mask | second.mask,
    value: first.value | second.value,
  };
}

const holdsFor = (condition: Condition, value: bigint): boolean => {
  const args: bigint[] = [];
  args[condition.arg] = value;
  return holds(condition, args);
};

function asMask(condition: Condition): { readonly mask: bigint; readonly value: bigint } | undefined {
  const { op, width, value } = condition;
  const all = (1n << BigInt(width)) - 1n;
  if (op === 'SCMP_CMP_MASKED_EQ') return { mask: condition.mask & all, value };
  return op === 'SCMP_CMP_EQ' ? { mask: all, value } : undefined;
}
