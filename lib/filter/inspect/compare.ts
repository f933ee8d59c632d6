// Two filters or stacks compared by meaning, exactly: equality and inclusion, each refuted by a call that shows it.
import type { Witness } from '../../util/errors.js';
import { latitude, type Action } from '../../kernel/action.js';
import { composeLayers } from '../compose.js';
import { eventOf } from '../../bpf/call.js';
import { interpret } from '../../bpf/interpret.js';
import { layersOf, programOf, type Layers } from '../layers.js';
import { Bdd, type Node } from '../meaning/bdd.js';
import { meaningOf } from '../meaning/meaning.js';

/** A call that two filters answer differently. */
export interface Disagreement {
  /** The call. */
  readonly call: Witness;
  /** What the first one answers, as a seccomp return value. */
  readonly first: Action;
  /** What the second one answers. */
  readonly second: Action;
}

/**
 * A call that two filters, or stacks of them (the oldest layer first), answer differently, or undefined: then they
 * answer alike every number of every architecture, with all arguments and from any place in memory.
 *
 * What counts is what the kernel does: the strongest action of all layers, of equally strong ones the newest.
 * Throws UsageError (`bad-filter`), ProgramError, CompileError (`undecidable-program`).
 */
export const findDisagreement = (first: Layers, second: Layers): Disagreement | undefined =>
  search(first, second, (a, b) => a !== b);

/** Whether two filters, or stacks of them, answer every call alike. Throws as `findDisagreement` does. */
export const isEquivalent = (first: Layers, second: Layers): boolean =>
  findDisagreement(first, second) === undefined;

/**
 * A call that the first filter, or stack of them, lets go further than the second does, or undefined when there is none.
 * There are three steps: refused (KILL, TRAP, ERRNO), left to a supervisor (NOTIFY, TRACE), made (LOG, ALLOW).
 * Throws as `findDisagreement` does.
 */
export const findExcess = (first: Layers, second: Layers): Disagreement | undefined =>
  search(first, second, (a, b) => latitude(a) > latitude(b));

/**
 * Whether the first filter, or stack of them, allows nothing that the second denies; see `findExcess`.
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

/** A call for which a function does not give 0, with what both sides answer to it: they are run to say so. */
function witnessOf(bdd: Bdd, different: Node, first: Layers, second: Layers): Disagreement | undefined {
  const words = bdd.witness(different, 0);
  if (words === undefined) return undefined;
  const run = (layers: Layers): Action =>
    composeLayers(layersOf(layers).map(layer => interpret(programOf(layer), words).action));
  return { call: eventOf(words), first: run(first), second: run(second) };
}
