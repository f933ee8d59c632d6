// Covers of sets of calls: few cubes, each of which is a set of values for each of some arguments.
import { WORD } from '../../bpf/program.js';
import { EVERY, levelOf, NONE, type Bdd, type Node } from './bdd.js';

/** Calls for which each of some arguments is in a set of its own. */
export interface Cube {
  readonly literals: readonly Literal[];
  readonly calls: Node;
}

/** The calls for which one argument is in a set. */
export interface Literal {
  readonly subject: Variable;
  readonly calls: Node;
}

/** Index of an argument, or 6 for the instruction pointer. */
export type Variable = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const SUBJECTS: readonly Variable[] = [0, 1, 2, 3, 4, 5, 6];
const BITS = 64;
const FIRST_LEVEL = levelOf(WORD.high(0), 31);

/** The level of the first bit of a subject. */
export const firstLevel = (subject: Variable): number => FIRST_LEVEL + BITS * subject;

/** Cubes of one set before it counts as beyond description. */
const LIMIT = 4096;
/** Cubes up to which each is tried to be left out, or made simpler: the time is quadratic. */
const TIDY_LIMIT = 200;
/** Comparisons of cubes with values that are made for one set before brevity is given up. */
const PATIENCE = 5_000;
/** Steps that a class of values counts for: each is remembered for a while, and takes some memory. */
const CELL_STEPS = 16;

/** Finds covers for the sets of one `Bdd`, as short as `costOf` says that literals are. */
export class CubeCovers {
  readonly #bdd: Bdd;
  readonly #costOf: (literal: Literal) => number;
  /** Comparisons that may still be made to find fewer cubes; what comes after is longer, and as exact. */
  #patience = 0;
  #limit = LIMIT;

  /** `costOf` returns the length of a literal; it is called several times for the same one. */
  constructor(bdd: Bdd, costOf: (literal: Literal) => number) {
    this.#bdd = bdd;
    this.#costOf = costOf;
  }

  /**
   * Few cubes that hold the calls of a set and no others; the set is about arguments.
   * Undefined if they come to more than `limit`, as far as one can see.
   */
  of(set: Node, limit = LIMIT): readonly Cube[] | undefined {
    const cubes = this.rough(set, limit);
    if (cubes === undefined || cubes.length > TIDY_LIMIT) return cubes;
    return this.#narrowed(this.#withoutSuperfluous(cubes.map(cube => this.#simpler(cube, set))));
  }

  /** As `of`, in less time: some cubes may be superfluous, and some literals longer than they have to be. */
  rough(set: Node, limit = LIMIT): readonly Cube[] | undefined {
    this.#patience = PATIENCE;
    this.#limit = Math.min(limit, LIMIT);
    return this.#cover(set, set);
  }

  /** The length of the text for cubes. */
  cost(cubes: readonly Cube[]): number {
    const literals = cubes.flatMap(cube => cube.literals);
    return literals.reduce((sum, literal) => sum + this.#costOf(literal), 0.1 * cubes.length);
  }

  /** Cubes within `may` that hold all of `must`. */
  #cover(must: Node, may: Node): readonly Cube[] | undefined {
    const bdd = this.#bdd;
    if (must === NONE) return [];
    if (may === EVERY) return [{ literals: [], calls: EVERY }];
    const level = Math.min(bdd.level(must), bdd.level(may));
    const subject = SUBJECTS[((level - FIRST_LEVEL) / BITS) | 0] ?? 0;
    const cells = this.#cells(must, may, firstLevel(subject) + BITS);
    const found: Cube[] = [];
    const settle = (cube: Cube, among: readonly ValueClass[]): void => {
      for (const cell of among) cell.must = bdd.minus(cell.must, cube.calls);
    };
    // What may be whatever this argument is needs no literal for it.
    const always = cells.reduce((all, cell) => bdd.and(all, cell.may), EVERY);
    const some = always === NONE ? NONE : cells.reduce((any, cell) => bdd.or(cell.must, any), NONE);
    const free = this.#cover(bdd.and(some, always), always);
    if (free === undefined) return undefined;
    for (const cube of free) {
      found.push(cube);
      settle(cube, cells);
    }
    for (const cell of cells) {
      const rests = this.#cover(cell.must, cell.may);
      if (rests === undefined || found.length + rests.length > this.#limit) return undefined;
      for (const rest of rests) {
        if (bdd.and(cell.must, rest.calls) === NONE) continue;
        const fitting =
          this.#patience < 0
            ? [cell]
            : cells.filter(({ may: allowed }) => bdd.minus(rest.calls, allowed) === NONE);
        this.#patience -= cells.length;
        const needed = fitting.filter(({ must: asked }) => bdd.and(asked, rest.calls) !== NONE);
        const literal = this.#simplest(subject, [fitting, needed]);
        found.push({
          literals: literal.calls === EVERY ? rest.literals : [literal, ...rest.literals],
          calls: bdd.and(literal.calls, rest.calls),
        });
        settle(rest, needed);
      }
    }
    return found;
  }

  #simplest(subject: Variable, choices: readonly (readonly ValueClass[])[]): Literal {
    const [first, second] = choices.map((cells): Literal => ({
      subject,
      calls: cells.reduce((all, { values }) => this.#bdd.or(values, all), NONE),
    }));
    if (first === undefined || second === undefined) throw new RangeError('there are two choices');
    if (first.calls === second.calls) return first;
    return this.#costOf(first) < this.#costOf(second) ? first : second;
  }

  /** The values of one argument, in classes for which the same is left of both sets. */
  #cells(must: Node, may: Node, next: number): readonly ValueClass[] {
    const bdd = this.#bdd;
    const known = new Map<string, ReadonlyMap<string, ValueClass>>();
    const visit = (a: Node, b: Node): ReadonlyMap<string, ValueClass> => {
      const key = `${a},${b}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const level = Math.min(bdd.level(a), bdd.level(b));
      const cells = new Map<string, ValueClass>();
      if (level >= next) cells.set(key, { must: a, may: b, values: EVERY });
      else {
        const [a0, a1] = bdd.level(a) === level ? [bdd.low(a), bdd.high(a)] : [a, a];
        const [b0, b1] = bdd.level(b) === level ? [bdd.low(b), bdd.high(b)] : [b, b];
        for (const [name, cell] of visit(a0, b0))
          cells.set(name, { ...cell, values: bdd.node(level, cell.values, NONE) });
        for (const [name, cell] of visit(a1, b1)) {
          const zero = cells.get(name)?.values ?? NONE;
          const low = zero === NONE ? NONE : bdd.level(zero) === level ? bdd.low(zero) : zero;
          cells.set(name, { ...cell, values: bdd.node(level, low, cell.values) });
        }
      }
      bdd.spend(CELL_STEPS * cells.size);
      known.set(key, cells);
      return cells;
    };
    return [...visit(must, may).values()].map(cell => ({ ...cell }));
  }

  /** The cube without literals that it can do without, inside of a set. */
  #simpler(cube: Cube, set: Node): Cube {
    let { literals } = cube;
    for (const literal of cube.literals) {
      const without = literals.filter(other => other !== literal);
      if (this.#bdd.minus(conjunction(this.#bdd, without), set) === NONE) literals = without;
    }
    return literals === cube.literals ? cube : { literals, calls: conjunction(this.#bdd, literals) };
  }

  /** The cubes without those that others cover; the ones that are longest to read go first. */
  #withoutSuperfluous(cubes: readonly Cube[]): readonly Cube[] {
    const longestFirst = cubes.toSorted((a, b) => this.cost([b]) - this.cost([a]));
    const superfluous = new Set<Cube>();
    eachWithOthers(this.#bdd, longestFirst, (cube, others) => {
      if (this.#bdd.minus(cube.calls, others) !== NONE) return cube;
      superfluous.add(cube);
      return undefined;
    });
    return cubes.filter(cube => !superfluous.has(cube));
  }

  /** The cubes without values that others hold anyway, where that takes fewer words. */
  #narrowed(cubes: readonly Cube[]): readonly Cube[] {
    return eachWithOthers(this.#bdd, cubes, (cube, others) => {
      const own = this.#bdd.minus(cube.calls, others);
      const literals = cube.literals.map(literal => {
        const needed = { subject: literal.subject, calls: valuesOf(this.#bdd, own, literal.subject) };
        return this.#costOf(needed) < this.#costOf(literal) ? needed : literal;
      });
      return { literals, calls: conjunction(this.#bdd, literals) };
    });
  }
}

/** The calls for which all literals hold. */
export const conjunction = (bdd: Bdd, literals: readonly Literal[]): Node =>
  literals.reduce((all, { calls }) => bdd.and(all, calls), EVERY);

/** Replaces one cube after another, each in view of the calls of all others as they are by then. */
export function eachWithOthers(
  bdd: Bdd,
  cubes: readonly Cube[],
  replace: (cube: Cube, others: Node) => Cube | undefined,
): readonly Cube[] {
  const later = cubes.map(() => NONE);
  for (let index = cubes.length - 2; index >= 0; index--)
    later[index] = bdd.or(cubes[index + 1]?.calls ?? NONE, later[index + 1] ?? NONE);
  let earlier = NONE;
  return cubes.flatMap((cube, index) => {
    const replaced = replace(cube, bdd.or(earlier, later[index] ?? NONE));
    if (replaced === undefined) return [];
    earlier = bdd.or(replaced.calls, earlier);
    return [replaced];
  });
}

/** The calls for which the value of a subject occurs among those of a set. */
export function valuesOf(bdd: Bdd, set: Node, subject: Variable): Node {
  const first = firstLevel(subject);
  const any = bdd.rests(set, first).reduce((all, rest) => bdd.or(rest, all), NONE);
  return bdd.replace(any, rest => (rest === NONE ? NONE : EVERY), first + BITS);
}

/** Values of one argument for which the same is left of two sets. */
interface ValueClass {
  must: Node;
  readonly may: Node;
  readonly values: Node;
}
