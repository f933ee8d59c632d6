// The rule table: the meaning of a profile on one target, independent of JSON and BPF.
import { UsageError, type Diagnostic, type Location } from '../util/errors.js';
import { show } from '../util/show.js';
import type { Abi } from '../kernel/abi.js';
import type { Action } from '../kernel/action.js';
import type { Target } from './target.js';
import { own } from '../util/own.js';

/** Comparisons of an argument with constants. Source: seccomp_rule_add(3). */
export const OPERATORS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;

/** The names of comparisons in a profile. */
export type Operator = (typeof OPERATORS)[number];

/** A test of one argument. All comparisons are unsigned; with `width` 32 only the low word is compared. */
export type Condition =
  | {
      /** How the argument is compared with `value`. */
      readonly op: Exclude<Operator, 'SCMP_CMP_MASKED_EQ'>;
      /** Index of the argument, 0 to 5. */
      readonly arg: number;
      /** Bits of the register that are compared. */
      readonly width: 32 | 64;
      /** Unsigned, of as many bits as `width`. */
      readonly value: bigint;
    }
  | {
      /** `(argument & mask) === value`; bits of `value` outside of `mask` have been cleared. */
      readonly op: 'SCMP_CMP_MASKED_EQ';
      /** Index of the argument, 0 to 5. */
      readonly arg: number;
      /** Bits of the register that are compared. */
      readonly width: 32 | 64;
      /** The bits that are compared. */
      readonly mask: bigint;
      /** The required value of these bits. */
      readonly value: bigint;
    };

/** Conditions combined with AND, and the action if all hold. */
export interface Rule {
  /** All of them must hold; an empty list always holds. */
  readonly conditions: readonly Condition[];
  /** The action for the call if they hold. */
  readonly action: Action;
  /** The position in the profile. */
  readonly at?: Location;
}

/**
 * One system call: rules combined with OR, of which the most restrictive match applies, and the action if none
 * matches.
 */
export interface SyscallPolicy {
  /** In the order of the profile, which does not affect the meaning. */
  readonly rules: readonly Rule[];
  /** The action for the call if no rule matches. */
  readonly otherwise: Action;
  /** Where the profile specifies `otherwise`; absent if it is the default action. */
  readonly at?: Location;
}

/** One ABI of the target. */
export interface AbiPolicy {
  /** The ABI. */
  readonly abi: Abi;
  /** By number, as the kernel sees it (x32 with bit 30). Calls that are not here get the default action. */
  readonly syscalls: ReadonlyMap<number, SyscallPolicy>;
  /** Numbers above this one get ENOSYS, as runc does for calls newer than the profile; undefined: no such rule. */
  readonly enosysAbove: number | undefined;
}

/** The ABIs of a policy, the native one first. At least one is required. */
export function nativeFirst(abis: readonly AbiPolicy[]): Policy['abis'] {
  const [native, ...others] = abis;
  if (native === undefined) throw new Error('unreachable: the native ABI is always there');
  return Object.freeze([native, ...others] as const);
}

/** Flags of seccomp(2) that a profile can request. */
export type FilterFlag =
  | 'SECCOMP_FILTER_FLAG_TSYNC'
  | 'SECCOMP_FILTER_FLAG_LOG'
  | 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'
  | 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV';

/** What is allowed, on one target. `evaluate` defines its meaning. */
export interface Policy {
  /** The machine that it was resolved for. */
  readonly target: Target;
  /** The action for calls that no ABI lists. */
  readonly defaultAction: Action;
  /** The action for ABIs that the policy does not cover. */
  readonly badArch: Action;
  /** The native ABI first. */
  readonly abis: readonly [AbiPolicy, ...AbiPolicy[]];
  /** Flags that the profile requests. */
  readonly flags: readonly FilterFlag[];
  /** Where an OCI runtime sends the descriptor of NOTIFY actions. */
  readonly listener?: {
    /** The path of the AF_UNIX socket. */
    readonly path: string;
    /** The data to send along with the descriptor. */
    readonly metadata?: string;
  };
  /** Warnings about this meaning for readers of the profile. */
  readonly warnings: readonly Diagnostic[];
}

/**
 * Throws UsageError (`bad-policy`) for a value that does not look like a policy; `checkedPolicy` checks whether it is well
 * formed.
 */
export function requirePolicy(source: unknown): void {
  if (typeof source === 'object' && source !== null && Array.isArray(own(source as Partial<Policy>, 'abis')))
    return;
  throw new UsageError(
    'bad-policy',
    `a policy cannot be ${show(source)}`,
    'Pass the result of resolveProfile, or the policy of a filter',
  );
}

/** Whether a value is a policy rather than a profile: its default action is a number, not a string. */
export const isPolicy = (source: unknown): source is Policy =>
  typeof source === 'object' &&
  source !== null &&
  Object.hasOwn(source, 'abis') &&
  typeof own(source as Partial<Policy>, 'defaultAction') === 'number';
