// Binary decision diagrams (BDDs) over the bits of a system call's data: equal functions are the same node.
import { CompileError } from '../../util/errors.js';
import { WorkBudget } from '../../util/work.js';
import { WORD } from '../../bpf/program.js';

/**
 * A function from calls to unsigned 32-bit numbers, as its index in a `Bdd`. As a set, it contains the calls with value
 * 1.
 */
export type Node = number;

/** The function that is 0 for every call: the empty set. */
export const NONE: Node = 0;
/** The function that is 1 for every call: the set of all calls. */
export const EVERY: Node = 1;

/**
 * The variable order: words of `struct seccomp_data`, each from its highest bit down, so that both halves of an
 * argument form one 64-bit number.
 */
const WORD_ORDER = [
  WORD.arch,
  WORD.nr,
  ...[0, 1, 2, 3, 4, 5].flatMap(arg => [WORD.high(arg), WORD.low(arg)]),
  WORD.ipHigh,
  WORD.ipLow,
];

/** The level of a word's highest bit. */
const LEVEL_OF_WORD: readonly number[] = WORD_ORDER.map((_, word) => 32 * WORD_ORDER.indexOf(word));

/** The level of bit `bit` (0 is the lowest) of a word: level 0 is tested first. */
export const levelOf = (word: number, bit: number): number => (LEVEL_OF_WORD[word] ?? 0) + 31 - bit;

/** The number of variables, which is also the level of constants. */
export const LEVELS = 32 * WORD_ORDER.length;

/** The maximum numbers of nodes and of steps: limits for hostile programs, far above what real ones need. */
const NODE_BUDGET = 1 << 21;
const STEP_BUDGET = 20_000_000;

/** The steps that an entry in a table of nodes, or of pairs, counts for, because entries take time and memory. */
const ENTRY_STEPS = 4;
const PAIR_STEPS = 8;

/** The budget of one `Bdd`. Exceeding it throws CompileError (`undecidable-program`). */
export const bddBudget = (limit = STEP_BUDGET): WorkBudget => new WorkBudget(limit, tooManyCalls);

const tooManyCalls = (): CompileError =>
  new CompileError(
    'undecidable-program',
    'the program distinguishes too many calls to be analysed',
    'Treat it as unknown: compiled seccomp filters need only a small part of the allowed steps',
  );

const pairKey = (a: Node, b: Node): number => a * NODE_BUDGET + b;

/**
 * A store of diagrams. Every function has exactly one node in it, so that comparing two functions is comparing two
 * numbers. Methods throw CompileError (`undecidable-program`) for functions far larger than those of real programs.
 */
export class Bdd {
  #levels = new Uint16Array(1 << 12);
  /** The child if the bit is 0; the value of a constant. */
  #lows = new Uint32Array(1 << 12);
  /** The child if the bit is 1. */
  #highs = new Uint32Array(1 << 12);
  #count = 0;
  /** Open hash table of all nodes: their index plus one. */
  #unique = new Uint32Array(1 << 13);
  /** Results of `ite` by its three operands; a collision overwrites. */
  #cache = new Uint32Array(4 << 12);
  /** The budget on which every operation is counted. */
  readonly work: WorkBudget;

  constructor(work = bddBudget()) {
    this.work = work;
    this.constant(0);
    this.constant(1);
  }

  /** The function with the same value for every call. */
  constant(value: number): Node {
    return this.#intern(LEVELS, value, 0);
  }

  /** The function that tests one bit. Both children only test later bits. */
  node(level: number, low: Node, high: Node): Node {
    return low === high ? low : this.#intern(level, low, high);
  }

  /** The level of the first bit that a function tests; LEVELS for a constant. */
  level(node: Node): number {
    return this.#levels[node] ?? 0;
  }

  /** The cofactor of a function if its first bit is 0. */
  low(node: Node): Node {
    return this.#lows[node] ?? 0;
  }

  /** The cofactor of a function if its first bit is 1. */
  high(node: Node): Node {
    return this.#highs[node] ?? 0;
  }

  /** The value of a constant; undefined for other functions. */
  valueOf(node: Node): number | undefined {
    return this.level(node) === LEVELS ? this.low(node) : undefined;
  }

  /** If-then-else: the function that is `yes` for calls in the set and `no` for others. */
  ite(set: Node, yes: Node, no: Node): Node {
    if (set === EVERY || yes === no) return yes;
    if (set === NONE) return no;
    if (yes === EVERY && no === NONE) return set;
    this.work.spend(1);
    const setLevel = this.level(set);
    const yesLevel = this.level(yes);
    const noLevel = this.level(no);
    const level = Math.min(setLevel, yesLevel, noLevel);
    const slot = 4 * (hash(set, yes, no) & (this.#cache.length / 4 - 1));
    const cache = this.#cache;
    if (cache[slot] === set && cache[slot + 1] === yes && cache[slot + 2] === no) return cache[slot + 3] ?? 0;
    const low = this.ite(
      setLevel === level ? this.low(set) : set,
      yesLevel === level ? this.low(yes) : yes,
      noLevel === level ? this.low(no) : no,
    );
    const high = this.ite(
      setLevel === level ? this.high(set) : set,
      yesLevel === level ? this.high(yes) : yes,
      noLevel === level ? this.high(no) : no,
    );
    const result = this.node(level, low, high);
    // The cache may have been replaced by a larger one.
    const { length } = this.#cache;
    const place = 4 * (hash(set, yes, no) & (length / 4 - 1));
    this.#cache[place] = set;
    this.#cache[place + 1] = yes;
    this.#cache[place + 2] = no;
    this.#cache[place + 3] = result;
    return result;
  }

  /** The function that is one of three others, depending on how a word compares with a value. */
  compare(word: number, value: number, less: Node, equal: Node, greater: Node): Node {
    if (less === equal && equal === greater) return equal;
    const first = levelOf(word, 31);
    if (Math.min(this.level(less), this.level(equal), this.level(greater)) < first) {
      const [isLess, isEqual] = [
        this.compare(word, value, EVERY, NONE, NONE),
        this.compare(word, value, NONE, EVERY, NONE),
      ];
      return this.ite(isLess, less, this.ite(isEqual, equal, greater));
    }
    this.work.spend(32);
    // The remaining functions while the word has the same leading bits as the value, and those after the first bit that
    // differs.
    let [below, same, above] = [less, equal, greater];
    const apart: Node[] = [];
    for (let level = first, bit = 31; bit >= 0; level++, bit--) {
      const one = ((value >>> bit) & 1) === 1;
      const other = one ? below : above;
      apart.push(this.level(other) !== level ? other : one ? this.low(other) : this.high(other));
      if (this.level(below) === level) below = one ? this.high(below) : this.low(below);
      if (this.level(same) === level) same = one ? this.high(same) : this.low(same);
      if (this.level(above) === level) above = one ? this.high(above) : this.low(above);
    }
    let node = same;
    for (let bit = 0; bit < 32; bit++) {
      const other = apart[31 - bit] ?? NONE;
      const one = ((value >>> bit) & 1) === 1;
      node = this.node(first + 31 - bit, one ? other : node, one ? node : other);
    }
    return node;
  }

  /** Calls in both sets. */
  and(a: Node, b: Node): Node {
    return this.ite(a, b, NONE);
  }

  /** Calls in at least one of the sets. */
  or(a: Node, b: Node): Node {
    return this.ite(a, EVERY, b);
  }

  /** Calls outside of the set. */
  not(a: Node): Node {
    return this.ite(a, NONE, EVERY);
  }

  /** Calls of the first set outside of the second. */
  minus(a: Node, b: Node): Node {
    return this.ite(b, NONE, a);
  }

  /** Combines the values of two functions. */
  combine(a: Node, b: Node, how: (a: number, b: number) => number): Node {
    const known = new Map<number, Node>();
    const visit = (x: Node, y: Node): Node => {
      const [xLevel, yLevel] = [this.level(x), this.level(y)];
      const level = Math.min(xLevel, yLevel);
      if (level === LEVELS) return this.constant(how(this.low(x), this.low(y)));
      const key = pairKey(x, y);
      const before = known.get(key);
      if (before !== undefined) return before;
      this.work.spend(PAIR_STEPS);
      const low = visit(xLevel === level ? this.low(x) : x, yLevel === level ? this.low(y) : y);
      const high = visit(xLevel === level ? this.high(x) : x, yLevel === level ? this.high(y) : y);
      const result = this.node(level, low, high);
      known.set(key, result);
      return result;
    };
    return visit(a, b);
  }

  /**
   * Replaces every cofactor of a function at a level by the result of `how`: constants by default, otherwise the
   * functions that remain once the bits before that level are known.
   */
  replace(a: Node, how: (rest: Node) => Node, from = LEVELS): Node {
    const known = new Map<Node, Node>();
    const visit = (x: Node): Node => {
      const before = known.get(x);
      if (before !== undefined) return before;
      this.work.spend(ENTRY_STEPS);
      const level = this.level(x);
      const result = level >= from ? how(x) : this.node(level, visit(this.low(x)), visit(this.high(x)));
      known.set(x, result);
      return result;
    };
    return visit(a);
  }

  /** The distinct cofactors of a function for all values of the bits before a level. */
  rests(a: Node, from = LEVELS): readonly Node[] {
    const found: Node[] = [];
    const seen = new Set<Node>();
    const visit = (x: Node): void => {
      if (seen.has(x)) return;
      this.work.spend(ENTRY_STEPS);
      seen.add(x);
      if (this.level(x) >= from) found.push(x);
      else {
        visit(this.low(x));
        visit(this.high(x));
      }
    };
    visit(a);
    return found;
  }

  /** The cofactor of a function for a value of a word. The function must not test earlier words. */
  cofactor(a: Node, word: number, value: number): Node {
    const first = levelOf(word, 31);
    let node = a;
    for (let level = this.level(node); level < first + 32; level = this.level(node))
      node = ((value >>> (first + 31 - level)) & 1) === 0 ? this.low(node) : this.high(node);
    return node;
  }

  /** The words of a call for which the function does not have this value, with irrelevant bits 0; undefined if there is none. */
  witness(a: Node, value: number): Uint32Array | undefined {
    const avoided = this.constant(value);
    if (a === avoided) return undefined;
    const words = new Uint32Array(WORD_ORDER.length);
    for (let node = a, level = this.level(a); level < LEVELS; level = this.level(node)) {
      // Every node except that constant has another value somewhere.
      if (this.low(node) !== avoided) node = this.low(node);
      else {
        node = this.high(node);
        const word = WORD_ORDER[level >>> 5] ?? 0;
        words[word] = ((words[word] ?? 0) | (1 << (31 - (level & 31)))) >>> 0;
      }
    }
    return words;
  }

  /** Counts steps of algorithms that use diagrams. Throws CompileError (`undecidable-program`). */
  spend(steps: number): void {
    this.work.spend(steps);
  }

  #intern(level: number, low: number, high: number): Node {
    const mask = this.#unique.length - 1;
    for (let slot = hash(level, low, high) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#unique[slot] ?? 0;
      if (entry === 0) return this.#add(level, low, high, slot);
      const node = entry - 1;
      if (this.#lows[node] === low && this.#highs[node] === high && this.#levels[node] === level) return node;
    }
  }

  #add(level: number, low: number, high: number, slot: number): Node {
    const node = this.#count++;
    if (node >= NODE_BUDGET) throw tooManyCalls();
    if (node === this.#lows.length) this.#grow();
    this.#levels[node] = level;
    this.#lows[node] = low;
    this.#highs[node] = high;
    if (2 * this.#count > this.#unique.length) this.#rehash();
    else this.#unique[slot] = node + 1;
    return node;
  }

  #grow(): void {
    const larger = <T extends Uint16Array | Uint32Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    const length = 2 * this.#lows.length;
    this.#levels = larger(new Uint16Array(length), this.#levels);
    this.#lows = larger(new Uint32Array(length), this.#lows);
    this.#highs = larger(new Uint32Array(length), this.#highs);
  }

  #rehash(): void {
    this.#unique = new Uint32Array(2 * this.#unique.length);
    this.#cache = new Uint32Array(4 * (this.#unique.length / 2));
    const mask = this.#unique.length - 1;
    for (let node = 0; node < this.#count; node++) {
      let slot = hash(this.#levels[node] ?? 0, this.#lows[node] ?? 0, this.#highs[node] ?? 0) & mask;
      while (this.#unique[slot] !== 0) slot = (slot + 1) & mask;
      this.#unique[slot] = node + 1;
    }
  }
}

/** A hash of three unsigned numbers. */
function hash(a: number, b: number, c: number): number {
  let mixed = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x27d4eb2f) ^ Math.imul(c, 0x165667b1);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x9e3779b1);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
