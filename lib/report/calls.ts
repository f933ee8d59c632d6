// The system calls of a report: each with its action, in words if arguments decide, and the rules that name it.
import type { Explanation } from '../filter/inspect/explain.js';
import { formatForeign } from '../filter/inspect/format.js';
import type { AbiActions, SyscallActions } from '../filter/meaning/sections.js';
import { formatActions, formatConditions, formatNumbers } from '../filter/inspect/format-conditions.js';
import { ABIS } from '../kernel/abi.js';
import { callGroups, type CallGroup } from '../kernel/calls/call-groups.js';
import type { AbiName } from '../kernel/architectures.js';
import { actionKind, actionName, type Action } from '../kernel/action.js';
import * as scmp from '../kernel/constants.js';
import type { Policy } from '../policy/policy.js';
import { reasonFor } from '../policy/reason.js';
import { parametersOf } from '../kernel/arguments/signatures.js';
import { groupBy } from '../util/collections.js';
import type { RuleLine, RuleData } from './rules.js';

/** The kind of an action, by which calls are coloured and filtered. */
export type Tone = 'allow' | 'log' | 'conditional' | 'notify' | 'trace' | 'errno' | 'trap' | 'kill';

/** One system call of an ABI. */
export interface CallData {
  readonly name: string;
  readonly number: number;
  readonly tone: Tone;
  /** The action; absent if arguments decide. */
  readonly action?: string;
  /** The actions under conditions; empty if arguments do not matter. */
  readonly cases: readonly { readonly condition: string; readonly action: string }[];
  readonly otherwise: string;
  /** The actions and conditions in one line. */
  readonly words: string;
  /** The reason for the action, if no rule decides. */
  readonly why?: string;
  /** As in a C declaration; absent if they are unknown. */
  readonly parameters?: readonly string[];
  /** The rules that name it, as indexes, each with the position of the name. */
  readonly rules: readonly { readonly rule: number; readonly at: RuleLine }[];
}

/** Numbers without a name that have the same action. */
export interface NumbersData {
  readonly numbers: string;
  readonly words: string;
}

export interface AbiData {
  readonly abi: AbiName;
  /** AUDIT_ARCH_* */
  readonly audit: number;
  readonly calls: readonly CallData[];
  readonly unnamed: readonly NumbersData[];
}

/** ABIs or architectures whose calls are described together. */
export interface CallRemark {
  readonly place: string;
  readonly words: string;
}

/** The ABIs whose calls are listed separately: the native one first, if it is known. */
export function abiData(
  explanation: Explanation,
  policy: Policy | undefined,
  rules: readonly RuleData[],
): readonly AbiData[] {
  const linesOf = rulesByName(rules);
  return shown(explanation, policy).map(actions => ({
    abi: actions.abi,
    audit: ABIS[actions.abi].audit,
    calls: actions.syscalls.map(call => callData(actions.abi, call, policy, linesOf.get(call.syscall) ?? [])),
    unnamed: actions.unnamed.map(one => ({ numbers: formatNumbers(one.numbers), words: formatActions(one) })),
  }));
}

/** The groups that have calls on these ABIs, each with only those calls. */
export function groupsWithCalls(abis: readonly AbiData[]): readonly CallGroup[] {
  const names = new Set(abis.flatMap(({ calls }) => calls.map(({ name }) => name)));
  return callGroups()
    .map(group => ({ ...group, calls: group.calls.filter(call => names.has(call)) }))
    .filter(({ calls }) => calls.length > 0);
}

/** The actions for all other ABIs and architectures. */
export function elsewhere(explanation: Explanation, policy: Policy | undefined): readonly CallRemark[] {
  const told = new Set(shown(explanation, policy).map(({ abi }) => abi));
  return [
    ...explanation.abis.flatMap(({ abi, always }) =>
      told.has(abi) || always === undefined ? [] : [{ place: abi, words: actionName(always) }],
    ),
    ...explanation.otherArchitectures.flatMap(({ architectures, actions }) =>
      actions.map(one => ({ place: formatForeign(architectures, one.numbers), words: formatActions(one) })),
    ),
  ];
}

function shown({ abis }: Explanation, policy: Policy | undefined): readonly AbiActions<Action>[] {
  const covered = policy?.abis.map(({ abi }) => abi.name) ?? [];
  const first = covered.flatMap(name => abis.filter(({ abi }) => abi === name));
  return [...first, ...abis.filter(one => one.always === undefined && !first.includes(one))];
}

function callData(
  abi: AbiName,
  call: SyscallActions<Action>,
  policy: Policy | undefined,
  rules: CallData['rules'],
): CallData {
  const { syscall, number, cases, otherwise } = call;
  const topic = { abi, syscall };
  const why = policy && whyNoRule(policy, abi, number);
  const parameters = parametersOf(abi, syscall);
  return {
    name: syscall,
    number,
    tone: cases.length > 0 ? 'conditional' : toneOf(otherwise),
    ...(cases.length === 0 && { action: actionName(otherwise) }),
    cases: cases.map(({ action, when }) => ({
      condition: formatConditions(when, topic),
      action: actionName(action),
    })),
    otherwise: actionName(otherwise),
    words: formatActions(call, topic),
    ...(why !== undefined && { why }),
    ...(parameters !== undefined && { parameters: parameters.map(parameterWords) }),
    rules: rules.map(({ rule, at }) => ({ rule, at })),
  };
}

const parameterWords = ({ type, name, width }: { type: string; name: string; width: number }): string =>
  `${type}${type.endsWith('*') ? '' : ' '}${name}, ${width} bits`;

function whyNoRule(policy: Policy, abi: AbiName, syscall: number): string | undefined {
  const reason = reasonFor(policy, {
    arch: ABIS[abi].audit,
    syscall,
    args: [0n, 0n, 0n, 0n, 0n, 0n],
    instructionPointer: 0n,
  });
  if (reason.kind === 'newer')
    return 'The call is newer than the profile: it fails like a call that the kernel does not have';
  return reason.kind === 'default' && reason.unmet.length === 0
    ? 'No applicable rule names the call: the default action'
    : undefined;
}

const rulesByName = (
  rules: readonly RuleData[],
): ReadonlyMap<string, readonly { readonly name: string; readonly rule: number; readonly at: RuleLine }[]> =>
  groupBy(
    rules.flatMap(({ names }, rule) => names.map(one => ({ ...one, rule }))),
    ({ name }) => name,
  );

/** The kind of an action; unknown actions kill. */
export const toneOf = (action: Action): Tone => TONES.get(actionKind(action)) ?? 'kill';

const TONES: ReadonlyMap<Action, Tone> = new Map([
  [scmp.SCMP_ACT_ALLOW, 'allow'],
  [scmp.SCMP_ACT_LOG, 'log'],
  [scmp.SCMP_ACT_NOTIFY, 'notify'],
  [scmp.SCMP_ACT_TRACE(0), 'trace'],
  [scmp.SCMP_ACT_ERRNO(0), 'errno'],
  [scmp.SCMP_ACT_TRAP, 'trap'],
]);
