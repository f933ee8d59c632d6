// A parsed policy in words, before it is resolved for a target.
import type { AbiName } from '../../../kernel/architectures.js';
import type { Action } from '../../../kernel/action.js';
import type { FilterFlag } from '../../../policy/policy.js';
import type { Location } from '../../../util/errors.js';
import type { Expression } from '../common/expression.js';
import type { Profile } from '../../profile.js';

/** The actions for a call: `allowed if …; ERRNO(EPERM) if …; otherwise KILL_PROCESS`. */
export interface WordedAnswers {
  readonly cases: readonly { readonly action: Action; readonly when: Expression; readonly at: Location }[];
  /** Undefined if there is no action for calls that meet no condition. */
  readonly otherwise: Action | undefined;
  readonly at: Location;
}

/** What a statement applies to. */
export type WordedSubject =
  | {
      readonly kind: 'call';
      /** A name, a number, or the name of a group with its `@`. */
      readonly name: string;
      readonly at: Location;
    }
  | {
      readonly kind: 'numbers';
      /** Ascending and disjoint. */
      readonly ranges: readonly (readonly [low: number, high: number])[];
      readonly at: Location;
    }
  | {
      /** Every call of the ABIs. */
      readonly kind: 'abi';
      readonly at: Location;
    }
  | { readonly kind: 'other architectures'; readonly at: Location };

/** One statement about one subject. */
export interface WordedStatement {
  readonly subject: WordedSubject;
  /** The ABIs that the subject or its block names; undefined for all that the policy covers. */
  readonly on: readonly AbiName[] | undefined;
  readonly answers: WordedAnswers;
}

/** A whole text. */
export interface WordedPolicy {
  readonly base: Profile | undefined;
  /** The action for calls that are not named. */
  readonly defaultAction: Action | undefined;
  /** The ABIs of all blocks; undefined if there is no block. */
  readonly covered: readonly AbiName[] | undefined;
  readonly flags: readonly FilterFlag[];
  readonly statements: readonly WordedStatement[];
  /** The beginning of the text. */
  readonly at: Location;
}
