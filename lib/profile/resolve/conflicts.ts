// Finds contradicting rules of one system call: their actions differ and both can match.
import type { Location } from '../../util/errors.js';
import { actionName, mostRestrictive } from '../../kernel/action.js';
import { holds } from '../../policy/evaluate.js';
import type { Condition, Rule } from '../../policy/policy.js';
import { place, type Findings } from '../findings.js';
import { quote } from '../../util/suggest.js';

/** The maximum number of pairs of rules that are compared, so that hostile profiles do not take quadratic time. */
const MAX_PAIRS = 100_000;

/** The number of comparisons that are left. */
export interface ConflictBudget {
  pairs: number;
}

export const conflictBudget = (): ConflictBudget => ({ pairs: MAX_PAIRS });

/** A rule whose names and position are known. */
export interface PlacedRule extends Rule {
  /** The call in messages: `socket`, or `socketcall(socket)` for i386's multiplexer. */
  readonly call: string;
  readonly at: Location;
}

/**
 * Warns of rules with different actions that can match the same call, because libseccomp's choice between them follows no
 * order: once for each rule, with the first rule that it contradicts.
 */
export function warnOfConflicts(
  rules: readonly PlacedRule[],
  budget: ConflictBudget,
  findings: Findings,
): void {
  for (const later of rules) {
    for (const earlier of rules) {
      if (earlier === later) break;
      if (earlier.action === later.action) continue;
      budget.pairs -= Math.max(1, (later.conditions.length + earlier.conditions.length) >> 4);
      if (budget.pairs < 0) return warnOfLimit(findings);
      if (!canBothHold(earlier.conditions, later.conditions)) continue;
      findings.warning(
        'conflicting-rules',
        later.at,
        `this ${actionName(later.action)} and the ${actionName(earlier.action)} of ${place(earlier.at)} can both match ${quote(later.call)}: ${actionName(mostRestrictive(earlier.action, later.action))} applies`,
        'Make their conditions exclude each other: other runtimes may choose differently',
      );
      break;
    }
  }
}

const warnOfLimit = (findings: Findings): void =>
  findings.warning(
    'conflicts-unchecked',
    undefined,
    `more than ${MAX_PAIRS} pairs of rules have different actions: the rest was not checked for conflicts`,
  );

/** Ranges no larger than this are searched value by value. */
const SMALL = 64n;

/** Whether some value of one argument meets every condition. */
function satisfiable(conditions: readonly Condition[], width: number): boolean {
  let low = 0n;
  let high = (1n << BigInt(width)) - 1n;
  let mask = 0n;
  let bits = 0n;
  for (const condition of conditions) {
    const { value } = condition;
    switch (condition.op) {
      case 'SCMP_CMP_NE':
        break;
      case 'SCMP_CMP_LT':
        if (value <= high) high = value - 1n;
        break;
      case 'SCMP_CMP_LE':
        if (value < high) high = value;
        break;
      case 'SCMP_CMP_EQ':
        if (value > low) low = value;
        if (value < high) high = value;
        break;
      case 'SCMP_CMP_GE':
        if (value > low) low = value;
        break;
      case 'SCMP_CMP_GT':
        if (value >= low) low = value + 1n;
        break;
      case 'SCMP_CMP_MASKED_EQ':
        if (((bits ^ value) & mask & condition.mask) !== 0n) return false;
        mask |= condition.mask;
        bits |= value;
    }
  }
  if (high - low >= SMALL) return true;
  for (let value = low; value <= high; value++) {
    if (conditions.every(condition => holds({ ...condition, arg: 0 }, [value]))) return true;
  }
  return false;
}

/**
 * Whether some arguments meet the conditions of both rules. `false` is certain; `true` may be wrong if masks or many
 * SCMP_CMP_NE leave no value of a wide range.
 */
export function canBothHold(first: readonly Condition[], second: readonly Condition[]): boolean {
  // Visits each argument once, however many conditions a rule has on it.
  let seen = 0;
  for (const { arg, width } of first) {
    if ((seen & (1 << arg)) !== 0) continue;
    seen |= 1 << arg;
    if (!second.some(condition => condition.arg === arg)) continue;
    const isOwn = (condition: Condition): boolean => condition.arg === arg;
    if (!satisfiable([...first.filter(isOwn), ...second.filter(isOwn)], width)) return false;
  }
  return true;
}
