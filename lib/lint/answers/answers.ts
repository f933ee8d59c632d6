// The actions for each call of an ABI in the form that lint rules use, for policies and programs alike.
import type { Location } from '../../util/errors.js';
import { syscallsOf } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { isKill, isFallback, permits, type Action } from '../../kernel/action.js';
import { outcome } from '../../policy/evaluate.js';
import type { Policy } from '../../policy/policy.js';
import { own } from '../../util/own.js';

/** Every action that a call can have, depending on its arguments, and its position in the profile. */
export interface CallAnswer {
  readonly actions: readonly [Action, ...Action[]];
  readonly at?: Location | undefined;
}

export interface AbiAnswers {
  readonly abi: AbiName;
  /** Calls by name. */
  readonly calls: ReadonlyMap<string, CallAnswer>;
  /** The action for calls that no rule names. */
  readonly otherwise: Action;
}

/** The actions of a policy, native ABI first. */
export const policyAnswers = (policy: Policy): readonly AbiAnswers[] =>
  policy.abis.map(({ abi, syscalls }) => ({
    abi: abi.name,
    otherwise: policy.defaultAction,
    calls: new Map(
      [...syscallsOf(abi.name)].map(([name, number]): [string, CallAnswer] => {
        const { rules, otherwise } = outcome(policy, abi.audit, number);
        const actions = new Set([...rules.map(({ action }) => action), otherwise]);
        return [
          name,
          {
            actions: [...actions] as [Action, ...Action[]],
            at: own(rules[0], 'at') ?? own(syscalls.get(number), 'at'),
          },
        ];
      }),
    ),
  }));

/** Whether the call is allowed with any arguments. */
export const alwaysAllowed = ({ actions }: CallAnswer): boolean => actions.every(permits);

export const neverAllowed = ({ actions }: CallAnswer): boolean => !actions.some(permits);

/** Whether a call is allowed with some arguments. */
export const sometimesAllowed =
  (calls: AbiAnswers['calls']) =>
  (name: string): boolean => {
    const answer = calls.get(name);
    return answer !== undefined && !neverAllowed(answer);
  };

/** Whether the call is allowed with some arguments and refused with others. */
export const dependsOnArguments = (answer: CallAnswer): boolean =>
  !alwaysAllowed(answer) && !neverAllowed(answer);

/** Whether the call fails with ENOSYS, as if the kernel did not have it. */
export const isAbsent = ({ actions }: CallAnswer): boolean => actions.every(isFallback);

/** Whether the call always kills the thread or the process. */
export const kills = ({ actions }: CallAnswer): boolean => actions.every(isKill);
