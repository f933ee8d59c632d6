// What a filter, or a stack of them, answers to every call there is, in conditions that are exact and short.
import type { Action } from '../../kernel/action.js';
import type { Layers } from '../layers.js';
import { Bdd } from '../meaning/bdd.js';
import { meaningOf } from '../meaning/meaning.js';
import { sectionsOf, type Sections } from '../meaning/sections.js';

/** What calls are answered, as seccomp return values, by interface and name. */
export type Explanation = Sections<Action>;

/**
 * Explains a filter, or a stack of them (the oldest layer first): for every call of every interface the conditions on
 * its arguments under which it gets which answer; then numbers without a name, and architectures without one.
 * With `syscall`, one call: by name, or by number.
 *
 * The description is of what the kernel does with the program, not of where the program came from. It is exact.
 * Throws UsageError (`bad-filter`, `unknown-syscall`, `bad-value`), ProgramError, CompileError (`undecidable-program`).
 */
export function explain(layers: Layers, syscall?: string | number): Explanation {
  const bdd = new Bdd();
  return sectionsOf(bdd, meaningOf(bdd, layers), action => action, syscall);
}
