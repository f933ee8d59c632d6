// Sets of calls as few alternatives, each of them a set of values for each of some arguments.
import { EVERY, LEVELS, levelOf, NONE, type Decisions, type Node } from './decisions.js';
import { describeNumbers, type NumberSet } from './number-sets.js';
import { WORD } from '../program.js';

/** Calls for which each of some arguments is in a set of its own. */
export interface Product {
  readonly factors: readonly Factor[];
  readonly calls: Node;
}

/** The calls for which one argument is in a set. */
export interface Factor {
  readonly subject: Subject;
  readonly calls: Node;
}

/** Index of an argument, or 6 for the instruction pointer. */
export type Subject = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const SUBJECTS: readonly Subject[] = [0, 1, 2, 3, 4, 5, 6];
const BITS = 64;
const FIRST_LEVEL = levelOf(WORD.high(0), 31);

/** The level at which the first bit of a subject is asked. */
const firstLevel = (subject: Subject): number => FIRST_LEVEL + BITS * subject;

/** Products of one set before it counts as beyond description. */
const LIMIT = 4096;
/** Products up to which each is tried to be left out, or made simpler: the time is quadratic. */
const TIDY_LIMIT = 200;
/** Comparisons of products with values that are made for one set before brevity is given up. */
const PATIENCE = 20_000;

/** Finds products for the sets of one `Decisions`, remembering what it found. */
export class Products {
  readonly #decisions: Decisions;
  /** Comparisons that may still be made to find fewer products; what comes after is longer, and as exact. */
  #patience = 0;
  readonly #numbers = new Map<string, Described | undefined>();

  constructor(decisions: Decisions) {
    this.#decisions = decisions;
  }

  /** Few products that hold the calls of a set and no others; the set is about arguments. Undefined for too many. */
  of(set: Node): readonly Product[] | undefined {
    this.#patience = PATIENCE;
    const products = this.#cover(set, set);
    if (products === undefined || products.length > TIDY_LIMIT) return products;
    return this.#withoutSuperfluous(products.map(product => this.#simpler(product, set)));
  }

  /** The values of a factor in words; undefined when that takes too many. */
  describe({ subject, calls }: Factor): Described | undefined {
    const key = `${subject},${calls}`;
    if (this.#numbers.has(key)) return this.#numbers.get(key);
    const first = firstLevel(subject);
    // Where nothing asks for the high word, the low one is a number of its own.
    const width = this.#decisions.level(calls) >= first + BITS / 2 ? 32 : 64;
    const numbers = describeNumbers(this.#decisions, calls, first + BITS - width, width);
    const described = numbers === undefined ? undefined : { width, ...numbers };
    this.#numbers.set(key, described as Described | undefined);
    return described as Described | undefined;
  }

  /** How much there is to read about a product. */
  cost(product: Product): number {
    return product.factors.reduce((sum, factor) => sum + (this.describe(factor)?.cost ?? LIMIT), 0.1);
  }

  /** Products within `may` that hold all of `must`. */
  #cover(must: Node, may: Node): readonly Product[] | undefined {
    const decisions = this.#decisions;
    if (must === NONE) return [];
    if (may === EVERY) return [{ factors: [], calls: EVERY }];
    const level = Math.min(decisions.level(must), decisions.level(may));
    const subject = SUBJECTS[((level - FIRST_LEVEL) / BITS) | 0] ?? 0;
    const cells = this.#cells(must, may, firstLevel(subject) + BITS);
    const found: Product[] = [];
    const add = (rest: Product, of: readonly Cell[]): void => {
      for (const cell of of) cell.must = decisions.minus(cell.must, rest.calls);
    };
    // What may be whatever this argument is needs no factor for it.
    const always = cells.reduce((all, cell) => decisions.and(all, cell.may), EVERY);
    const some = always === NONE ? NONE : cells.reduce((any, cell) => decisions.or(cell.must, any), NONE);
    const free = this.#cover(decisions.and(some, always), always);
    if (free === undefined) return undefined;
    for (const product of free) {
      found.push(product);
      add(product, cells);
    }
    for (const cell of cells) {
      const rests = this.#cover(cell.must, cell.may);
      if (rests === undefined || found.length + rests.length > LIMIT) return undefined;
      for (const rest of rests) {
        if (decisions.and(cell.must, rest.calls) === NONE) continue;
        const fitting =
          this.#patience < 0
            ? [cell]
            : cells.filter(({ may: allowed }) => decisions.minus(rest.calls, allowed) === NONE);
        this.#patience -= cells.length;
        const needed = fitting.filter(({ must: asked }) => decisions.and(asked, rest.calls) !== NONE);
        const factor = this.#simplest(subject, [fitting, needed]);
        found.push({
          factors: [factor, ...rest.factors],
          calls: decisions.and(factor.calls, rest.calls),
        });
        add(rest, needed);
      }
    }
    return found;
  }

  #simplest(subject: Subject, choices: readonly (readonly Cell[])[]): Factor {
    const [first, second] = choices.map((cells): Factor => ({
      subject,
      calls: cells.reduce((all, { values }) => this.#decisions.or(values, all), NONE),
    }));
    if (first === undefined || second === undefined) throw new RangeError('there are two choices');
    if (first.calls === second.calls) return first;
    const cost = (factor: Factor): number => this.describe(factor)?.cost ?? LIMIT;
    return cost(first) < cost(second) ? first : second;
  }

  /** The values of one argument, in classes for which the same is left of both sets. */
  #cells(must: Node, may: Node, next: number): readonly Cell[] {
    const decisions = this.#decisions;
    const known = new Map<string, ReadonlyMap<string, Cell>>();
    const visit = (a: Node, b: Node): ReadonlyMap<string, Cell> => {
      const key = `${a},${b}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const level = Math.min(decisions.level(a), decisions.level(b));
      const cells = new Map<string, Cell>();
      if (level >= next) cells.set(key, { must: a, may: b, values: EVERY });
      else {
        const [a0, a1] = decisions.level(a) === level ? [decisions.low(a), decisions.high(a)] : [a, a];
        const [b0, b1] = decisions.level(b) === level ? [decisions.low(b), decisions.high(b)] : [b, b];
        for (const [name, cell] of visit(a0, b0))
          cells.set(name, { ...cell, values: decisions.node(level, cell.values, NONE) });
        for (const [name, cell] of visit(a1, b1)) {
          const zero = cells.get(name)?.values ?? NONE;
          const low = zero === NONE ? NONE : decisions.level(zero) === level ? decisions.low(zero) : zero;
          cells.set(name, { ...cell, values: decisions.node(level, low, cell.values) });
        }
      }
      known.set(key, cells);
      return cells;
    };
    return [...visit(must, may).values()].map(cell => ({ ...cell }));
  }

  /** The product without factors that it can do without, inside of a set. */
  #simpler(product: Product, set: Node): Product {
    let { factors } = product;
    for (const factor of product.factors) {
      const without = factors.filter(other => other !== factor);
      if (this.#decisions.minus(this.#all(without), set) === NONE) factors = without;
    }
    return factors === product.factors ? product : { factors, calls: this.#all(factors) };
  }

  #withoutSuperfluous(products: readonly Product[]): readonly Product[] {
    const decisions = this.#decisions;
    let kept = products;
    for (const product of products.toSorted((a, b) => this.cost(b) - this.cost(a))) {
      const others = kept.filter(other => other !== product);
      const covered = others.reduce((all, { calls }) => decisions.or(all, calls), NONE);
      if (decisions.minus(product.calls, covered) === NONE) kept = others;
    }
    return kept;
  }

  #all(factors: readonly Factor[]): Node {
    return factors.reduce((all, { calls }) => this.#decisions.and(all, calls), EVERY);
  }
}

/** A set of values with the width of what is compared. */
export interface Described extends NumberSet {
  /** 32 when only the low word is looked at. */
  readonly width: 32 | 64;
}

/** Values of one argument for which the same is left of two sets. */
interface Cell {
  must: Node;
  readonly may: Node;
  readonly values: Node;
}
