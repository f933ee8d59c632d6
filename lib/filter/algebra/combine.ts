// Combines two policies by their actions for each call, exactly for all arguments, errnos and actions.
import { UsageError } from '../../util/errors.js';
import { ABIS, X32_BIT } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { latitude, permits, precedence, type Action } from '../../kernel/action.js';
import { SCMP_ACT_ERRNO } from '../../kernel/constants.js';
import { ENOSYS, EPERM } from '../../kernel/errno.js';
import { eventOf } from '../../bpf/call.js';
import { WORD } from '../../bpf/program.js';
import { own } from '../../util/own.js';
import { givenOptions, ownOptions } from '../../util/options.js';
import { checkedPolicy } from '../../policy/check.js';
import { markPolicy } from '../../policy/own-policy.js';
import { isPolicy, type FilterFlag, type Policy, type SyscallPolicy } from '../../policy/policy.js';
import { runTable } from '../../policy/runs.js';
import type { TargetOptions } from '../../policy/target.js';
import type { ResolveOptions } from '../../profile/resolve/resolve.js';
import { RESOLVE_OPTIONS } from '../compile-options.js';
import { policyOf, type AnyProfile } from '../compile-profile.js';
import { policyOfMeaning, type KnownParts } from '../decompile/policy-of-meaning.js';
import { Bdd, type Node } from '../meaning/bdd.js';
import { callMeaning, policyMeaning } from '../meaning/policy-meaning.js';
import { setOf } from '../meaning/sections.js';
import { notExpressible } from '../../util/failures.js';

const LAST = 0xffffffff;

/** Options for resolving profiles; not allowed with two policies. */
export interface CombineOptions extends TargetOptions, ResolveOptions {}

/**
 * Returns a policy that allows what both allow: each call gets the more restrictive of the two actions, in the kernel's
 * order (KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, NOTIFY, TRACE, LOG, ALLOW), and among equally restrictive ones the
 * second's. The kernel does the same with the first as the older layer and the second as the newer one, with one
 * exception: if a policy refuses a call only because the call is newer than the policy, the errno of the other one
 * applies.
 *
 * Profiles are resolved for one target, as by `resolveProfile`: that of a policy among the arguments, or the one that
 * `options` describe. Rules of the two are kept if they mean the same in the result. The result is proven for every
 * call; only for numbers from 0x80000000 on, which x86_64 does not serve, the kind of refusal may differ.
 *
 * Throws UsageError (`targets-differ`, `listeners-differ`, `bad-option`), ConversionError (`not-expressible`), and as
 * `resolveProfile` does.
 */
export const intersection = (
  first: AnyProfile | Policy,
  second: AnyProfile | Policy,
  options: CombineOptions = {},
): Policy => combined(policiesOf(first, second, options), stronger);

/**
 * Returns a policy that allows what either allows: each call gets the less restrictive of the two actions, and among
 * equal ones the first's; otherwise as `intersection`. Throws as `intersection` does.
 */
export const union = (
  first: AnyProfile | Policy,
  second: AnyProfile | Policy,
  options: CombineOptions = {},
): Policy => combined(policiesOf(first, second, options), weaker, true);

/**
 * Returns a policy that allows what the first allows and the second does not: calls that both permit (ALLOW, LOG) get
 * the first's default action, or EPERM if that permits them; all others have the action of the first. Throws as
 * `intersection` does.
 */
export function difference(
  first: AnyProfile | Policy,
  second: AnyProfile | Policy,
  options: CombineOptions = {},
): Policy {
  const policies = policiesOf(first, second, options);
  const [{ defaultAction }] = policies;
  const refusal = permits(defaultAction) ? SCMP_ACT_ERRNO(EPERM) : defaultAction;
  return combined(policies, (x, y) => (permits(x) && permits(y) ? refusal : x));
}

/** Combines two actions; either may be NEWER. */
type Choice = (first: Action, second: Action) => Action;

/** Stands for the action for calls that are newer than a policy; it is not a seccomp action. */
const NEWER = 0xffffffff;
const ENOSYS_ACTION = SCMP_ACT_ERRNO(ENOSYS);

const strength = (action: Action): number => precedence(action === NEWER ? ENOSYS_ACTION : action);
/** Of equally restrictive actions, prefers that of the policy that knows the call. */
const known = (preferred: Action, other: Action): Action => (preferred === NEWER ? other : preferred);

const stronger: Choice = (a, b) =>
  strength(a) === strength(b) ? known(b, a) : strength(b) < strength(a) ? b : a;
const weaker: Choice = (a, b) =>
  strength(a) === strength(b) ? known(a, b) : strength(b) > strength(a) ? b : a;

/** Resolves both for one target. */
function policiesOf(
  first: AnyProfile | Policy,
  second: AnyProfile | Policy,
  options: CombineOptions,
): readonly [Policy, Policy] {
  const given = ownOptions(options, RESOLVE_OPTIONS);
  const target = isPolicy(first) ? first.target : isPolicy(second) ? second.target : {};
  const profiles = [first, second].filter(source => !isPolicy(source)).length;
  const meaning = givenOptions<CombineOptions>(given, RESOLVE_OPTIONS);
  const resolved = (source: AnyProfile | Policy): Policy =>
    isPolicy(source)
      ? checkedPolicy(policyOf(source, profiles === 0 ? meaning : {}))
      : policyOf(source, { ...target, ...meaning });
  const [a, b] = [resolved(first), resolved(second)];
  if (a.target.arch === b.target.arch) return [a, b];
  throw new UsageError(
    'targets-differ',
    `one policy is for ${a.target.arch}, the other for ${b.target.arch}`,
    'Resolve both for one architecture',
  );
}

/** `mayAllow`: whether numbers that the kernel never serves may be allowed if no policy can express their action. */
function combined([a, b]: readonly [Policy, Policy], how: Choice, mayAllow = false): Policy {
  const bdd = new Bdd();
  const both = bdd.combine(tagged(bdd, a), tagged(bdd, b), (x, y) => how(x, y) >>> 0);
  const meaning = bdd.replace(both, rest => {
    const answer = bdd.valueOf(rest) ?? 0;
    return bdd.constant(answer === NEWER ? ENOSYS_ACTION : answer);
  });
  const listener = commonListener(a, b);
  const policy: Policy = {
    ...policyOfMeaning(bdd, meaning, a.target, {
      defaultAction: how(a.defaultAction, b.defaultAction),
      written: writtenIn(bdd, [a, b]),
    }),
    flags: commonFlags(a, b),
    ...(listener !== undefined && { listener }),
    warnings: Object.freeze([...new Set([...a.warnings, ...b.warnings])]),
  };
  const said = policyMeaning(bdd, policy, runTable(policy));
  const wrong = bdd.combine(said, meaning, (one, other) => (one === other ? 0 : 1));
  const tooFar = bdd.combine(said, meaning, (one, other) =>
    mayAllow || latitude(one) <= latitude(other) ? 0 : 1,
  );
  const words = bdd.witness(bdd.ite(unserved(bdd), tooFar, wrong), 0);
  if (words === undefined) return markPolicy(Object.freeze(policy));
  const { arch, syscall } = eventOf(words);
  throw notExpressible(
    `no policy can express the combination for call number ${syscall} of architecture 0x${arch.toString(16)}`,
    'Load both filters as layers',
  );
}

/** The action of a policy, with NEWER for calls that are newer than it. */
function tagged(bdd: Bdd, policy: Policy): Node {
  let meaning = policyMeaning(bdd, policy, runTable(policy));
  for (const { abi, enosysAbove } of policy.abis) {
    if (enosysAbove === undefined) continue;
    // x86_64 and x32 differ only in bit 30, whatever bit 31 is.
    const shared = abi.audit === ABIS.x86_64.audit;
    const [low, high] = shared ? [abi.numberBit, abi.numberBit + X32_BIT - 1] : [0, LAST];
    const above = [Math.max(low, enosysAbove + 1), high] as const;
    const numbers = shared ? [above, [low + 2 * X32_BIT, high + 2 * X32_BIT] as const] : [above];
    const newer = bdd.and(setOf(bdd, WORD.arch, [[abi.audit, abi.audit]]), setOf(bdd, WORD.nr, numbers));
    meaning = bdd.ite(newer, bdd.constant(NEWER), meaning);
  }
  return meaning;
}

/** The calls of x86_64 and x32 whose numbers have bit 31 set. */
const unserved = (bdd: Bdd): Node =>
  bdd.and(
    setOf(bdd, WORD.arch, [[ABIS.x86_64.audit, ABIS.x86_64.audit]]),
    setOf(bdd, WORD.nr, [[2 * X32_BIT, LAST]]),
  );

/** The rules of calls in the policies that have the required actions, those of the first policy first. */
function writtenIn(bdd: Bdd, policies: readonly Policy[]): NonNullable<KnownParts['written']> {
  const meanings = new Map<SyscallPolicy, Node>();
  const meaningOf = (part: SyscallPolicy): Node => {
    const known = meanings.get(part) ?? callMeaning(bdd, part);
    meanings.set(part, known);
    return known;
  };
  return (abi: AbiName, number: number, rest: Node) => {
    for (const { abis } of policies) {
      const part = abis.find(each => each.abi === ABIS[abi])?.syscalls.get(number);
      if (part !== undefined && meaningOf(part) === rest) return part;
    }
    return undefined;
  };
}

/** The flags of both, but mitigations are disabled only if both disable them. */
const commonFlags = (a: Policy, b: Policy): readonly FilterFlag[] =>
  Object.freeze(
    [...new Set([...a.flags, ...b.flags])].filter(
      flag => flag !== 'SECCOMP_FILTER_FLAG_SPEC_ALLOW' || (a.flags.includes(flag) && b.flags.includes(flag)),
    ),
  );

function commonListener(a: Policy, b: Policy): Policy['listener'] {
  const [one, other] = [own(a, 'listener'), own(b, 'listener')];
  const same = one?.path === other?.path && own(one, 'metadata') === own(other, 'metadata');
  if (one === undefined || other === undefined || same) return one ?? other;
  throw new UsageError(
    'listeners-differ',
    `the policies have different listeners, ${JSON.stringify(one.path)} and ${JSON.stringify(other.path)}, or different metadata`,
    'A process has one listener: leave one of the two out',
  );
}
