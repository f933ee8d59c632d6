// Converts refusals to stops for a tracer, which records the calls and lets them continue.
import type { Location } from '../util/errors.js';
import { own } from '../util/own.js';
import { syscallNumber, syscallsOf, type Abi } from '../kernel/abi.js';
import { actionKind, permits, precedence, type Action } from '../kernel/action.js';
import * as scmp from '../kernel/constants.js';
import { outcome } from './evaluate.js';
import { ownOptions } from '../util/options.js';
import { markPolicy, ownPolicy } from './own-policy.js';
import {
  nativeFirst,
  type AbiPolicy,
  type Condition,
  type Policy,
  type Rule,
  type SyscallPolicy,
} from './policy.js';

/** Options of `withStops`. */
interface StopOptions {
  /** Leave NOTIFY to a supervisor. Default: false, which converts NOTIFY too. */
  readonly notifications?: boolean;
}

/** TRACE data that the tracer interprets; native/tracer/table.h has the same values. */
const LOOK_AT_PTRACE = 0x8000;
const LOOK_AT_CLONE = 0x4000;
const MAX_ANSWER = 0x3fff;

const CLONE_UNTRACED = 0x00800000n;
const PTRACE_TRACEME = 0n;
const PTRACE_ATTACH = 16n;
const PTRACE_SEIZE = 0x4206n;

/**
 * Returns a policy that stops for a tracer (TRACE) at every call that this one does not permit, so that the tracer can let
 * it continue. To get the original action of a call, use `evaluate` with the original policy. TRACE data distinguishes the
 * rules that decide. The policy also stops for the tracer when a process tries to trace another one, or to start one that
 * is not traced.
 *
 * Without a tracer, each of these calls fails with ENOSYS. Throws UsageError (`bad-option`).
 */
export function withStops(source: Policy, options: StopOptions = {}): Policy {
  const policy = ownPolicy(source);
  const { notifications = false } = ownOptions(options, [], ['notifications']);
  const number = numbering();
  const convert = (action: Action, at?: Location): Action => {
    if (permits(action)) return action;
    if (actionKind(action) === scmp.SCMP_ACT_NOTIFY && notifications) return action;
    return scmp.SCMP_ACT_TRACE(number(action, at));
  };
  return markPolicy({
    ...policy,
    defaultAction: convert(policy.defaultAction),
    badArch: convert(policy.badArch),
    abis: nativeFirst(policy.abis.map(part => tracedAbi(part, policy, convert))),
    // This flag needs a listener.
    flags: policy.flags.filter(flag => flag !== 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV' || notifications),
  });
}

/** Numbers distinct values, from 1. */
function numbering(): (action: Action, at: Location | undefined) => number {
  const known = new Map<string, number>();
  return (action, at) => {
    const key = JSON.stringify([action, at?.file, at?.line, at?.column]);
    const number = known.get(key) ?? Math.min(known.size + 1, MAX_ANSWER);
    known.set(key, number);
    return number;
  };
}

type Convert = (action: Action, at?: Location) => Action;

function tracedAbi({ abi, syscalls, enosysAbove }: AbiPolicy, policy: Policy, convert: Convert): AbiPolicy {
  const table = new Map([...syscalls].map(([number, part]) => [number, tracedCall(part, convert)]));
  // If the default action becomes TRACE too, newer calls still have separate data.
  if (enosysAbove !== undefined && permits(convert(policy.defaultAction))) {
    for (const number of syscallsOf(abi.name).values()) {
      if (number > enosysAbove) table.set(number, tracedCall(outcome(policy, abi.audit, number), convert));
    }
  }
  watch(
    table,
    abi,
    'ptrace',
    LOOK_AT_PTRACE,
    [PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE].map(value => ({
      op: 'SCMP_CMP_EQ',
      arg: 0,
      width: abi.width,
      value,
    })),
  );
  watch(table, abi, 'clone', LOOK_AT_CLONE, [
    { op: 'SCMP_CMP_MASKED_EQ', arg: 0, width: 32, mask: CLONE_UNTRACED, value: CLONE_UNTRACED },
  ]);
  return { abi, syscalls: table, enosysAbove: undefined };

  /** Also stops for the tracer at a permitted call if one of these conditions holds. */
  function watch(
    calls: Map<number, SyscallPolicy>,
    of: Abi,
    name: string,
    data: number,
    conditions: readonly Condition[],
  ): void {
    const number = syscallNumber(of.name, name);
    if (number === undefined) return;
    const call = calls.get(number) ?? tracedCall(outcome(policy, of.audit, number), convert);
    const { rules, otherwise } = call;
    const look = (action: Action): Action =>
      actionKind(action) === scmp.SCMP_ACT_TRACE(0) ? action | data : action;
    calls.set(number, {
      ...call,
      rules: [
        ...rules.map(rule => ({ ...rule, action: look(rule.action) })),
        ...(permits(otherwise) || rules.some(({ action }) => permits(action))
          ? conditions.map((condition): Rule => ({
              conditions: [condition],
              action: scmp.SCMP_ACT_TRACE(data),
            }))
          : []),
      ],
      otherwise: look(otherwise),
    });
  }
}

/** Sorts rules by precedence, because among rules that stop for the tracer, the first one determines the data. */
function tracedCall(part: SyscallPolicy, convert: Convert): SyscallPolicy {
  const { rules, otherwise } = part;
  return {
    ...part,
    rules: rules
      .toSorted((a, b) => precedence(a.action) - precedence(b.action))
      .map(rule => ({ ...rule, action: convert(rule.action, own(rule, 'at')) })),
    otherwise: convert(otherwise, own(part, 'at')),
  };
}
