// Describes the actions for a call by conditions on its arguments: exact, short, for people and programs.
import { hasOwn } from '../../util/own.js';
import { precedence, type Action } from '../../kernel/action.js';
import { EVERY, NONE, type Bdd, type Node } from './bdd.js';
import { CubeCovers, firstLevel, type Cube, type Literal, type Variable } from './cover.js';
import { describeNumbers, type NumberSet, type NumberTest } from './number-sets.js';

/** A condition on one argument: at least one of the tests passes. */
export interface Term {
  /** Index of the argument, 0 to 5, or the instruction pointer. */
  readonly of: 0 | 1 | 2 | 3 | 4 | 5 | 'instructionPointer';
  /** The compared bits: 32 for the low word. */
  readonly width: 32 | 64;
  /** The tests. */
  readonly anyOf: readonly NumberTest[];
}

/** Alternatives, each a list of terms that must all hold. */
export type Conditions = readonly (readonly Term[])[];

/** An action and its conditions. */
export interface Case<T> {
  /** The action. */
  readonly action: T;
  /** The conditions; undefined if there are more than 4096. */
  readonly when: Conditions | undefined;
}

/** The actions for one call. No call meets the conditions of two cases. */
export interface Actions<T> {
  /** The actions with conditions. */
  readonly cases: readonly Case<T>[];
  /** The action for calls that meet no condition. */
  readonly otherwise: T;
}

/** Describes functions of arguments in one `Bdd`; equal functions share one object. */
export class Describer<T> {
  readonly #bdd: Bdd;
  readonly #covers: CubeCovers;
  readonly #meaning: (value: number) => T;
  readonly #otherwise: number | undefined;
  readonly #known = new Map<Node, Actions<T>>();
  readonly #numbers = new Map<string, Described | undefined>();

  /** `meaning` converts values of functions; `otherwise`, if given, is always the value without conditions. */
  constructor(bdd: Bdd, meaning: (value: number) => T, otherwise?: number) {
    this.#bdd = bdd;
    this.#covers = new CubeCovers(bdd, literal => this.#describeLiteral(literal)?.cost ?? BEYOND_DESCRIPTION);
    this.#meaning = meaning;
    this.#otherwise = otherwise;
  }

  /** The actions of a function of arguments. */
  describe(node: Node): Actions<T> {
    const actions = this.#known.get(node) ?? this.#describe(node);
    this.#known.set(node, actions);
    // Whoever prints an explanation writes the conditions of each call, even if several calls share one object.
    this.#bdd.spend(TEST_STEPS * testsOf(actions));
    return actions;
  }

  #describe(node: Node): Actions<T> {
    const bdd = this.#bdd;
    const values = bdd.rests(node).map(constant => bdd.valueOf(constant) ?? 0);
    const [only] = values;
    if (this.#otherwise === undefined && only !== undefined && values.length === 1)
      return { cases: [], otherwise: this.#meaning(only) };
    const all: Candidate[] = [];
    for (const value of values) {
      if (value === this.#otherwise) continue;
      const set = bdd.replace(node, rest => (bdd.valueOf(rest) === value ? EVERY : NONE));
      // One of two actions needs no description, so the second is abandoned once it is longer than the first.
      const limit = this.#otherwise === undefined && values.length === 2 ? all[0]?.cost : undefined;
      const cubes = this.#covers.of(set, limit);
      all.push({ value, cubes, cost: cubes === undefined ? Infinity : this.#covers.cost(cubes) });
    }
    const otherwise = this.#otherwise ?? all.reduce(longer).value;
    return {
      cases: all
        .filter(({ value }) => value !== otherwise)
        .map(({ value, cubes }) => ({ action: this.#meaning(value), when: this.#terms(cubes) })),
      otherwise: this.#meaning(otherwise),
    };
  }

  #terms(cubes: readonly Cube[] | undefined): Conditions | undefined {
    if (cubes === undefined) return undefined;
    const lists: (readonly Term[])[] = [];
    for (const { literals } of cubes.toSorted((a, b) => firstSubject(a) - firstSubject(b))) {
      const terms: Term[] = [];
      for (const literal of literals) {
        const numbers = this.#describeLiteral(literal);
        if (numbers === undefined) return undefined;
        for (const anyOf of numbers.allOf)
          terms.push({ of: nameOf(literal.subject), width: numbers.width, anyOf });
      }
      lists.push(terms);
    }
    return lists;
  }

  /** Describes the values of a literal; undefined if that takes too many tests. */
  #describeLiteral({ subject, calls }: Literal): Described | undefined {
    const key = `${subject},${calls}`;
    if (this.#numbers.has(key)) return this.#numbers.get(key);
    const first = firstLevel(subject);
    // If nothing tests the high word, the low one is a separate number.
    const width = this.#bdd.level(calls) >= first + 32 ? 32 : 64;
    const numbers = describeNumbers(this.#bdd, calls, first + 64 - width, width);
    const described: Described | undefined = numbers === undefined ? undefined : { width, ...numbers };
    this.#numbers.set(key, described);
    return described;
  }
}

/** A set of values and the width of its comparisons. */
interface Described extends NumberSet {
  /** 32 for the low word only. */
  readonly width: 32 | 64;
}

/** The cost of a literal that needs too many tests. */
const BEYOND_DESCRIPTION = 4096;

/** Steps per test and call that has it: 16 steps for about 40 characters of text. */
const TEST_STEPS = 16;

function testsOf({ cases }: Actions<unknown>): number {
  let tests = 0;
  for (const { when = [] } of cases) {
    for (const terms of when) {
      for (const { anyOf } of terms) {
        for (const test of anyOf) tests += hasOwn(test, 'ranges') ? test.ranges.length : 1;
      }
    }
  }
  return tests;
}

const firstSubject = ({ literals }: Cube): number => literals[0]?.subject ?? 0;

/** One of the actions, with the conditions under which it applies. */
interface Candidate {
  readonly value: Action;
  readonly cubes: readonly Cube[] | undefined;
  readonly cost: number;
}

/** The action with the longest conditions becomes `otherwise`; of equals, the more restrictive one. */
const longer = (a: Candidate, b: Candidate): Candidate =>
  b.cost > a.cost || (b.cost === a.cost && precedence(b.value) < precedence(a.value)) ? b : a;

const nameOf = (subject: Variable): Term['of'] => (subject === 6 ? 'instructionPointer' : subject);
