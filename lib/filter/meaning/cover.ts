// Computes covers of sets of calls: few cubes, each a set of values for each of some arguments.
import { WORD } from '../../bpf/program.js';
import { EVERY, levelOf, NONE, type Bdd, type Node } from './bdd.js';

/** Calls for which each of some arguments is in its own set of values. */
export interface Cube {
  readonly literals: readonly Literal[];
  readonly calls: Node;
}

/** The calls for which one argument is in a set of values. */
export interface Literal {
  readonly subject: Variable;
  readonly calls: Node;
}

/** Index of an argument, or 6 for the instruction pointer. */
export type Variable = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const SUBJECTS: readonly Variable[] = [0, 1, 2, 3, 4, 5, 6];
const BITS = 64;
const FIRST_LEVEL = levelOf(WORD.high(0), 31);

/** The level of a subject's first bit. */
export const firstLevel = (subject: Variable): number => FIRST_LEVEL + BITS * subject;

/** The maximum number of cubes for one set. */
const LIMIT = 4096;
/** The maximum number of cubes for attempts to remove or simplify each, which take quadratic time. */
const TIDY_LIMIT = 200;
/** The maximum number of comparisons of cubes and values for one set before short covers are no longer sought. */
const PATIENCE = 5_000;
/** The steps that a class of values counts for, because each stays in memory for a while. */
const CELL_STEPS = 16;

/** Finds covers for the sets of one `Bdd` that are short by the cost of their literals. */
export class CubeCovers {
  readonly #bdd: Bdd;
  readonly #costOf: (literal: Literal) => number;
  /** The remaining comparisons for finding fewer cubes; without them, covers are longer but still exact. */
  #patience = 0;
  #limit = LIMIT;

  /** `costOf` returns the length of a literal; it is called several times for the same one. */
  constructor(bdd: Bdd, costOf: (literal: Literal) => number) {
    this.#bdd = bdd;
    this.#costOf = costOf;
  }

  /** A short cover of a set of arguments. Undefined if it would need more than `limit` cubes, or seems to. */
  of(set: Node, limit = LIMIT): readonly Cube[] | undefined {
    const cubes = this.rough(set, limit);
    if (cubes === undefined || cubes.length > TIDY_LIMIT) return cubes;
    return this.#narrowed(this.#withoutSuperfluous(cubes.map(cube => this.#simpler(cube, set))));
  }

  /** As `of`, but faster: some cubes may be superfluous, and some literals longer than necessary. */
  rough(set: Node, limit = LIMIT): readonly Cube[] | undefined {
    this.#patience = PATIENCE;
    this.#limit = Math.min(limit, LIMIT);
    return this.#cover(set, set);
  }

  /** The length of the text for these cubes. */
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
    // Values that are allowed whatever this argument is need no literal for it.
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

  /** The values of one argument, in classes with the same remaining sets. */
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

  /** A cube without the literals that are unnecessary within the set. */
  #simpler(cube: Cube, set: Node): Cube {
    let { literals } = cube;
    for (const literal of cube.literals) {
      const without = literals.filter(other => other !== literal);
      if (this.#bdd.minus(conjunction(this.#bdd, without), set) === NONE) literals = without;
    }
    return literals === cube.literals ? cube : { literals, calls: conjunction(this.#bdd, literals) };
  }

  /** Removes cubes that others cover, those with the longest text first. */
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

  /** Removes values from cubes that others cover anyway, if that shortens the text. */
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

/** Replaces one cube after another, given the calls of all others at that time. */
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

/** The calls whose value of a subject occurs in a set. */
export function valuesOf(bdd: Bdd, set: Node, subject: Variable): Node {
  const first = firstLevel(subject);
  const any = bdd.rests(set, first).reduce((all, rest) => bdd.or(rest, all), NONE);
  return bdd.replace(any, rest => (rest === NONE ? NONE : EVERY), first + BITS);
}

/** Values of one argument with the same remaining sets. */
interface ValueClass {
  must: Node;
  readonly may: Node;
  readonly values: Node;
}
