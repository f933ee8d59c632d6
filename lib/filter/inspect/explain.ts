// Explains the actions of a filter, or of a stack of filters, for all calls, in conditions that are exact and short.
import type { Action } from '../../kernel/action.js';
import type { Layers } from '../layers.js';
import { Bdd } from '../meaning/bdd.js';
import { meaningOf } from '../meaning/meaning.js';
import { sectionsOf, type Sections } from '../meaning/sections.js';

/** The actions for calls, as seccomp return values, by ABI and name. */
export type Explanation = Sections<Action>;

/**
 * Explains a filter, or a stack of them (oldest layer first): the action for every call of every ABI with its conditions
 * on arguments; then for numbers without a name, and for architectures without one.
 * With `syscall`, only one call, by name or by number.
 *
 * The explanation is exact, whatever generated the program.
 * Throws UsageError (`bad-filter`, `unknown-syscall`, `bad-value`), ProgramError, CompileError (`undecidable-program`).
 */
export function explain(layers: Layers, syscall?: string | number): Explanation {
  const bdd = new Bdd();
  return sectionsOf(bdd, meaningOf(bdd, layers), action => action, syscall);
}
