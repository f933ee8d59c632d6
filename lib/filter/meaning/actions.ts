// The actions for a call by its arguments, as conditions: the exact short form that people read and machines compare.
import { hasOwn } from '../../util/own.js';
import { precedence, type Action } from '../../kernel/action.js';
import { EVERY, NONE, type Bdd, type Node } from './bdd.js';
import { CubeCovers, firstLevel, type Cube, type Literal, type Variable } from './cover.js';
import { describeNumbers, type NumberSet, type NumberTest } from './number-sets.js';

/** A condition on one argument: at least one of the tests passes. */
export interface Term {
  /** Index of the argument, 0 to 5, or the instruction pointer. */
  readonly of: 0 | 1 | 2 | 3 | 4 | 5 | 'instructionPointer';
  /** With 32 only the low word is looked at. */
  readonly width: 32 | 64;
  /** The tests. */
  readonly anyOf: readonly NumberTest[];
}

/** At least one of the lists holds, with all of its terms. */
export type Conditions = readonly (readonly Term[])[];

/** The action under conditions. */
export interface Case<T> {
  /** The action. */
  readonly action: T;
  /** Undefined if there are too many to be listed: more than 4096. */
  readonly when: Conditions | undefined;
}

/** The actions for one call. No call meets the conditions of two cases. */
export interface Actions<T> {
  /** Those with conditions. */
  readonly cases: readonly Case<T>[];
  /** The action for calls that meet the conditions of no case. */
  readonly otherwise: T;
}

/** Describes functions of arguments of one `Bdd`; equal functions give the same object. */
export class Describer<T> {
  readonly #bdd: Bdd;
  readonly #covers: CubeCovers;
  readonly #meaning: (value: number) => T;
  readonly #otherwise: number | undefined;
  readonly #known = new Map<Node, Actions<T>>();
  readonly #numbers = new Map<string, Described | undefined>();

  /** `meaning` says what the values of functions stand for; with `otherwise`, that value is always the one without conditions. */
  constructor(bdd: Bdd, meaning: (value: number) => T, otherwise?: number) {
    this.#bdd = bdd;
    this.#covers = new CubeCovers(bdd, literal => this.#describeLiteral(literal)?.cost ?? BEYOND_DESCRIPTION);
    this.#meaning = meaning;
    this.#otherwise = otherwise;
  }

  /** The actions that a function of arguments gives. */
  describe(node: Node): Actions<T> {
    const actions = this.#known.get(node) ?? this.#describe(node);
    this.#known.set(node, actions);
    // Those who print an explanation write the conditions of each call anew, although they are one object.
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
      // Of two actions one goes without saying: the second is not pursued once it gets longer than the first.
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

  /** The values of a literal in words; undefined when that takes too many. */
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

/** A set of values with the width of what is compared. */
interface Described extends NumberSet {
  /** 32 when only the low word is looked at. */
  readonly width: 32 | 64;
}

/** The cost of a literal that needs too many tests. */
const BEYOND_DESCRIPTION = 4096;

/** Steps that a test counts for with each call that has it: 16 steps for about 40 characters of text. */
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

/** What would take longest to say goes without saying; of equals, the stronger action. */
const longer = (a: Candidate, b: Candidate): Candidate =>
  b.cost > a.cost || (b.cost === a.cost && precedence(b.value) < precedence(a.value)) ? b : a;

const nameOf = (subject: Variable): Term['of'] => (subject === 6 ? 'instructionPointer' : subject);
