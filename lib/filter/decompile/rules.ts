// Converts a function of arguments to the rules of a call: few cubes for each action, and each cube as conditions.
import type { Action } from '../../kernel/action.js';
import type { Condition, Rule, SyscallPolicy } from '../../policy/policy.js';
import type { ConversionError } from '../../util/errors.js';
import { EVERY, NONE, type Bdd, type Node } from '../meaning/bdd.js';
import {
  conjunction,
  CubeCovers,
  eachWithOthers,
  firstLevel,
  valuesOf,
  type Cube,
  type Literal,
  type Variable,
} from '../meaning/cover.js';
import { conditionSet } from '../meaning/policy-meaning.js';
import { conditionsBetween, estimate } from './conditions.js';
import { notExpressible } from '../../util/failures.js';

/** The maximum number of rules for one call; a policy with more would be unreadable. */
const MAX_RULES = 256;
/** The cost of a literal that no conditions can express. */
const INEXPRESSIBLE = 4096;
/** The maximum number of times that cubes are rearranged. */
const ROUNDS = 4;

/** Writes the rules for the calls of one ABI. Calls with equal functions share one object. */
export class RuleWriter {
  readonly #bdd: Bdd;
  readonly #width: 32 | 64;
  readonly #defaultAction: Action;
  readonly #covers: CubeCovers;
  readonly #parts = new Map<Node, SyscallPolicy>();
  readonly #known = new Map<string, readonly Condition[] | undefined>();

  /** `width` is the number of bits of arguments. */
  constructor(bdd: Bdd, width: 32 | 64, defaultAction: Action) {
    this.#bdd = bdd;
    this.#width = width;
    this.#defaultAction = defaultAction;
    this.#covers = new CubeCovers(bdd, ({ subject, calls }) =>
      estimate(bdd, firstLevel(subject) + 64 - width, calls),
    );
  }

  /**
   * The rules for a call whose action is a function of its arguments. No two rules with different actions match the
   * same call. Throws ConversionError (`not-expressible`) if there are no such rules, or too many; `where` names the
   * call.
   */
  write(answers: Node, where: string): SyscallPolicy {
    const part = this.#parts.get(answers) ?? this.#write(answers, where);
    this.#parts.set(answers, part);
    return part;
  }

  #write(answers: Node, where: string): SyscallPolicy {
    const bdd = this.#bdd;
    const only = bdd.valueOf(answers);
    if (only !== undefined) return Object.freeze({ rules: Object.freeze([]), otherwise: only });
    const rules: Rule[] = [];
    for (const constant of bdd.rests(answers)) {
      const action = bdd.valueOf(constant) ?? 0;
      if (action === this.#defaultAction) continue;
      const calls = bdd.replace(answers, other => (other === constant ? EVERY : NONE));
      const cubes = this.#covers.rough(calls, MAX_RULES);
      if (cubes === undefined) throw tooMany(where);
      for (const cube of this.#refined(cubes, calls)) {
        for (const conditions of this.#conjunctions(cube, where)) rules.push({ conditions, action });
        if (rules.length > MAX_RULES) throw tooMany(where);
      }
    }
    return Object.freeze({ rules: Object.freeze(rules), otherwise: this.#defaultAction });
  }

  /** Cubes for the same calls in fewer rules, if any can be found. */
  #refined(cubes: readonly Cube[], set: Node): readonly Cube[] {
    let best = cubes;
    for (let round = 0; round < ROUNDS && best.length > 1; round++) {
      const next = this.#rearranged(best, set);
      if (this.#rules(next) >= this.#rules(best)) break;
      best = next;
    }
    return best;
  }

  /**
   * Replaces the literals of each cube by cheaper ones between the values that only this cube covers and all those that
   * the set allows. Cubes that others cover are dropped. Method: R. K. Brayton et al., "Logic Minimization Algorithms for
   * VLSI Synthesis", 1984 (expand, reduce, irredundant).
   */
  #rearranged(cubes: readonly Cube[], set: Node): readonly Cube[] {
    const bdd = this.#bdd;
    return eachWithOthers(bdd, cubes, (cube, others) => {
      const own = bdd.minus(cube.calls, others);
      if (own === NONE) return undefined;
      let { literals } = cube;
      for (const { subject } of cube.literals) {
        const company = literals.filter(literal => literal.subject !== subject);
        const outside = bdd.minus(conjunction(bdd, company), set);
        const may = bdd.not(valuesOf(bdd, outside, subject));
        const calls = may === EVERY ? EVERY : this.#between(subject, valuesOf(bdd, own, subject), may);
        literals =
          calls === EVERY
            ? company
            : literals.map(literal => (literal.subject === subject ? { subject, calls } : literal));
      }
      return { literals, calls: conjunction(bdd, literals) };
    });
  }

  /** The cheapest literal that can be found between two sets of values. */
  #between(subject: Variable, must: Node, may: Node): Node {
    const conditions = this.#conditions(subject, must, may);
    if (conditions === undefined) return must;
    const calls = conditions.reduce(
      (any, condition) => this.#bdd.or(conditionSet(this.#bdd, condition), any),
      NONE,
    );
    this.#known.set(keyOf(subject, calls, calls), conditions);
    return calls;
  }

  /** The number of rules for cubes. */
  #rules(cubes: readonly Cube[]): number {
    return cubes.reduce(
      (sum, { literals }) =>
        sum +
        literals.reduce(
          (product, literal) =>
            product * (this.#conditions(literal.subject, literal.calls)?.length ?? INEXPRESSIBLE),
          1,
        ),
      0,
    );
  }

  /** The calls of a cube as lists of conditions, with one condition per argument. */
  #conjunctions({ literals }: Cube, where: string): readonly (readonly Condition[])[] {
    let conjunctions: readonly (readonly Condition[])[] = [[]];
    for (const literal of literals) {
      const conditions = this.#conditions(literal.subject, literal.calls);
      if (conditions === undefined) throw this.#inexpressible(literal, where);
      if (conjunctions.length * conditions.length > MAX_RULES) throw tooMany(where);
      conjunctions = conjunctions.flatMap(all => conditions.map(condition => [...all, condition]));
    }
    return conjunctions;
  }

  /** Conditions for the calls of a literal, or for a set between `must` and `may`. */
  #conditions(subject: Variable, must: Node, may = must): readonly Condition[] | undefined {
    const key = keyOf(subject, must, may);
    if (this.#known.has(key)) return this.#known.get(key);
    const conditions =
      subject === 6 ? undefined : conditionsBetween(this.#bdd, subject, this.#width, must, may);
    this.#known.set(key, conditions);
    return conditions;
  }

  #inexpressible({ subject, calls }: Literal, where: string): ConversionError {
    if (this.#width === 64 || this.#bdd.level(calls) >= firstLevel(subject) + 32) return tooMany(where);
    return notExpressible(
      `${where} depends on the upper half of argument ${subject}, which has 32 bits there`,
    );
  }
}

const keyOf = (subject: Variable, must: Node, may: Node): string => `${subject},${must},${may}`;

const tooMany = (where: string): ConversionError =>
  notExpressible(`${where} depends on its arguments in a way that needs more than ${MAX_RULES} rules`);
