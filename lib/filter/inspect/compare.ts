// Compares filters or stacks by meaning, exactly: equality and inclusion, each refuted by an example call.
import type { Witness } from '../../util/errors.js';
import { latitude, type Action } from '../../kernel/action.js';
import { composeLayers } from '../compose.js';
import { eventOf } from '../../bpf/call.js';
import { interpret } from '../../bpf/interpret.js';
import { layersOf, programOf, type Layers } from '../layers.js';
import { Bdd, type Node } from '../meaning/bdd.js';
import { meaningOf } from '../meaning/meaning.js';

/** A call for which two filters have different actions. */
export interface Disagreement {
  /** The call. */
  readonly call: Witness;
  /** The action of the first filter, as a seccomp return value. */
  readonly first: Action;
  /** The action of the second one, as a seccomp return value. */
  readonly second: Action;
}

/**
 * Returns a call for which two filters, or stacks of them (oldest layer first), have different actions; undefined if
 * there is none. Then they have the same action for every number of every architecture, with all arguments and from any
 * instruction.
 *
 * The action is that of the kernel: the most restrictive one of all layers, among equally restrictive ones the newest.
 * Throws UsageError (`bad-filter`), ProgramError, CompileError (`undecidable-program`).
 */
export const findDisagreement = (first: Layers, second: Layers): Disagreement | undefined =>
  search(first, second, (a, b) => a !== b);

/** Returns whether two filters, or stacks of them, have the same action for every call. Throws as `findDisagreement` does. */
export const isEquivalent = (first: Layers, second: Layers): boolean =>
  findDisagreement(first, second) === undefined;

/**
 * Returns a call for which the first filter, or stack of them, is less restrictive than the second; undefined if there
 * is none.
 * There are three levels: refused (KILL, TRAP, ERRNO), decided by a supervisor (NOTIFY, TRACE), executed (LOG, ALLOW).
 * Throws as `findDisagreement` does.
 */
export const findExcess = (first: Layers, second: Layers): Disagreement | undefined =>
  search(first, second, (a, b) => latitude(a) > latitude(b));

/**
 * Returns whether the first filter, or stack of them, allows nothing that the second denies; see `findExcess`.
 * Throws as `findDisagreement` does.
 */
export const isSubset = (first: Layers, second: Layers): boolean => findExcess(first, second) === undefined;

function search(
  first: Layers,
  second: Layers,
  differ: (first: Action, second: Action) => boolean,
): Disagreement | undefined {
  const bdd = new Bdd();
  const [a, b] = [meaningOf(bdd, first), meaningOf(bdd, second)];
  const different = bdd.combine(a, b, (x, y) => (differ(x, y) ? 1 : 0));
  return witnessOf(bdd, different, first, second);
}

/** A call for which a function is not 0, with the actions of both sides, found by running them. */
function witnessOf(bdd: Bdd, different: Node, first: Layers, second: Layers): Disagreement | undefined {
  const words = bdd.witness(different, 0);
  if (words === undefined) return undefined;
  const run = (layers: Layers): Action =>
    composeLayers(layersOf(layers).map(layer => interpret(programOf(layer), words).action));
  return { call: eventOf(words), first: run(first), second: run(second) };
}
