// Policies as statements about calls, the common form of several text formats, and their meaning on one machine.
import { ABIS, callNumber, isKnownSyscall } from '../../../kernel/abi.js';
import type { Action } from '../../../kernel/action.js';
import type { AbiName, Architecture } from '../../../kernel/architectures.js';
import { parameterOf } from '../../../kernel/arguments/signatures.js';
import { didYouMeanCall, noSuchCall } from '../../../kernel/calls/suggest-call.js';
import { nativeFirst, type AbiPolicy, type Policy, type SyscallPolicy } from '../../../policy/policy.js';
import type { Location } from '../../../util/errors.js';
import { own } from '../../../util/own.js';
import type { WrittenContext } from '../../profile.js';
import { firstCase, strongestCase, type CallCase } from './cases.js';
import { alternativesOf, expressionBudget, type Expression } from './expression.js';
import { failAt } from './scanner.js';

/** The action for a call under a condition. */
export interface StatementCase {
  readonly action: Action;
  readonly when: Expression;
  readonly at: Location;
}

/** The actions for one call. */
export interface CallStatement {
  /** A name, or a number in digits. */
  readonly name: string;
  readonly at: Location;
  /** The ABIs to which it applies; default: all. */
  readonly on?: readonly AbiName[];
  readonly cases: readonly StatementCase[];
}

export interface StatementPolicy {
  readonly defaultAction: Action;
  readonly badArch: Action;
  /** The ABIs of an architecture that the policy covers, the native one first. */
  readonly covers: (arch: Architecture) => readonly AbiName[];
  /** Which case of a call applies if several match. */
  readonly wins: 'first' | 'strongest';
  /** The bits to compare if a condition does not specify them: the whole register, or those that the kernel reads. */
  readonly width: 'register' | 'declared';
  /** Whether a call that an ABI does not have is an error or ignored. */
  readonly missing: 'error' | 'ignored';
  readonly statements: readonly CallStatement[];
  readonly at: Location;
}

/** For launchers whose programs ignore bit 30: calls of x32 are covered, with the default action. */
export const withX32 = (arch: Architecture): readonly AbiName[] =>
  arch === 'x86_64' ? ['x86_64', 'x32'] : [arch];

/** Throws ProfileError (`unknown-syscall`) for a name that no architecture has. */
export function checkCall(name: string, at: Location): void {
  if (!/^\d+$/.test(name) && !isKnownSyscall(name))
    failAt(at, 'unknown-syscall', noSuchCall(name), didYouMeanCall(name));
}

/** The meaning of a policy of statements. Throws ProfileError (`unknown-syscall`, and those of `alternativesOf`). */
export function resolveStatements(
  policy: StatementPolicy,
  context: WrittenContext,
): Omit<Policy, 'warnings'> {
  const { target, badArch } = context;
  const budget = expressionBudget(policy.at);
  const abis = policy.covers(target.arch).map((name): AbiPolicy => {
    const abi = ABIS[name];
    const calls = new Map<number, { readonly at: Location; readonly cases: CallCase[] }>();
    for (const statement of policy.statements) {
      const { name: syscall, at, cases } = statement;
      if (own(statement, 'on')?.includes(name) === false) continue;
      const number = callNumber(name, syscall);
      if (number === undefined) {
        if (policy.missing === 'error' && name === target.arch)
          failAt(at, 'unknown-syscall', noSuchCall(syscall, name), didYouMeanCall(syscall, [name]));
        continue;
      }
      const call = calls.get(number) ?? { at, cases: [] };
      calls.set(number, call);
      const widthOf = (arg: number): 32 | 64 =>
        policy.width === 'declared' || context.argWidth === 'declared'
          ? (parameterOf(name, syscall, arg)?.width ?? abi.width)
          : abi.width;
      for (const { action, when, at: place } of cases)
        call.cases.push({
          action,
          alternatives: alternativesOf(when, { abi: name, syscall, widthOf, budget }),
          at: place,
        });
    }
    const syscalls = new Map<number, SyscallPolicy>();
    for (const [number, { at, cases }] of calls) {
      syscalls.set(
        number,
        policy.wins === 'first'
          ? firstCase(cases, policy.defaultAction, at, budget)
          : strongestCase(cases, policy.defaultAction, at),
      );
    }
    return Object.freeze({ abi, syscalls, enosysAbove: undefined });
  });
  return {
    target,
    defaultAction: policy.defaultAction,
    badArch: badArch ?? policy.badArch,
    abis: nativeFirst(abis),
    flags: Object.freeze([]),
  };
}
