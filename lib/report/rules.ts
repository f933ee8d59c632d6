// Describes the rules of a profile: their content and position, and whether they apply on the target.
import type { Location } from '../util/errors.js';
import type { Term } from '../filter/meaning/actions.js';
import { formatConditions, type Topic } from '../filter/inspect/format-conditions.js';
import { syscallNumber } from '../kernel/abi.js';
import { actionName } from '../kernel/action.js';
import type { Policy } from '../policy/policy.js';
import {
  alternatives,
  type Profile,
  type ProfileCondition,
  type ProfileRule,
  type Restriction,
} from '../profile/profile.js';
import { applies } from '../profile/resolve/select.js';
import { owned } from '../util/own.js';

/** A position in the text of the profile; lines and columns count from 1, columns in UTF-16 units. */
export interface RuleLine {
  readonly line: number;
  readonly column: number;
}

/** The position without the file. */
export const placeOf = ({ line, column }: Location): RuleLine => ({ line, column });

/** One entry of `syscalls`. */
export interface RuleData {
  readonly at: RuleLine;
  readonly action: string;
  readonly names: readonly { readonly name: string; readonly at: RuleLine }[];
  /** Undefined if there are none. */
  readonly conditions?: string;
  /** The machines to which it applies: `only with CAP_BPF`. Absent for all. */
  readonly restriction?: string;
  /** Whether it applies on the target. */
  readonly inForce: boolean;
  readonly comment?: string;
}

/** Every rule of a profile, in the order of the text. */
export const ruleData = (profile: Profile, policy: Policy): readonly RuleData[] =>
  profile.rules.map(rule => {
    const { at, action, names, conditions, comment } = owned(rule);
    const restriction = restrictionWords(rule);
    return {
      at: placeOf(at),
      action: actionName(action),
      names: names.map(name => ({ name: name.name, at: placeOf(name.at) })),
      ...(conditions.length > 0 && { conditions: conditionWords(rule, topicOf(rule, policy)) }),
      ...(restriction !== '' && { restriction }),
      inForce: applies(rule, policy.target),
      ...(comment !== undefined && { comment }),
    };
  });

/** The context for wording a rule: the names of arguments are known if it has only one call. */
function topicOf({ names }: ProfileRule, policy: Policy): Topic | undefined {
  const [first] = names;
  if (first === undefined || names.length > 1) return undefined;
  const found = policy.abis.find(({ abi }) => syscallNumber(abi.name, first.name) !== undefined);
  return found && { abi: found.abi.name, syscall: first.name };
}

const conditionWords = ({ conditions }: ProfileRule, topic: Topic | undefined): string =>
  formatConditions(
    alternatives(conditions).map(all => all.map(termOf)),
    topic,
  );

const LAST = 2n ** 64n - 1n;

function termOf(condition: ProfileCondition): Term {
  const { op, arg } = condition;
  const of = arg as Exclude<Term['of'], string>;
  const term = (test: Term['anyOf'][number]): Term => ({ of, width: 64, anyOf: [test] });
  if (op === 'SCMP_CMP_MASKED_EQ') {
    const { mask, value } = condition;
    return term({ op: 'maskedEqual', mask, value: value & mask });
  }
  const { value } = condition;
  switch (op) {
    case 'SCMP_CMP_EQ':
      return term({ op: 'in', ranges: [[value, value]] });
    case 'SCMP_CMP_NE':
      return term({ op: 'notIn', ranges: [[value, value]] });
    case 'SCMP_CMP_LE':
      return term({ op: 'in', ranges: [[0n, value]] });
    case 'SCMP_CMP_GT':
      return term({ op: 'notIn', ranges: [[0n, value]] });
    case 'SCMP_CMP_GE':
      return term({ op: 'in', ranges: [[value, LAST]] });
    case 'SCMP_CMP_LT':
      return term({ op: 'notIn', ranges: [[value, LAST]] });
  }
}

const restrictionWords = ({ includes, excludes }: ProfileRule): string =>
  [...restrictions('only', includes, ' and '), ...restrictions('not', excludes, ' or ')].join(', ');

function restrictions(word: string, restriction: Restriction, bind: string): string[] {
  const { caps, arches, minKernel } = owned(restriction);
  return [
    ...(caps.length > 0 ? [`${word} with ${caps.join(bind)}`] : []),
    ...(arches.length > 0 ? [`${word} on ${arches.join(' or ')}`] : []),
    ...(minKernel === undefined ? [] : [`${word} from Linux ${minKernel.major}.${minKernel.minor} on`]),
  ];
}
