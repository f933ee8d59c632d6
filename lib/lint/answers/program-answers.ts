// What a program answers to the calls of each interface, read off its meaning: exact, whatever the program computes.
import { ABIS, syscallsOf, type AbiName } from '../../kernel/abi.js';
import { permits, type Action } from '../../kernel/action.js';
import { isAbsent, type Answer, type Answers } from './answers.js';
import { EVERY, levelOf, NONE, type Decisions, type Node } from '../../filter/meaning/bdd.js';
import { setOf } from '../../filter/meaning/sections.js';
import { WORD } from '../../bpf/program.js';

/** What is left of a program's meaning for one value of `seccomp_data.arch`. */
export interface ArchAnswers {
  readonly audit: number;
  /** The function from numbers and arguments to actions. */
  readonly section: Node;
  /** Every action that some call of the architecture gets. */
  readonly actions: readonly Action[];
}

/** Numbers that no interface has: what they get is what nobody has named. */
const UNNAMED = 0x00ff_fff0;

/** The AUDIT_ARCH values that the package knows. */
const AUDITS: readonly number[] = [...new Set(Object.values(ABIS).map(({ audit }) => audit))];

/** The actions that a function gives for some calls. */
const actionsOf = (decisions: Decisions, node: Node): readonly Action[] =>
  decisions.rests(node).map(constant => decisions.valueOf(constant) ?? 0);

/** What each known architecture is answered. Throws CompileError (`undecidable-program`). */
export const archAnswers = (decisions: Decisions, meaning: Node): readonly ArchAnswers[] =>
  AUDITS.map(audit => {
    const section = decisions.given(meaning, WORD.arch, audit);
    return { audit, section, actions: actionsOf(decisions, section) };
  });

/** Whether a call of an architecture that nobody knows may be made. */
export function permitsForeign(decisions: Decisions, meaning: Node): boolean {
  const known = setOf(
    decisions,
    WORD.arch,
    AUDITS.toSorted((a, b) => a - b).map(audit => [audit, audit]),
  );
  const permitted = permittedBy(decisions, meaning);
  return decisions.minus(permitted, known) !== NONE;
}

/** The calls that a function of actions lets through. */
const permittedBy = (decisions: Decisions, node: Node): Node =>
  decisions.replace(node, constant => (permits(decisions.valueOf(constant) ?? 0) ? EVERY : NONE));

/** The answers of one interface. */
export function interfaceAnswers(decisions: Decisions, abi: AbiName, section: Node): Answers {
  const known = new Map<Node, Answer['actions']>();
  const answerTo = (number: number): Answer['actions'] => {
    const node = decisions.given(section, WORD.nr, number);
    const actions = known.get(node) ?? (actionsOf(decisions, node) as [Action, ...Action[]]);
    known.set(node, actions);
    return actions;
  };
  const calls = new Map(
    [...syscallsOf(abi)].map(([name, number]): [string, Answer] => [name, { actions: answerTo(number) }]),
  );
  const [unnamed] = answerTo(UNNAMED + ABIS[abi].numberBit);
  return { abi, calls, otherwise: permits(unnamed) ? unnamed : (usualRefusal(calls) ?? unnamed) };
}

/** What most refused calls get. ENOSYS does not count: it is for calls that are newer than the profile. */
function usualRefusal(calls: ReadonlyMap<string, Answer>): Action | undefined {
  const counts = new Map<Action, number>();
  for (const answer of calls.values()) {
    const [action] = answer.actions;
    if (answer.actions.length === 1 && !permits(action) && !isAbsent(answer))
      counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** The arguments of one call that get it allowed with something in their high halves, and not with zeros there. */
export function openedByGarbage(
  decisions: Decisions,
  section: Node,
  number: number,
  args: readonly number[],
): readonly number[] {
  const permitted = permittedBy(decisions, decisions.given(section, WORD.nr, number));
  return args.filter(arg => {
    const word = WORD.high(arg);
    const clean = decisions.replace(permitted, rest => decisions.given(rest, word, 0), levelOf(word, 31));
    return decisions.minus(permitted, clean) !== NONE;
  });
}
