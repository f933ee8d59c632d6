// The actions of a program for the calls of each ABI, derived from its exact meaning.
import { ABIS, syscallsOf } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { permits, type Action } from '../../kernel/action.js';
import { isAbsent, type CallAnswer, type AbiAnswers } from './answers.js';
import { EVERY, levelOf, NONE, type Bdd, type Node } from '../../filter/meaning/bdd.js';
import { setOf } from '../../filter/meaning/sections.js';
import { WORD } from '../../bpf/program.js';

/** The meaning of a program for one value of `seccomp_data.arch`. */
export interface ArchAnswers {
  readonly audit: number;
  /** The function from numbers and arguments to actions. */
  readonly section: Node;
  /** All actions for calls of the architecture. */
  readonly actions: readonly Action[];
}

/** A number that no ABI has, to find the action for unnamed calls. */
const UNNAMED = 0x00ff_fff0;

/** The AUDIT_ARCH values that the package knows. */
const AUDITS: readonly number[] = [...new Set(Object.values(ABIS).map(({ audit }) => audit))];

/** The actions of a function for some calls. */
const actionsOf = (bdd: Bdd, node: Node): readonly Action[] =>
  bdd.rests(node).map(constant => bdd.valueOf(constant) ?? 0);

/** The actions for each known architecture. Throws CompileError (`undecidable-program`). */
export const archAnswers = (bdd: Bdd, meaning: Node): readonly ArchAnswers[] =>
  AUDITS.map(audit => {
    const section = bdd.cofactor(meaning, WORD.arch, audit);
    return { audit, section, actions: actionsOf(bdd, section) };
  });

/** Whether a call of an unknown architecture may be made. */
export function permitsForeign(bdd: Bdd, meaning: Node): boolean {
  const known = setOf(
    bdd,
    WORD.arch,
    AUDITS.toSorted((a, b) => a - b).map(audit => [audit, audit]),
  );
  const permitted = permittedBy(bdd, meaning);
  return bdd.minus(permitted, known) !== NONE;
}

/** The calls that a function of actions permits. */
const permittedBy = (bdd: Bdd, node: Node): Node =>
  bdd.replace(node, constant => (permits(bdd.valueOf(constant) ?? 0) ? EVERY : NONE));

export function abiAnswersOf(bdd: Bdd, abi: AbiName, section: Node): AbiAnswers {
  const known = new Map<Node, CallAnswer['actions']>();
  const answerTo = (number: number): CallAnswer['actions'] => {
    const node = bdd.cofactor(section, WORD.nr, number);
    const actions = known.get(node) ?? (actionsOf(bdd, node) as [Action, ...Action[]]);
    known.set(node, actions);
    return actions;
  };
  const calls = new Map(
    [...syscallsOf(abi)].map(([name, number]): [string, CallAnswer] => [name, { actions: answerTo(number) }]),
  );
  const [unnamed] = answerTo(UNNAMED + ABIS[abi].numberBit);
  return { abi, calls, otherwise: permits(unnamed) ? unnamed : (usualRefusal(calls) ?? unnamed) };
}

/** The most frequent action of refused calls. ENOSYS does not count, because it is for calls newer than the profile. */
function usualRefusal(calls: ReadonlyMap<string, CallAnswer>): Action | undefined {
  const counts = new Map<Action, number>();
  for (const answer of calls.values()) {
    const [action] = answer.actions;
    if (answer.actions.length === 1 && !permits(action) && !isAbsent(answer))
      counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** Arguments for which a call is allowed with bits in their high halves, but not with zeros there. */
export function openedByGarbage(
  bdd: Bdd,
  section: Node,
  number: number,
  args: readonly number[],
): readonly number[] {
  const permitted = permittedBy(bdd, bdd.cofactor(section, WORD.nr, number));
  return args.filter(arg => {
    const word = WORD.high(arg);
    const clean = bdd.replace(permitted, rest => bdd.cofactor(rest, word, 0), levelOf(word, 31));
    return bdd.minus(permitted, clean) !== NONE;
  });
}
