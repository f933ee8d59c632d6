// Explanations, differences and simulations as JSON: numbers with their names.
import { abiOf, syscallName } from '../../kernel/abi.js';
import { actionName, type Action } from '../../kernel/action.js';
import type { AbiName } from '../../kernel/architectures.js';
import { namedArguments } from '../../kernel/arguments/named-arguments.js';
import { argumentName } from '../../kernel/arguments/parameter-names.js';
import type { Condition, Rule } from '../../policy/policy.js';
import type { Reason } from '../../policy/reason.js';
import { own } from '../../util/own.js';
import type { Location, Witness } from '../../util/errors.js';
import type { Actions, Conditions, Term } from '../meaning/actions.js';
import type { ArchitectureActions, AbiActions, Numbers } from '../meaning/sections.js';
import type { Difference, Place } from './diff.js';
import type { Explanation } from './explain.js';
import { formatConditions, type Topic } from './format-conditions.js';
import type { Simulation, Step } from './simulate.js';

/** A condition on one argument. */
export interface TermJson extends Term {
  /** The name of the argument. */
  readonly ofName: string;
}

/** The action under conditions. */
export interface CaseJson {
  /** The action, as a seccomp return value. */
  readonly action: Action;
  /** The name of the action: `ERRNO(EPERM)`. */
  readonly actionName: string;
  /** Alternatives of terms that must all hold. Absent if there are more than 4096. */
  readonly when: readonly (readonly TermJson[])[] | undefined;
  /** The condition in words: `domain is AF_ALG or AF_VSOCK`. */
  readonly condition: string;
}

/** The actions for one call. */
export interface ActionsJson {
  /** The actions with conditions. */
  readonly cases: readonly CaseJson[];
  /** The action for calls that meet no condition, as a seccomp return value. */
  readonly otherwise: Action;
  /** The name of that action. */
  readonly otherwiseName: string;
}

/** The actions for a call that has a name. */
export interface CallActionsJson extends ActionsJson {
  /** The name of the call. */
  readonly syscall: string;
  /** Its number, as the kernel sees it. */
  readonly number: number;
}

/** The actions for numbers that have no name. */
export interface NumberActionsJson extends ActionsJson {
  /** The numbers. */
  readonly numbers: Numbers;
}

/** The actions for the calls of one ABI. */
export interface AbiJson {
  /** The ABI. */
  readonly abi: AbiName;
  /** The action for every call, as a seccomp return value. Absent if it depends on the call. */
  readonly always: Action | undefined;
  /** The name of that action. */
  readonly alwaysName: string | undefined;
  /** Every call that the ABI names, by number. */
  readonly syscalls: readonly CallActionsJson[];
  /** All other numbers. */
  readonly unnamed: readonly NumberActionsJson[];
}

/** The actions for architectures without a name. */
export interface ArchitectureJson {
  /** Values of AUDIT_ARCH. */
  readonly architectures: Numbers;
  /** The actions for their calls, by number. */
  readonly actions: readonly NumberActionsJson[];
}

/** The actions of a filter for every call. */
export interface ExplanationJson {
  /** Every ABI that the package knows. */
  readonly abis: readonly AbiJson[];
  /** All other values of AUDIT_ARCH. */
  readonly otherArchitectures: readonly ArchitectureJson[];
}

/** An explanation with the names of actions and arguments. */
export const explanationJson = ({ abis, otherArchitectures }: Explanation): ExplanationJson => ({
  abis: abis.map(abiJson),
  otherArchitectures: otherArchitectures.map(architectureJson),
});

const abiJson = ({ abi, always, syscalls, unnamed }: AbiActions<Action>): AbiJson => ({
  abi,
  always,
  alwaysName: always === undefined ? undefined : actionName(always),
  syscalls: syscalls.map(({ syscall, number, ...actions }) => ({
    syscall,
    number,
    ...actionsJson(actions, { abi, syscall }),
  })),
  unnamed: unnamed.map(({ numbers, ...actions }) => ({ numbers, ...actionsJson(actions) })),
});

const architectureJson = ({ architectures, actions }: ArchitectureActions<Action>): ArchitectureJson => ({
  architectures,
  actions: actions.map(({ numbers, ...each }) => ({ numbers, ...actionsJson(each) })),
});

const actionsJson = ({ cases, otherwise }: Actions<Action>, topic?: Topic): ActionsJson => ({
  cases: cases.map(({ action, when }) => ({
    action,
    actionName: actionName(action),
    ...conditionsJson(when, topic),
  })),
  otherwise,
  otherwiseName: actionName(otherwise),
});

const conditionsJson = (
  when: Conditions | undefined,
  topic: Topic | undefined,
): Pick<CaseJson, 'when' | 'condition'> => ({
  when: when?.map(terms => terms.map(term => ({ ...term, ofName: nameOf(term.of, topic) }))),
  condition: formatConditions(when, topic),
});

const nameOf = (of: Term['of'], topic: Topic | undefined): string =>
  of === 'instructionPointer'
    ? of
    : topic === undefined
      ? `arg${of}`
      : argumentName(topic.abi, topic.syscall, of);

/** An argument of a call. */
export interface ArgumentJson {
  /** The name of the argument. */
  readonly name: string;
  /** The whole register. */
  readonly value: bigint;
  /** The names of the value's constants: `AF_ALG`. Absent if there are none. */
  readonly words: string | undefined;
}

/** A call. */
export interface CallJson {
  /** The ABI. Absent for an unknown architecture. */
  readonly abi: AbiName | undefined;
  /** The name of the call. Absent if it has none. */
  readonly name: string | undefined;
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  /** The number as the kernel sees it: with bit 30 for x32. */
  readonly syscall: number;
  /** Six registers of 64 bits. */
  readonly args: readonly bigint[];
  /** The arguments of the call, with their names. Absent if they are unknown. */
  readonly arguments: readonly ArgumentJson[] | undefined;
}

function callJson({ arch, syscall, args }: Pick<Witness, 'arch' | 'syscall' | 'args'>): CallJson {
  const abi = abiOf(arch, syscall)?.name;
  const name = abi === undefined ? undefined : syscallName(abi, syscall);
  const named = abi === undefined || name === undefined ? undefined : namedArguments(abi, name, args);
  return { abi, name, arch, syscall, args, arguments: named };
}

/** Calls whose action changes in the same way. */
export interface DifferenceJson {
  /** The affected calls. */
  readonly place: Place;
  /** The action of the first filter, as a seccomp return value. */
  readonly from: Action;
  /** The name of that action. */
  readonly fromName: string;
  /** The action of the second one, as a seccomp return value. */
  readonly to: Action;
  /** The name of that action. */
  readonly toName: string;
  /**
   * Alternatives of terms that must all hold; one empty list if the action always changes. Absent if there are more than 4096.
   */
  readonly when: readonly (readonly TermJson[])[] | undefined;
  /** The condition in words; empty if the action always changes. */
  readonly condition: string;
  /** One of these calls. */
  readonly witness: CallJson & Pick<Witness, 'instructionPointer'>;
}

/** Differences with the names of actions, arguments and constants. */
export const differencesJson = (differences: readonly Difference[]): readonly DifferenceJson[] =>
  differences.map(({ place, from, to, when, witness }) => ({
    place,
    from,
    fromName: actionName(from),
    to,
    toName: actionName(to),
    ...conditionsJson(when, place.kind === 'syscall' ? place : undefined),
    witness: { ...callJson(witness), instructionPointer: witness.instructionPointer },
  }));

/** A rule of a profile. */
export interface RuleJson {
  /** The conditions, all of which must hold; an empty list always holds. */
  readonly conditions: readonly (Condition & { readonly argName: string })[];
  /** The action for the call if they hold, as a seccomp return value. */
  readonly action: Action;
  /** The name of that action. */
  readonly actionName: string;
  /** The position in the profile. Absent if the rule is not from a text. */
  readonly at: Location | undefined;
}

/** The reason for an action of a policy. */
export interface ReasonJson {
  /**
   * The kind of reason: a rule whose conditions hold, a call that is named without conditions, the default action, a call that is
   * newer than the profile, or an ABI that the profile does not cover.
   */
  readonly kind: Reason['kind'];
  /** The action, as a seccomp return value. */
  readonly action: Action;
  /** The name of that action. */
  readonly actionName: string;
  /** The rule that decides. */
  readonly rule: RuleJson | undefined;
  /** The position in the profile. */
  readonly at: Location | undefined;
  /** Rules of the call whose conditions do not hold, if the default action applies. */
  readonly unmet: readonly RuleJson[] | undefined;
}

/** One layer's run on a call. */
export interface LayerJson {
  /** The layer's name on the command line. */
  readonly filter: string;
  /** The return value of its program. */
  readonly returned: string;
  /** Whether the kernel caches that calls with this number are allowed. */
  readonly cacheable: boolean;
  /** The reason, if the layer is a profile. */
  readonly reason: ReasonJson | undefined;
  /** Every instruction that ran, the return last. */
  readonly path: readonly Step[];
}

/** The outcome of a call. */
export interface SimulationJson {
  /** The call. */
  readonly call: CallJson;
  /** The kernel's action. */
  readonly action: string;
  /** Whether the call is executed. */
  readonly permitted: boolean;
  /** The index of the layer whose action applies. */
  readonly decidedBy: number;
  /** Whether the kernel allows the call from its cache, without running a filter. */
  readonly cached: boolean;
  /** The layers, the oldest first. */
  readonly layers: readonly LayerJson[];
}

/** Converts a simulation; `names` are those of its layers. */
export function simulationJson(simulation: Simulation, names: readonly string[]): SimulationJson {
  const { event, action, permitted, decidedBy, cached, layers } = simulation;
  const call = callJson(event);
  return {
    call,
    action: actionName(action),
    permitted,
    decidedBy,
    cached,
    layers: layers.map(({ returned, cacheable, reason, path }, index) => ({
      filter: names[index] ?? '',
      returned: actionName(returned),
      cacheable,
      reason: reason === undefined ? undefined : reasonJson(reason, call),
      path,
    })),
  };
}

function reasonJson(reason: Reason, call: CallJson): ReasonJson {
  const { kind, action } = reason;
  const unmet = kind === 'default' ? reason.unmet : undefined;
  return {
    kind,
    action,
    actionName: actionName(action),
    rule: kind === 'rule' ? ruleJson(reason.rule, call) : undefined,
    at: kind === 'rule' || kind === 'call' ? reason.at : undefined,
    unmet: unmet?.map(rule => ruleJson(rule, call)),
  };
}

const ruleJson = (rule: Rule, call: CallJson): RuleJson => ({
  conditions: rule.conditions.map(condition => ({
    ...condition,
    argName: call.arguments?.[condition.arg]?.name ?? `arg${condition.arg}`,
  })),
  action: rule.action,
  actionName: actionName(rule.action),
  at: own(rule, 'at'),
});
