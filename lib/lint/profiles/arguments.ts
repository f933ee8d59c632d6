// Lint rules about conditions: whether they compare the bits that the kernel reads.
import { ABIS, syscallName, syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { precedence, type Action } from '../../kernel/action.js';
import { parametersOf, type Parameter } from '../../kernel/arguments/signatures.js';
import { ruleAt, verb, type Observation } from '../finding.js';
import type { ProfileCondition, ProfileRule } from '../../profile/profile.js';
import { LOW_WORD } from '../../profile/resolve/table.js';
import { canBothHold } from '../../profile/resolve/conflicts.js';
import { quote } from '../../util/suggest.js';
import type { LintContext } from './context.js';
import { own } from '../../util/own.js';

/** The maximum number of pairs of a condition and a call, so that hostile profiles do not take quadratic time. */
const MAX_PAIRS = 200_000;

/** Checks every condition for every call of its rule. */
export function* lintArguments(context: LintContext): Generator<Observation> {
  let pairs = 0;
  for (const rule of context.rules) {
    if (rule.action === context.profile.defaultAction) continue;
    for (const condition of rule.conditions) {
      if (isAlwaysTrue(condition)) {
        yield {
          code: 'condition-always-true',
          at: condition.at,
          message: `every value of argument ${condition.arg} meets this condition`,
        };
      }
      for (const { name } of rule.names) {
        if (pairs++ > MAX_PAIRS) {
          yield {
            code: 'conditions-unchecked',
            message: `more than ${MAX_PAIRS} pairs of a condition and a call: the rest was not checked`,
          };
          return;
        }
        for (const abi of context.abis) {
          const parameters = syscallNumber(abi, name) === undefined ? undefined : parametersOf(abi, name);
          if (parameters !== undefined) yield* lintCondition(condition, rule, name, abi, parameters, context);
        }
      }
    }
  }
}

function* lintCondition(
  condition: ProfileCondition,
  rule: ProfileRule,
  name: string,
  abi: AbiName,
  parameters: readonly Parameter[],
  { profile, argWidth }: LintContext,
): Generator<Observation> {
  const { arg, at } = condition;
  const parameter = parameters[arg];
  if (parameter === undefined) {
    const all = parameters.map(other => other.name).join(', ');
    yield {
      code: 'no-such-argument',
      abi,
      at,
      calls: [name],
      about: [[`${quote(name)} (${all})`]],
      cause: at.pointer,
      message: calls => `${calls.text} ${verb(calls, 'has', 'have')} no argument ${arg}`,
    };
  } else if (parameter.kind === 'pointer') {
    if (asksForNull(condition)) return;
    yield {
      code: 'pointer-compared',
      abi,
      at,
      calls: [name],
      about: [[`${quote(name)} (${parameter.type} ${parameter.name})`]],
      cause: at.pointer,
      message: calls => `argument ${arg} of ${calls.text} is a pointer`,
    };
  } else if (parameter.width === 32 && ABIS[abi].width === 64) {
    if (argWidth === 'declared' || !isEvadable(condition, rule.action, profile.defaultAction)) return;
    yield {
      code: 'wide-comparison',
      abi,
      at,
      calls: [name],
      about: [[`${quote(name)} (${parameter.type} ${parameter.name})`]],
      cause: at.pointer,
      message: calls =>
        `${condition.op} compares 64 bits of argument ${arg} of ${calls.text}, of which the kernel reads 32`,
    };
  }
}

/** Whether garbage in the high half of a register leads to a less restrictive action. */
function isEvadable(condition: ProfileCondition, action: Action, defaultAction: Action): boolean {
  const milder = precedence(action) > precedence(defaultAction);
  switch (condition.op) {
    case 'SCMP_CMP_NE':
    case 'SCMP_CMP_GT':
    case 'SCMP_CMP_GE':
      return milder;
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_LT':
    case 'SCMP_CMP_LE':
      return !milder;
    case 'SCMP_CMP_MASKED_EQ':
      return !milder && condition.mask > LOW_WORD;
  }
}

const EVERY_BIT = 0xffff_ffff_ffff_ffffn;

function isAlwaysTrue(condition: ProfileCondition): boolean {
  switch (condition.op) {
    case 'SCMP_CMP_GE':
      return condition.value === 0n;
    case 'SCMP_CMP_LE':
      return condition.value === EVERY_BIT;
    case 'SCMP_CMP_MASKED_EQ':
      return condition.mask === 0n;
    default:
      return false;
  }
}

/** Whether a condition compares with NULL, which is meaningful. */
const asksForNull = ({ op, value }: ProfileCondition): boolean =>
  value === 0n && (op === 'SCMP_CMP_EQ' || op === 'SCMP_CMP_NE' || op === 'SCMP_CMP_GT');

/** Conditions of one rule that exclude each other. */
export function* lintImpossible({ policy }: LintContext): Generator<Observation> {
  for (const { abi, syscalls } of policy.abis) {
    for (const [number, { rules }] of syscalls) {
      for (const rule of rules) {
        if (canBothHold(rule.conditions, rule.conditions)) continue;
        yield {
          code: 'impossible-condition',
          abi: abi.name,
          at: own(rule, 'at'),
          about: [[syscallName(abi.name, number) ?? String(number)]],
          cause: ruleAt(own(rule, 'at')),
          message: calls => `no call of ${calls.text} meets the conditions of this rule`,
        };
      }
    }
  }
}
