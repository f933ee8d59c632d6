// Partial evaluation of a call's rules: the companion of a walk, which keeps the rules that can still match.
import { precedence, type Action } from '../../kernel/action.js';
import type { Condition, SyscallPolicy } from '../../policy/policy.js';
import type { WorkBudget } from '../../util/work.js';
import { WORD } from '../../bpf/program.js';
import { narrow, type Region } from './symbolic.js';
import { FULL, split, type WordSet, type WordTest } from './words.js';
import { hasOwn } from '../../util/own.js';

/** A condition as tests of the high word, if any, and of the low one. */
interface RemainingTest {
  readonly condition: Condition;
  readonly high: number;
  readonly low: number;
  /** The words on which it still depends, as bits. */
  readonly words: number;
  readonly key: string;
}

/** A rule whose remaining conditions are undecided; the others are true. */
interface Pending {
  readonly atoms: readonly RemainingTest[];
  readonly action: Action;
  /** Its index among the rules, which breaks ties between equally restrictive actions. */
  readonly order: number;
}

/** The rules that can still match, and the best of those that certainly match. */
export interface Residual {
  readonly pending: readonly Pending[];
  readonly settled: { readonly action: Action; readonly order: number } | undefined;
  readonly otherwise: Action;
  /** The number of undecided conditions and rules: the cost of a step. */
  readonly size: number;
}

const LOW = 0xffffffffn;
const ALL = 0xffffffff;
/** Every word of the data, as bits. */
export const EVERY_WORD = 0xffff;

const NONE: readonly Pending[] = [];

/** Evaluates a call's rules for the calls of a region. Like the functions below, spends its steps on `work`. */
export function residualOf(part: SyscallPolicy, region: Region, work?: WorkBudget): Residual {
  if (part.rules.length === 0)
    return { pending: NONE, settled: undefined, otherwise: part.otherwise, size: 0 };
  const pending = part.rules.map((rule, order) => ({
    atoms: rule.conditions.map(makeAtom),
    action: rule.action,
    order,
  }));
  const size = sizeOf(pending);
  return decideAtoms(
    { pending, settled: undefined, otherwise: part.otherwise, size },
    EVERY_WORD,
    region,
    work,
  );
}

function makeAtom(condition: Condition): RemainingTest {
  const low = WORD.low(condition.arg);
  const high = condition.width === 64 ? WORD.high(condition.arg) : -1;
  const mask = condition.op === 'SCMP_CMP_MASKED_EQ' ? condition.mask : undefined;
  return {
    condition,
    low,
    high,
    words: (1 << low) | (high < 0 ? 0 : 1 << high),
    key: `${condition.op}${condition.arg}.${condition.width}.${mask ?? ''}.${condition.value}`,
  };
}

/** Updates the remaining rules after the region was narrowed on `word`. */
export function narrowResidual(
  residual: Residual,
  word: number,
  region: Region,
  work?: WorkBudget,
): Residual {
  const bit = 1 << word;
  if (!residual.pending.some(rule => rule.atoms.some(atom => (atom.words & bit) !== 0))) return residual;
  return decideAtoms(residual, bit, region, work);
}

const sizeOf = (pending: readonly Pending[]): number =>
  pending.reduce((size, { atoms }) => size + atoms.length, pending.length);

/** Evaluates again the atoms that depend on one of the words. */
function decideAtoms(residual: Residual, words: number, region: Region, work?: WorkBudget): Residual {
  work?.spend(residual.size);
  const pending: Pending[] = [];
  let changed = false;
  for (const rule of residual.pending) {
    const atoms: RemainingTest[] = [];
    let possible = true;
    for (const atom of rule.atoms) {
      const verdict = (atom.words & words) === 0 ? undefined : decide(atom, region, work);
      if (verdict === undefined) atoms.push(atom);
      else if (!verdict) {
        possible = false;
        break;
      }
    }
    if (possible && atoms.length === rule.atoms.length && atoms.length > 0) pending.push(rule);
    else {
      changed = true;
      if (possible) pending.push({ ...rule, atoms });
    }
  }
  return changed ? simplify(residual, pending) : residual;
}

/** Moves rules without undecided conditions to `settled`, and drops those that can no longer affect the action. */
function simplify({ settled: before, otherwise }: Residual, rules: readonly Pending[]): Residual {
  let settled = before;
  for (const { atoms, action, order } of rules) {
    if (atoms.length === 0 && (settled === undefined || beats({ action, order }, settled)))
      settled = { action, order };
  }
  const best = settled;
  const pending = rules.filter(rule => rule.atoms.length > 0 && (best === undefined || beats(rule, best)));
  return { pending, settled, otherwise, size: sizeOf(pending) };
}

interface Ranked {
  readonly action: Action;
  readonly order: number;
}

const beats = (a: Ranked, b: Ranked): boolean =>
  precedence(a.action) < precedence(b.action) ||
  (precedence(a.action) === precedence(b.action) && a.order < b.order);

/** The action if it is the same for all calls of the region; undefined if it depends on their arguments. */
export function verdictOf(residual: Residual): Action | undefined {
  const action = residual.settled?.action ?? residual.otherwise;
  return residual.pending.every(rule => rule.action === action) ? action : undefined;
}

/** The next test for deciding the remaining rules, and the word that it tests. */
export function nextQuestion(
  residual: Residual,
  region: Region,
  work?: WorkBudget,
): { readonly word: number; readonly test: WordTest } | undefined {
  for (const { atoms } of residual.pending) {
    for (const atom of atoms) {
      for (const { word, test } of questions(atom)) {
        const { yes, no } = split(region[word] ?? FULL, test, work);
        if (yes !== undefined && no !== undefined) return { word, test };
      }
    }
  }
  return undefined;
}

/** Whether an atom holds for all calls of the region or for none; undefined if for some. */
function decide(atom: RemainingTest, region: Region, work: WorkBudget | undefined): boolean | undefined {
  const ask = (set: WordSet, question: Question): boolean | undefined => answerOf(set, question, work);
  const low = region[atom.low] ?? FULL;
  const { condition } = atom;
  const lowValue = Number(condition.value & LOW);
  if (atom.high < 0) return ask(low, lowTest(condition, lowValue));
  const high = region[atom.high] ?? FULL;
  const highValue = Number(condition.value >> 32n);
  switch (condition.op) {
    case 'SCMP_CMP_EQ':
      return both(ask(high, equal(highValue)), () => ask(low, equal(lowValue)));
    case 'SCMP_CMP_NE':
      return not(both(ask(high, equal(highValue)), () => ask(low, equal(lowValue))));
    case 'SCMP_CMP_MASKED_EQ':
      return both(ask(high, { op: 'eq', mask: Number(condition.mask >> 32n), k: highValue }), () =>
        ask(low, { op: 'eq', mask: Number(condition.mask & LOW), k: lowValue }),
      );
    case 'SCMP_CMP_GE':
      return ordered(ask, high, highValue, low, { op: 'ge', mask: ALL, k: lowValue });
    case 'SCMP_CMP_GT':
      return ordered(ask, high, highValue, low, { op: 'gt', mask: ALL, k: lowValue });
    case 'SCMP_CMP_LT':
      return not(ordered(ask, high, highValue, low, { op: 'ge', mask: ALL, k: lowValue }));
    case 'SCMP_CMP_LE':
      return not(ordered(ask, high, highValue, low, { op: 'gt', mask: ALL, k: lowValue }));
  }
}

/** Greater (or equal) in two words: the high word is greater, or it is equal and the low word passes. */
function ordered(
  ask: (set: WordSet, question: Question) => boolean | undefined,
  high: WordSet,
  value: number,
  low: WordSet,
  test: WordTest,
): boolean | undefined {
  const greater = ask(high, { op: 'gt', mask: ALL, k: value });
  if (greater === true) return true;
  const equalHigh = both(ask(high, equal(value)), () => ask(low, test));
  if (greater === false) return equalHigh;
  return equalHigh === true ? true : undefined;
}

/** A test or its negation. */
interface Negatable {
  readonly test: WordTest;
  readonly negate: boolean;
}

type Question = WordTest | Negatable;

function lowTest(condition: Condition, value: number): Negatable {
  switch (condition.op) {
    case 'SCMP_CMP_EQ':
      return { test: equal(value), negate: false };
    case 'SCMP_CMP_NE':
      return { test: equal(value), negate: true };
    case 'SCMP_CMP_GE':
      return { test: { op: 'ge', mask: ALL, k: value }, negate: false };
    case 'SCMP_CMP_GT':
      return { test: { op: 'gt', mask: ALL, k: value }, negate: false };
    case 'SCMP_CMP_LT':
      return { test: { op: 'ge', mask: ALL, k: value }, negate: true };
    case 'SCMP_CMP_LE':
      return { test: { op: 'gt', mask: ALL, k: value }, negate: true };
    case 'SCMP_CMP_MASKED_EQ':
      return { test: { op: 'eq', mask: Number(condition.mask & LOW), k: value }, negate: false };
  }
}

function questions(atom: RemainingTest): readonly { readonly word: number; readonly test: WordTest }[] {
  const { condition } = atom;
  const low = { word: atom.low, test: lowTest(condition, Number(condition.value & LOW)).test };
  if (atom.high < 0) return [low];
  const highValue = Number(condition.value >> 32n);
  const mask = condition.op === 'SCMP_CMP_MASKED_EQ' ? Number(condition.mask >> 32n) : ALL;
  const highEqual = { word: atom.high, test: { op: 'eq', mask, k: highValue } as const };
  return [highEqual, { word: atom.high, test: { op: 'gt', mask: ALL, k: highValue } as const }, low];
}

const equal = (k: number): WordTest => ({ op: 'eq', mask: ALL, k });

function answerOf(set: WordSet, question: Question, work: WorkBudget | undefined): boolean | undefined {
  if (hasOwn(question, 'test')) {
    const answer = answerOf(set, question.test, work);
    return question.negate ? not(answer) : answer;
  }
  const { yes, no } = split(set, question, work);
  if (yes === undefined) return false;
  return no === undefined ? true : undefined;
}

const not = (answer: boolean | undefined): boolean | undefined =>
  answer === undefined ? undefined : !answer;

const both = (first: boolean | undefined, second: () => boolean | undefined): boolean | undefined => {
  if (first === false) return false;
  const other = second();
  if (other === false) return false;
  return first === true && other === true ? true : undefined;
};

/** Returns equal short keys for equal remaining rules. */
export class ResidualKeys {
  readonly #work: WorkBudget;
  readonly #keys = new WeakMap<Residual, string>();
  readonly #numbers = new Map<string, number>();

  constructor(work: WorkBudget) {
    this.#work = work;
  }

  /** The key of a residual. */
  of(residual: Residual): string {
    const { settled, otherwise, pending } = residual;
    const head = `${settled?.action ?? 'x'}/${otherwise}`;
    if (pending.length === 0) return head;
    const before = this.#keys.get(residual);
    if (before !== undefined) return before;
    this.#work.spend(KEY_STEPS * residual.size);
    const rules = pending.map(({ atoms, action }) => `${atoms.map(({ key }) => key).join('&')}>${action}`);
    const text = `${head}/${rules.join('|')}`;
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    const key = `r${number}`;
    this.#keys.set(residual, key);
    return key;
  }
}

/** The steps for writing one condition into a key. */
const KEY_STEPS = 4;

/** The words on which the remaining rules depend, as bits. */
export const residualWords = (residual: Residual): number =>
  residual.pending.reduce((words, rule) => rule.atoms.reduce((all, atom) => all | atom.words, words), 0);

/** Divides a region on one word, as the policy requires, with the remaining rules of each half. */
export function divide(
  residual: Residual,
  region: Region,
  word: number,
  test: WordTest,
  work?: WorkBudget,
): readonly { readonly residual: Residual; readonly region: Region }[] {
  const { yes, no } = split(region[word] ?? FULL, test, work);
  return [yes, no].flatMap(set => {
    if (set === undefined) return [];
    const half = narrow(region, word, set);
    return [{ residual: narrowResidual(residual, word, half, work), region: half }];
  });
}
