// What a call is answered by its arguments, as conditions: the exact short form that people read and machines compare.
import { EVERY, NONE, type Decisions, type Node } from './decisions.js';
import type { NumberTest } from './number-sets.js';
import { Products, type Product, type Subject } from './products.js';

/** A condition on one argument: at least one of the tests passes. */
export interface Term {
  /** Index of the argument, 0 to 5, or the instruction pointer. */
  readonly of: 0 | 1 | 2 | 3 | 4 | 5 | 'instructionPointer';
  /** With 32 only the low word is looked at. */
  readonly width: 32 | 64;
  readonly anyOf: readonly NumberTest[];
}

/** What is answered under conditions: at least one of the lists holds, each with all of its terms. */
export interface Case<T> {
  readonly answer: T;
  /** Undefined where the conditions are too many to be listed (4096). */
  readonly when: readonly (readonly Term[])[] | undefined;
}

/** The answers to one call. No call meets the conditions of two cases. */
export interface Answers<T> {
  readonly cases: readonly Case<T>[];
  /** The answer to calls that meet the conditions of no case. */
  readonly otherwise: T;
}

/** Describes functions of arguments of one `Decisions`; equal functions give the same object. */
export class Describer<T> {
  readonly #decisions: Decisions;
  readonly #products: Products;
  readonly #meaning: (value: number) => T;
  readonly #otherwise: number | undefined;
  readonly #known = new Map<Node, Answers<T>>();

  /** `meaning` says what the values of functions stand for; with `otherwise`, that value is always the one without conditions. */
  constructor(decisions: Decisions, meaning: (value: number) => T, otherwise?: number) {
    this.#decisions = decisions;
    this.#products = new Products(decisions);
    this.#meaning = meaning;
    this.#otherwise = otherwise;
  }

  /** The answers that a function of arguments gives. */
  describe(node: Node): Answers<T> {
    const before = this.#known.get(node);
    if (before !== undefined) return before;
    const answers = this.#describe(node);
    this.#known.set(node, answers);
    return answers;
  }

  #describe(node: Node): Answers<T> {
    const decisions = this.#decisions;
    const all = decisions.rests(node).map(constant => {
      const value = decisions.valueOf(constant) ?? 0;
      const products = this.#products.of(decisions.replace(node, rest => (rest === constant ? EVERY : NONE)));
      const cost = products?.reduce((sum, product) => sum + this.#products.cost(product), 0) ?? Infinity;
      return { value, products, cost };
    });
    // What would take longest to say goes without saying.
    const otherwise =
      this.#otherwise ?? all.reduce((longest, one) => (one.cost > longest.cost ? one : longest)).value;
    return {
      cases: all
        .filter(({ value }) => value !== otherwise)
        .map(({ value, products }) => ({ answer: this.#meaning(value), when: this.#terms(products) })),
      otherwise: this.#meaning(otherwise),
    };
  }

  #terms(products: readonly Product[] | undefined): Case<T>['when'] {
    const lists: (readonly Term[])[] = [];
    for (const { factors } of products ?? []) {
      const terms: Term[] = [];
      for (const factor of factors.toSorted((a, b) => a.subject - b.subject)) {
        const numbers = this.#products.describe(factor);
        if (numbers === undefined) return undefined;
        for (const anyOf of numbers.allOf)
          terms.push({ of: nameOf(factor.subject), width: numbers.width, anyOf });
      }
      lists.push(terms);
    }
    return products === undefined ? undefined : lists;
  }
}

const nameOf = (subject: Subject): Term['of'] => (subject === 6 ? 'instructionPointer' : subject);
