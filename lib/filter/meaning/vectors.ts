// The contents of registers for all calls at once: 32 bits, each the set of calls for which it is 1.
import type { ArithmeticName, TestName } from '../../bpf/opcodes.js';
import { CompileError } from '../../util/errors.js';
import { EVERY, levelOf, NONE, type Bdd, type Node } from './bdd.js';

/**
 * A 32-bit number that depends on the call; bit 0 is the lowest. Equal numbers in one `Vectors` are the same object.
 */
export interface Vector {
  readonly id: number;
  readonly bits: readonly Node[];
}

/** The same number for all calls, or one that depends on the call. */
export type Operand = number | Vector;

const bitOf = (operand: Operand, bit: number): Node =>
  typeof operand === 'number' ? (operand >>> bit) & 1 : (operand.bits[bit] ?? NONE);

/** The steps that a vector counts for, because each stays in memory. */
const VECTOR_STEPS = 64;

const PLACES = Array.from({ length: 32 }, (_, bit) => bit);

/** Makes vectors and computes with them as a program does. */
export class Vectors {
  readonly #bdd: Bdd;
  readonly #byBits = new Map<string, Vector>();
  readonly #constants = new Map<number, Vector>();
  readonly #words = new Map<number, Vector>();
  readonly #wordOf = new Map<Vector, number>();

  constructor(bdd: Bdd) {
    this.#bdd = bdd;
  }

  /** The same number for every call. */
  constant(value: number): Vector {
    return remember(this.#constants, value, () => this.#of(bit => (value >>> bit) & 1));
  }

  /** A word of the call. */
  word(word: number): Vector {
    return remember(this.#words, word, () => {
      const vector = this.#of(bit => this.#bdd.node(levelOf(word, bit), NONE, EVERY));
      this.#wordOf.set(vector, word);
      return vector;
    });
  }

  /** The word of the call that a vector equals; undefined for other vectors. */
  wordOf(vector: Vector): number | undefined {
    return this.#wordOf.get(vector);
  }

  /** The calls for which a conditional jump's test holds. */
  test(op: TestName, a: Vector, b: Operand): Node {
    const { and, not } = this.#sets;
    switch (op) {
      case 'eq':
        return this.#equal(a, b);
      case 'gt':
        return not(this.#atLeast(b, a));
      case 'ge':
        return this.#atLeast(a, b);
      case 'set':
        return PLACES.reduce((any, bit) => this.#bdd.or(and(bitOf(a, bit), bitOf(b, bit)), any), NONE);
    }
  }

  /**
   * The result of an arithmetic instruction. Throws CompileError (`undecidable-program`) for products, quotients and
   * shifts of numbers that depend on the call, unless the other one is a constant power of two.
   */
  arithmetic(op: ArithmeticName, a: Vector, b: Operand): Vector {
    const { and, or, not } = this.#sets;
    const each = (how: (x: Node, y: Node) => Node): Vector =>
      this.#of(bit => how(bitOf(a, bit), bitOf(b, bit)));
    switch (op) {
      case 'add':
        return this.#sum(a, b, NONE);
      case 'sub':
        return this.#sum(
          a,
          this.#of(bit => not(bitOf(b, bit))),
          EVERY,
        );
      case 'or':
        return each(or);
      case 'and':
        return each(and);
      case 'xor':
        return each((x, y) => this.#choose(x, not(y), y));
      case 'neg':
        return this.#sum(
          this.constant(0),
          this.#of(bit => not(a.bits[bit] ?? NONE)),
          EVERY,
        );
      default:
        return this.#scaled(op, a, b);
    }
  }

  /** Products, quotients and shifts. */
  #scaled(op: 'mul' | 'div' | 'lsh' | 'rsh', a: Vector, b: Operand): Vector {
    const [left, right] = [constantOf(a), constantOf(b)];
    const shift = (places: number): Vector => this.#of(bit => a.bits[bit - places] ?? NONE);
    if (right !== undefined) {
      const power = (right & (right - 1)) === 0 && right !== 0 ? 31 - Math.clz32(right) : undefined;
      switch (op) {
        case 'mul':
          if (right === 0) return this.constant(0);
          if (left !== undefined) return this.constant(Math.imul(left, right) >>> 0);
          if (power !== undefined) return shift(power);
          break;
        case 'div':
          if (left !== undefined) return this.constant(Math.floor(left / right));
          if (power !== undefined) return shift(-power);
          break;
        case 'lsh':
          return shift(right & 31);
        case 'rsh':
          return shift(-(right & 31));
      }
    }
    throw new CompileError(
      'undecidable-program',
      'the program multiplies, divides or shifts by values that differ between calls, which cannot be analysed',
    );
  }

  #sum(a: Vector, b: Operand, carryIn: Node): Vector {
    const { and, or, not } = this.#sets;
    const xor = (x: Node, y: Node): Node => this.#choose(x, not(y), y);
    let carry = carryIn;
    return this.#of(bit => {
      const [x, y] = [bitOf(a, bit), bitOf(b, bit)];
      const half = xor(x, y);
      const digit = xor(half, carry);
      carry = or(and(x, y), and(half, carry));
      return digit;
    });
  }

  #equal(a: Operand, b: Operand): Node {
    return PLACES.reduce((same, bit) => {
      const [x, y] = [bitOf(a, bit), bitOf(b, bit)];
      return this.#choose(x, this.#choose(y, same, NONE), this.#choose(y, NONE, same));
    }, EVERY);
  }

  #atLeast(a: Operand, b: Operand): Node {
    return PLACES.reduce((lower, bit) => {
      const [x, y] = [bitOf(a, bit), bitOf(b, bit)];
      return this.#choose(x, this.#choose(y, lower, EVERY), this.#choose(y, NONE, lower));
    }, EVERY);
  }

  readonly #choose = (set: Node, yes: Node, no: Node): Node => this.#bdd.ite(set, yes, no);
  readonly #sets = {
    and: (a: Node, b: Node): Node => this.#bdd.and(a, b),
    or: (a: Node, b: Node): Node => this.#bdd.or(a, b),
    not: (a: Node): Node => this.#bdd.not(a),
  };

  #of(bit: (place: number) => Node): Vector {
    this.#bdd.spend(VECTOR_STEPS);
    const bits = PLACES.map(bit);
    return remember(this.#byBits, bits.join(), () => ({ id: this.#byBits.size, bits }));
  }
}

/** The value of an operand that is the same for every call; undefined if it depends on the call. */
export function constantOf(operand: Operand): number | undefined {
  if (typeof operand === 'number') return operand;
  const { bits } = operand;
  return bits.every(bit => bit === NONE || bit === EVERY)
    ? bits.reduce((value, bit, place) => (value | (bit << place)) >>> 0, 0)
    : undefined;
}

function remember<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const before = known.get(key);
  if (before !== undefined) return before;
  const value = make();
  known.set(key, value);
  return value;
}
