// Compiles a call's rules to a decision diagram over the words of its arguments, each loaded at most once per path.
import { precedence, type Action } from '../../kernel/action.js';
import type { Condition, SyscallPolicy } from '../../policy/policy.js';
import type { WorkBudget } from '../../util/work.js';
import { WORD } from '../../bpf/program.js';
import type { Diagram, DiagramNode } from './diagram.js';
import { searchSteps, searchTree, type Aim, type Cell } from './search-tree.js';

/** Ascending, disjoint ranges of values: low, high, low, high, … */
type Ranges = readonly number[];

/** A test of one word, and for a high word the remaining test of the low one. */
type Atom =
  | { readonly kind: 'ranges'; readonly word: number; readonly ranges: Ranges; readonly key: string }
  | {
      readonly kind: 'mask';
      readonly word: number;
      readonly mask: number;
      readonly value: number;
      readonly key: string;
    }
  | {
      readonly kind: 'pair';
      readonly word: number;
      readonly cases: readonly WordCase[];
      readonly key: string;
    };

/**
 * For values of the high word in `ranges`, `then` must hold; for values that no case covers, the condition is false.
 */
interface WordCase {
  readonly ranges: Ranges;
  readonly then: readonly Atom[];
}

interface WordRule {
  readonly atoms: readonly Atom[];
  readonly action: Action;
  readonly order: number;
}

const ALL = 0xffffffff;
const LOW = 0xffffffffn;

/** How much more frequent than other values 0 is assumed to be in an argument or its high word. */
const ZERO_WEIGHT = 16;

/** The steps that the key of a rule and a list of atoms count for, because both stay in memory. */
const KEY_STEPS = 2;
const ATOMS_STEPS = 8;

/** Builds the diagram for one call. Spends values of words times the rules that test them on `work`. */
export function argumentDiagram(
  diagram: Diagram,
  part: SyscallPolicy,
  work: WorkBudget,
  aim: Aim,
): DiagramNode {
  const rules = part.rules.map((rule, order) => ({
    atoms: rule.conditions.flatMap(atomsOf),
    action: rule.action,
    order,
  }));
  return new Builder(diagram, part.otherwise, wordOrder(part), work, aim).build(rules, 0);
}

/** Arguments that most rules test come first; of an argument, its high word, which decides most calls. */
function wordOrder(part: SyscallPolicy): readonly number[] {
  const uses = [0, 0, 0, 0, 0, 0];
  for (const rule of part.rules) for (const { arg } of rule.conditions) uses[arg] = (uses[arg] ?? 0) + 1;
  return [0, 1, 2, 3, 4, 5]
    .filter(arg => (uses[arg] ?? 0) > 0)
    .sort((a, b) => (uses[b] ?? 0) - (uses[a] ?? 0) || a - b)
    .flatMap(arg => [WORD.high(arg), WORD.low(arg)]);
}

/** Converts a condition to tests of words, all of which must hold. */
function atomsOf(condition: Condition): readonly Atom[] {
  const { arg, value, width } = condition;
  const [high, low] = [WORD.high(arg), WORD.low(arg)];
  const [valueHigh, valueLow] = [Number(value >> 32n), Number(value & LOW)];
  switch (condition.op) {
    case 'SCMP_CMP_MASKED_EQ': {
      const atoms = [maskAtom(low, Number(condition.mask & LOW), valueLow)];
      if (width === 64) atoms.unshift(maskAtom(high, Number(condition.mask >> 32n), valueHigh));
      return atoms.filter(atom => !isTrivial(atom));
    }
    case 'SCMP_CMP_EQ':
      return width === 32
        ? rangeAtom(low, [valueLow, valueLow])
        : [...rangeAtom(high, [valueHigh, valueHigh]), ...rangeAtom(low, [valueLow, valueLow])];
    case 'SCMP_CMP_NE':
      return ordered(
        width,
        high,
        low,
        valueHigh,
        [...below(valueHigh), ...above(valueHigh)],
        [...below(valueLow), ...above(valueLow)],
      );
    case 'SCMP_CMP_GE':
      return ordered(width, high, low, valueHigh, above(valueHigh), [valueLow, ALL]);
    case 'SCMP_CMP_GT':
      return ordered(width, high, low, valueHigh, above(valueHigh), above(valueLow));
    case 'SCMP_CMP_LE':
      return ordered(width, high, low, valueHigh, below(valueHigh), [0, valueLow]);
    case 'SCMP_CMP_LT':
      return ordered(width, high, low, valueHigh, below(valueHigh), below(valueLow));
  }
}

const above = (value: number): Ranges => (value === ALL ? [] : [value + 1, ALL]);
const below = (value: number): Ranges => (value === 0 ? [] : [0, value - 1]);

/** True for high words in `decisive`. If the high word equals `equal`, the low word decides. */
function ordered(
  width: 32 | 64,
  high: number,
  low: number,
  equal: number,
  decisive: Ranges,
  lowRanges: Ranges,
): readonly Atom[] {
  const then = rangeAtom(low, lowRanges);
  if (width === 32) return then;
  const cases: WordCase[] = [{ ranges: [equal, equal], then }];
  if (decisive.length > 0) cases.push({ ranges: decisive, then: [] });
  return [
    {
      kind: 'pair',
      word: high,
      cases,
      key: `p${high}:${equal}:${decisive.join(',')}:${then.map(atom => atom.key).join()}`,
    },
  ];
}

/** Ranges that contain every value need no atom. */
function rangeAtom(word: number, ranges: Ranges): readonly Atom[] {
  if (ranges.length === 2 && ranges[0] === 0 && ranges[1] === ALL) return [];
  return [{ kind: 'ranges', word, ranges, key: `r${word}:${ranges.join(',')}` }];
}

function maskAtom(word: number, mask: number, value: number): Atom {
  const unit = (mask & -mask) >>> 0;
  const prefix = mask !== 0 && (mask | (unit - 1)) >>> 0 === ALL;
  if (prefix || mask === 0) {
    const last = mask === 0 ? ALL : value + unit - 1;
    return { kind: 'ranges', word, ranges: [value, last], key: `r${word}:${value},${last}` };
  }
  return { kind: 'mask', word, mask, value, key: `m${word}:${mask}:${value}` };
}

const isTrivial = (atom: Atom): boolean =>
  atom.kind === 'ranges' && atom.ranges[0] === 0 && atom.ranges[1] === ALL;

class Builder {
  readonly #diagram: Diagram;
  readonly #otherwise: Action;
  readonly #words: readonly number[];
  readonly #aim: Aim;
  readonly #memo = new Map<string, DiagramNode>();
  readonly #ids = new WeakMap<WordRule, number>();
  readonly #numbers = new Map<string, number>();
  readonly #work: WorkBudget;

  constructor(diagram: Diagram, otherwise: Action, words: readonly number[], work: WorkBudget, aim: Aim) {
    this.#work = work;
    this.#diagram = diagram;
    this.#otherwise = otherwise;
    this.#words = words;
    this.#aim = aim;
  }

  /** The node for the rules that can still match once the words before `place` are known. */
  build(all: readonly WordRule[], place: number): DiagramNode {
    const rules = undominated(all);
    const verdict = this.#verdict(rules);
    const word = this.#words[place];
    if (verdict !== undefined || word === undefined) return this.#diagram.return(verdict ?? this.#otherwise);
    return this.#remember(`${place}`, rules, () => {
      const cells = this.#cells(rules, word);
      this.#work.spend(searchSteps(cells.length, this.#aim));
      const nodes = cells.map(cell => this.#masks(cell.rules, place, word, false, true));
      const weighted = cells.map(({ low, high }, index): Cell => ({
        low,
        high,
        node: nodes[index] as DiagramNode,
        weight: low === 0 ? ZERO_WEIGHT : 1,
      }));
      const tree = searchTree(this.#diagram, weighted, this.#aim);
      return readsAccumulator(tree) ? this.#diagram.load(word, tree) : tree;
    });
  }

  #verdict(rules: readonly WordRule[]): Action | undefined {
    const settled = rules.find(rule => rule.atoms.length === 0);
    const action = settled?.action ?? this.#otherwise;
    return rules.every(rule => rule.action === action) ? action : undefined;
  }

  #remember(stage: string, rules: readonly WordRule[], make: () => DiagramNode): DiagramNode {
    this.#work.spend(KEY_STEPS * rules.length);
    let key = stage;
    for (const rule of rules) key += ` ${this.#idOf(rule)}`;
    const existing = this.#memo.get(key);
    if (existing !== undefined) return existing;
    const node = make();
    this.#memo.set(key, node);
    return node;
  }

  /** An id that is equal for rules with the same remaining tests. */
  #idOf(rule: WordRule): number {
    const known = this.#ids.get(rule);
    if (known !== undefined) return known;
    this.#work.spend(ATOMS_STEPS);
    const text = `${rule.atoms.map(atom => atom.key).join('&')}>${rule.action}`;
    const id = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, id);
    this.#ids.set(rule, id);
    return id;
  }

  /** Splits the values of a word into cells in which each rule has one result, with the remaining rules of each cell. */
  #cells(
    rules: readonly WordRule[],
    word: number,
  ): readonly { low: number; high: number; rules: readonly WordRule[] }[] {
    const starts = new Set<number>([0]);
    for (const rule of rules) for (const atom of rule.atoms) if (atom.word === word) addStarts(atom, starts);
    const lows = Uint32Array.from(starts).sort();
    const cells = Array.from(lows, (low, index) => ({
      low,
      high: index + 1 < lows.length ? (lows[index + 1] as number) - 1 : ALL,
      rules: [] as WordRule[],
    }));
    for (const rule of rules) {
      const here = rule.atoms.filter(atom => atom.word === word && atom.kind !== 'mask');
      if (here.length === 0) {
        this.#work.spend(cells.length);
        for (const cell of cells) cell.rules.push(rule);
        continue;
      }
      const later = rule.atoms.filter(atom => !here.includes(atom));
      const [only] = here;
      if (only !== undefined && here.length === 1) {
        // Cells share one object for a rule with the same remaining tests, because there may be millions of cells.
        for (const { ranges, then } of casesOf(only)) {
          const left = { ...rule, atoms: [...later, ...then] };
          this.#eachCell(ranges, lows, index => cells[index]?.rules.push(left));
        }
        continue;
      }
      for (const [index, then] of this.#matches(here, lows)) {
        cells[index]?.rules.push({ ...rule, atoms: [...later, ...then] });
      }
    }
    return cells;
  }

  /** Calls `visit` for every cell in the ranges. */
  #eachCell(ranges: Ranges, lows: Uint32Array, visit: (index: number) => void): void {
    for (let at = 0; at < ranges.length; at += 2) {
      const from = indexOf(lows, ranges[at] as number);
      const to = indexOf(lows, ranges[at + 1] as number);
      this.#work.spend(to - from + 1);
      for (let index = from; index <= to; index++) visit(index);
    }
  }

  /** The cells in which all atoms can be true, each with the remaining tests. */
  #matches(atoms: readonly Atom[], lows: Uint32Array): ReadonlyMap<number, readonly Atom[]> {
    let matches: Map<number, readonly Atom[]> | undefined;
    for (const atom of atoms) {
      const next = new Map<number, readonly Atom[]>();
      for (const { ranges, then } of casesOf(atom)) {
        this.#eachCell(ranges, lows, index => {
          const before = matches === undefined ? [] : matches.get(index);
          this.#work.spend(ATOMS_STEPS);
          if (before !== undefined) next.set(index, [...before, ...then]);
        });
      }
      matches = next;
    }
    return matches ?? new Map();
  }

  /** Emits the masked tests of a word, then continues with the next word. `saved`: X holds the word; `intact`: so does A. */
  #masks(
    all: readonly WordRule[],
    place: number,
    word: number,
    saved: boolean,
    intact: boolean,
  ): DiagramNode {
    const rules = undominated(all);
    const verdict = this.#verdict(rules);
    if (verdict !== undefined) return this.#diagram.return(verdict);
    const atom = firstMask(rules, word);
    if (atom === undefined) return this.build(rules, place + 1);
    return this.#remember(`${place}m${String(saved)}${String(intact)}`, rules, () => {
      this.#work.spend(ATOMS_STEPS * rules.length);
      const yes = assume(rules, atom, true);
      const no = assume(rules, atom, false);
      const onlyBits = atom.value === 0 || (atom.mask & (atom.mask - 1)) === 0;
      const keep = !onlyBits && !saved && [yes, no].some(side => firstMask(side, word) !== undefined);
      const next = (side: readonly WordRule[]): DiagramNode =>
        this.#masks(side, place, word, saved || keep, onlyBits);
      const [whenTrue, whenFalse] = [next(yes), next(no)];
      // The test is redundant: without it, the registers are unchanged.
      if (whenTrue === whenFalse) return this.#masks(no, place, word, saved, intact);
      const test = onlyBits
        ? atom.value === 0
          ? this.#diagram.test('set', atom.mask, whenFalse, whenTrue)
          : this.#diagram.test('set', atom.mask, whenTrue, whenFalse)
        : this.#diagram.and(atom.mask, this.#diagram.test('eq', atom.value, whenTrue, whenFalse));
      const restored = intact ? test : this.#diagram.restore(test);
      return keep ? this.#diagram.save(restored) : restored;
    });
  }
}

type MaskAtom = Extract<Atom, { kind: 'mask' }>;

function firstMask(rules: readonly WordRule[], word: number): MaskAtom | undefined {
  for (const rule of rules) {
    for (const atom of rule.atoms) if (atom.kind === 'mask' && atom.word === word) return atom;
  }
  return undefined;
}

/** The remaining rules after a masked test, without the tests that it decides. */
function assume(rules: readonly WordRule[], known: MaskAtom, holds: boolean): readonly WordRule[] {
  return rules.flatMap(rule => {
    const atoms: Atom[] = [];
    for (const atom of rule.atoms) {
      const answer =
        atom.kind === 'mask' && atom.word === known.word ? implied(atom, known, holds) : undefined;
      if (answer === false) return [];
      if (answer === undefined) atoms.push(atom);
    }
    return [{ ...rule, atoms }];
  });
}

function implied(atom: MaskAtom, known: MaskAtom, holds: boolean): boolean | undefined {
  const agree = ((atom.value ^ known.value) & atom.mask & known.mask) === 0;
  if (holds) {
    if (!agree) return false;
    return (atom.mask & ~known.mask) === 0 ? true : undefined;
  }
  // If a test is false, every test that implies it is false.
  return agree && (known.mask & ~atom.mask) === 0 ? false : undefined;
}

const casesOf = (atom: Atom): readonly WordCase[] => {
  if (atom.kind === 'pair') return atom.cases;
  return atom.kind === 'ranges' ? [{ ranges: atom.ranges, then: [] }] : [];
};

function addStarts(atom: Atom, starts: Set<number>): void {
  for (const { ranges } of casesOf(atom)) {
    for (let at = 0; at < ranges.length; at += 2) {
      starts.add(ranges[at] as number);
      const end = ranges[at + 1] as number;
      if (end < ALL) starts.add(end + 1);
    }
  }
}

/** The index of the cell that contains a value. */
function indexOf(lows: Uint32Array, value: number): number {
  let first = 0;
  let last = lows.length - 1;
  while (first < last) {
    const middle = (first + last + 1) >>> 1;
    if ((lows[middle] as number) <= value) first = middle;
    else last = middle - 1;
  }
  return first;
}

/** Drops rules that cannot change the action because a stronger one always matches. */
function undominated(rules: readonly WordRule[]): readonly WordRule[] {
  let best: WordRule | undefined;
  for (const rule of rules)
    if (rule.atoms.length === 0 && (best === undefined || stronger(rule, best))) best = rule;
  const settled = best;
  return settled === undefined ? rules : rules.filter(rule => rule === settled || stronger(rule, settled));
}

const stronger = (a: WordRule, b: WordRule): boolean =>
  precedence(a.action) < precedence(b.action) ||
  (precedence(a.action) === precedence(b.action) && a.order < b.order);

/** Whether a node reads the accumulator before it loads anything. */
const readsAccumulator = (node: DiagramNode): boolean => node.kind !== 'return' && node.kind !== 'load';
