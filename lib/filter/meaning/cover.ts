// Sets of calls as few alternatives, each of them a set of values for each of some arguments.
import { WORD } from '../../bpf/program.js';
import { EVERY, levelOf, NONE, type Decisions, type Node } from './bdd.js';
import { describeNumbers, type NumberSet } from './number-sets.js';

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
const PATIENCE = 5_000;
/** Steps that a class of values counts for: each is remembered for a while, and takes some memory. */
const CELL_STEPS = 16;

/** Finds products for the sets of one `Decisions`, remembering what it found. */
export class Products {
  readonly #decisions: Decisions;
  /** Comparisons that may still be made to find fewer products; what comes after is longer, and as exact. */
  #patience = 0;
  #limit = LIMIT;
  readonly #numbers = new Map<string, Described | undefined>();

  constructor(decisions: Decisions) {
    this.#decisions = decisions;
  }

  /**
   * Few products that hold the calls of a set and no others; the set is about arguments.
   * Undefined where they come to more than `limit`, as far as one can see.
   */
  of(set: Node, limit = LIMIT): readonly Product[] | undefined {
    this.#patience = PATIENCE;
    this.#limit = Math.min(limit, LIMIT);
    const products = this.#cover(set, set);
    if (products === undefined || products.length > TIDY_LIMIT) return products;
    return this.#narrowed(this.#withoutSuperfluous(products.map(product => this.#simpler(product, set))));
  }

  /** The values of a factor in words; undefined when that takes too many. */
  describe({ subject, calls }: Factor): Described | undefined {
    const key = `${subject},${calls}`;
    if (this.#numbers.has(key)) return this.#numbers.get(key);
    const first = firstLevel(subject);
    // Where nothing asks for the high word, the low one is a number of its own.
    const width = this.#decisions.level(calls) >= first + BITS / 2 ? 32 : 64;
    const numbers = describeNumbers(this.#decisions, calls, first + BITS - width, width);
    const described: Described | undefined = numbers === undefined ? undefined : { width, ...numbers };
    this.#numbers.set(key, described);
    return described;
  }

  /** How much there is to read about products. */
  cost(products: readonly Product[]): number {
    const factors = products.flatMap(product => product.factors);
    return factors.reduce((sum, factor) => sum + this.#cost(factor), 0.1 * products.length);
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
    const settle = (product: Product, among: readonly Cell[]): void => {
      for (const cell of among) cell.must = decisions.minus(cell.must, product.calls);
    };
    // What may be whatever this argument is needs no factor for it.
    const always = cells.reduce((all, cell) => decisions.and(all, cell.may), EVERY);
    const some = always === NONE ? NONE : cells.reduce((any, cell) => decisions.or(cell.must, any), NONE);
    const free = this.#cover(decisions.and(some, always), always);
    if (free === undefined) return undefined;
    for (const product of free) {
      found.push(product);
      settle(product, cells);
    }
    for (const cell of cells) {
      const rests = this.#cover(cell.must, cell.may);
      if (rests === undefined || found.length + rests.length > this.#limit) return undefined;
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
          factors: factor.calls === EVERY ? rest.factors : [factor, ...rest.factors],
          calls: decisions.and(factor.calls, rest.calls),
        });
        settle(rest, needed);
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
    return this.#cost(first) < this.#cost(second) ? first : second;
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
      decisions.spend(CELL_STEPS * cells.size);
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

  /** The products without those that others cover; the ones that are longest to read go first. */
  #withoutSuperfluous(products: readonly Product[]): readonly Product[] {
    const longestFirst = products.toSorted((a, b) => this.cost([b]) - this.cost([a]));
    const superfluous = new Set<Product>();
    this.#eachWithOthers(longestFirst, (product, others) => {
      if (this.#decisions.minus(product.calls, others) !== NONE) return product;
      superfluous.add(product);
      return undefined;
    });
    return products.filter(product => !superfluous.has(product));
  }

  /** The products without values that others hold anyway, where that takes fewer words. */
  #narrowed(products: readonly Product[]): readonly Product[] {
    return this.#eachWithOthers(products, (product, others) => {
      const own = this.#decisions.minus(product.calls, others);
      const factors = product.factors.map(factor => {
        const needed = { subject: factor.subject, calls: this.#values(own, factor.subject) };
        return this.#cost(needed) < this.#cost(factor) ? needed : factor;
      });
      return { factors, calls: this.#all(factors) };
    });
  }

  /** Replaces one product after another, each in view of the calls of all others as they are by then. */
  #eachWithOthers(
    products: readonly Product[],
    replace: (product: Product, others: Node) => Product | undefined,
  ): readonly Product[] {
    const later = products.map(() => NONE);
    for (let index = products.length - 2; index >= 0; index--)
      later[index] = this.#decisions.or(products[index + 1]?.calls ?? NONE, later[index + 1] ?? NONE);
    let earlier = NONE;
    return products.flatMap((product, index) => {
      const replaced = replace(product, this.#decisions.or(earlier, later[index] ?? NONE));
      if (replaced === undefined) return [];
      earlier = this.#decisions.or(replaced.calls, earlier);
      return [replaced];
    });
  }

  /** The calls for which the value of a subject occurs among those of a set. */
  #values(set: Node, subject: Subject): Node {
    const decisions = this.#decisions;
    const first = firstLevel(subject);
    const any = decisions.rests(set, first).reduce((all, rest) => decisions.or(rest, all), NONE);
    return decisions.replace(any, rest => (rest === NONE ? NONE : EVERY), first + BITS);
  }

  #cost(factor: Factor): number {
    return this.describe(factor)?.cost ?? LIMIT;
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
