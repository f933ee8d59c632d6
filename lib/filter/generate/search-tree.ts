// Computes the cheapest search tree over the cells of one word: order comparisons, and equality tests for single
// values.
import type { Diagram, DiagramNode } from './diagram.js';
import { own } from '../../util/own.js';

/** Values from `low` to `high`, inclusive, that lead to one node. */
export interface Cell {
  readonly low: number;
  readonly high: number;
  readonly node: DiagramNode;
  /** The frequency of the cell's values, in any unit. */
  readonly weight: number;
  /** The steps from here to a return that count towards the longest path. Default: those of the node. */
  readonly steps?: number;
  /** Values of the cell that are so frequent that a separate equality test may pay off; part of `weight`. */
  readonly peaks?: readonly Peak[];
}

/** One frequent value. */
export interface Peak {
  readonly value: number;
  readonly weight: number;
}

/** The maximum number of cells for an optimal tree, which takes cubic time; larger sets are first halved by weight. */
const OPTIMAL_LIMITS: Readonly<Record<SearchAim, number>> = {
  quick: 24,
  balanced: 160,
  skewed: 160,
  small: 160,
};
/** The maximum number of single values that a tree without search tests one after another. */
const SOON_CHAIN_LIMIT = 2;
/** The steps that a cell of such a tree counts for, on the scale of the limits above. */
const SOON_STEPS = 16;
/** The maximum number of single values that are tested one after another before one node remains. */
const CHAIN_LIMIT = 5;
/** The maximum number of cells that these single values and the gaps between them can form. */
const CHAIN_LENGTH = 2 * CHAIN_LIMIT + 1;
/**
 * The total weight in a search. It is an integer, as all weights and costs, because cold engines box every fraction that
 * they load.
 */
const TOTAL = 2 ** 22;
/** The cost of an instruction on that scale, so that of two equally fast trees, the smaller one is chosen. */
const INSTRUCTION_COSTS: Readonly<Record<SearchAim, number>> = {
  quick: TOTAL >> 11,
  balanced: TOTAL >> 11,
  skewed: TOTAL >> 11,
  small: TOTAL,
};
/** The share of the total weight that is spread over all cells, in proportion to their code, to keep paths short. */
const FLOORS: Readonly<Record<Aim, number>> = {
  quick: 0.15,
  balanced: 0.02,
  skewed: 0.005,
  soon: 0.005,
  small: 0.15,
};
/** How many steps longer than the shortest possible longest path a tree may be, in favour of frequent values. */
const DEPTH_SLACK = 2;
/** The maximum number of steps that count, so that one long call does not slow down the others. */
const STEPS_LIMIT = 10;
/** Start of a tree: equality tests decide it. (Other starts name the cell to compare with, which is never cell 0.) */
const CHAINED = 0;
/** Start of a tree, minus the number of a peak: an equality test for that peak. */
const PEAK = 255;
/** The maximum number of peaks; each doubles the work. */
const MAX_PEAKS = 2;
/** The minimum share of the total weight of a peak. */
export const PEAK_SHARE = 0.02;
/** How often a search is repeated to shorten paths, and the share of its weight that a cell gains each time. */
const ROUNDS = 12;
const GAIN = 1;

/**
 * The objective of a tree. `quick`: found fast, fair to all cells. `balanced`: the best mean among trees with short longest
 * paths. `skewed`: the best mean, for weights that are reliable enough to let rare values go deep. `soon`: almost that, without a
 * search, with a few per cent more instructions. `small`: few instructions, whatever the paths.
 */
export type Aim = SearchAim | 'soon';
type SearchAim = 'quick' | 'balanced' | 'skewed' | 'small';

/**
 * The steps that a search over this many cells counts for. Tables of subranges of cells, whose size is quadratic in the
 * cells up to the limit, are each filled by a short search.
 */
export const searchSteps = (cells: number, aim: Aim): number =>
  (cells * Math.min(cells, aim === 'soon' ? SOON_STEPS : OPTIMAL_LIMITS[aim])) >>> 2;

/** Builds the tree; the accumulator must hold the word when it runs. Cells must cover all values in ascending order. */
export function searchTree(diagram: Diagram, cells: readonly Cell[], aim: Aim = 'quick'): DiagramNode {
  const merged = mergeEqual(cells);
  const [only] = merged;
  if (only !== undefined && merged.length === 1) return only.node;
  const total = merged.reduce((sum, cell) => sum + cell.weight, 0) || 1;
  const scale = (weight: number): number => Math.round(TOTAL * weight);
  // A tree of depth d has room for 2^d leaves, so each step below a leaf doubles the room that it takes.
  const rooms = merged.map(cell => 2 ** stepsOf(cell));
  const room = rooms.reduce((sum, each) => sum + each, 0);
  const floor = FLOORS[aim];
  const share = (weight: number): number => ((1 - floor) * weight) / total;
  const weighted = merged.map((cell, index) => ({
    ...cell,
    weight: scale(share(cell.weight) + (floor * (rooms[index] as number)) / room),
  }));
  if (aim === 'soon') return halvedTree(diagram, weighted, 0, weighted.length - 1);
  const peaks = (cell: Cell): readonly Peak[] =>
    (own(cell, 'peaks') ?? []).map(({ value, weight }) => ({ value, weight: scale(share(weight)) }));
  return subtree(
    diagram,
    weighted.map(cell => ({ ...cell, peaks: peaks(cell) })),
    aim,
  );
}

/** The steps from a cell to a return if the arguments are 0, up to the limit. */
const stepsOf = (cell: Cell): number => Math.min(own(cell, 'steps') ?? cell.node.zeroPath, STEPS_LIMIT);

function mergeEqual(cells: readonly Cell[]): readonly Cell[] {
  const merged: Cell[] = [];
  for (const cell of cells) {
    const previous = merged[merged.length - 1];
    if (previous?.node === cell.node) {
      merged[merged.length - 1] = {
        ...previous,
        high: cell.high,
        weight: previous.weight + cell.weight,
        peaks: [...(own(previous, 'peaks') ?? []), ...(own(cell, 'peaks') ?? [])],
      };
    } else merged.push(cell);
  }
  return merged;
}

/**
 * A tree for the cells from `first` to `last` without a search: they are halved by weight until a few equality tests decide.
 */
function halvedTree(diagram: Diagram, cells: readonly Cell[], first: number, last: number): DiagramNode {
  const chain = last - first < CHAIN_LENGTH ? singlesAndRest(cells, first, last) : undefined;
  if (chain !== undefined && chain.singles.length <= SOON_CHAIN_LIMIT) {
    chain.singles.sort((a, b) => weightAt(cells, b) - weightAt(cells, a));
    return chainNode(diagram, cells, chain);
  }
  // An extra weight of 1 per cell keeps both halves from being almost empty.
  let total = 0;
  for (let index = first; index <= last; index++) total += weightAt(cells, index) + 1;
  let middle = first + 1;
  for (let sum = weightAt(cells, first) + 1; middle < last && 2 * sum < total; middle++)
    sum += weightAt(cells, middle) + 1;
  return diagram.test(
    'ge',
    (cells[middle] as Cell).low,
    halvedTree(diagram, cells, middle, last),
    halvedTree(diagram, cells, first, middle - 1),
  );
}

const weightAt = (cells: readonly Cell[], index: number): number => (cells[index] as Cell).weight;

function subtree(diagram: Diagram, cells: readonly Cell[], aim: SearchAim): DiagramNode {
  if (cells.length <= OPTIMAL_LIMITS[aim])
    return new Search(diagram, cells, INSTRUCTION_COSTS[aim]).tree(aim === 'balanced' ? ROUNDS : 0);
  // An equal share for each cell keeps both halves from being almost empty.
  const share = (cell: Cell | undefined): number => (cell?.weight ?? 0) + 1 / cells.length;
  const total = cells.reduce((sum, cell) => sum + share(cell), 0);
  let middle = 1;
  for (let weight = share(cells[0]); middle < cells.length - 1 && weight < total / 2; middle++)
    weight += share(cells[middle]);
  return diagram.test(
    'ge',
    cells[middle]?.low ?? 0,
    subtree(diagram, cells.slice(middle), aim),
    subtree(diagram, cells.slice(0, middle), aim),
  );
}

/** Single cells that equality tests decide in this order, and the one node for all others. */
interface Chain {
  readonly singles: readonly number[];
  readonly rest: DiagramNode;
}

/** A peak and the cell that contains it. */
interface PlacedPeak extends Peak {
  readonly index: number;
}

/**
 * The solution for one set of peaks that are already decided. The best tree of a subrange of cells is at [first][last].
 */
interface CostTable {
  /** Weights by cell, without those of these peaks. */
  readonly weights: number[];
  /** The costs of the trees. */
  readonly cost: number[][];
  /** The starts of the trees: CHAINED, a cell to compare with, or a peak. */
  readonly start: number[][];
}

/** Dynamic programming over subranges of cells, and over the peaks that are decided above them. */
class Search {
  readonly #diagram: Diagram;
  readonly #cells: readonly Cell[];
  readonly #count: number;
  readonly #instructionCost: number;
  readonly #stepCounts: readonly number[];
  readonly #peaks: readonly PlacedPeak[];
  /** Tables by the set of decided peaks, as bits. */
  readonly #tables: readonly CostTable[];
  /** Subranges that a chain of equality tests can decide, by first * CHAIN_LENGTH + last - first. */
  readonly #chains: (Chain | undefined)[];

  constructor(diagram: Diagram, cells: readonly Cell[], instructionCost: number) {
    this.#instructionCost = instructionCost;
    const count = cells.length;
    this.#diagram = diagram;
    this.#cells = cells;
    this.#count = count;
    this.#stepCounts = cells.map(cell => stepsOf(cell));
    this.#peaks = highestPeaks(cells);
    this.#chains = new Array<Chain | undefined>(count * CHAIN_LENGTH).fill(undefined);
    this.#findChains();
    this.#tables = Array.from({ length: 2 ** this.#peaks.length }, (_, taken) => {
      const weights = cells.map(({ weight }) => weight);
      this.#peaks.forEach(({ index, weight }, bit) => {
        if ((taken >> bit) & 1) weights[index] = Math.max(0, (weights[index] as number) - weight);
      });
      return { weights, cost: [], start: [] };
    });
  }

  /**
   * The best tree. With `rounds`, cells that are too deep gain weight and the search is repeated, at most that many
   * times.
   */
  tree(rounds: number): DiagramNode {
    const last = this.#count - 1;
    const room = this.#cells.reduce((sum, _, index) => sum + 2 ** this.#steps(index), 0);
    const limit = Math.ceil(Math.log2(room)) + DEPTH_SLACK;
    this.#solve();
    for (let round = 0; round < rounds; round++) {
      const deep = this.#deeperThan(limit, 0, last, 0, 0);
      if (deep.length === 0) break;
      for (const index of deep) {
        const gain = ((this.#tables[0] as CostTable).weights[index] as number) * GAIN;
        for (const { weights } of this.#tables) weights[index] = (weights[index] as number) + gain;
      }
      this.#solve();
    }
    return this.#build(0, last, 0);
  }

  /** Steps from a cell to a return. */
  #steps(index: number): number {
    return this.#stepCounts[index] as number;
  }

  #table(taken: number): CostTable {
    return this.#tables[taken] as CostTable;
  }

  #start(taken: number, first: number, last: number): number {
    return (this.#table(taken).start[first] as number[])[last] as number;
  }

  #solve(): void {
    // With more peaks decided, less is left to decide, so that the other tables build on the last one.
    for (let taken = this.#tables.length - 1; taken >= 0; taken--) this.#solveTable(taken);
  }

  #solveTable(taken: number): void {
    const table = this.#table(taken);
    const { weights, cost, start } = table;
    const sums = [0];
    for (const weight of weights) sums.push((sums[sums.length - 1] as number) + weight);
    const open = this.#peaks
      .map(({ index }, bit) => ({ index, bit, without: this.#table(taken | (1 << bit)) }))
      .filter(({ bit }) => ((taken >> bit) & 1) === 0)
      .sort((a, b) => a.index - b.index);
    const [nearest, farthest] = [open[0], open[open.length - 1]];
    for (let first = this.#count - 1; first >= 0; first--) {
      // A subrange without some peak is already solved, in the table in which that peak is decided.
      if (nearest !== undefined && first > nearest.index) {
        cost[first] = nearest.without.cost[first] as number[];
        start[first] = nearest.without.start[first] as number[];
        continue;
      }
      // So are the subranges of this row that end before the last peak.
      const solved = farthest?.without ?? { cost: [], start: [] };
      cost[first] = solved.cost[first]?.slice() ?? new Array<number>(this.#count).fill(0);
      start[first] = solved.start[first]?.slice() ?? new Array<number>(this.#count).fill(0);
      this.#solveRow(first, Math.max(first + 1, farthest?.index ?? 0), table, sums, open);
    }
  }

  /** Solves the subranges from one cell to each cell from `from` on. Those that start later are solved already. */
  #solveRow(
    first: number,
    from: number,
    { weights, cost, start }: CostTable,
    sums: readonly number[],
    open: readonly { readonly bit: number; readonly without: CostTable }[],
  ): void {
    const costs = cost[first] as number[];
    const starts = start[first] as number[];
    const base = sums[first] as number;
    let division = first + 1;
    for (let last = from; last < this.#count; last++) {
      const total = (sums[last + 1] as number) - base;
      // The best split is near that of the subrange without its last cell. A subrange of several cells costs at least
      // its weight, and its weight again for each further cell; to either side, the search stops when that exceeds the
      // best cost.
      const near = division;
      division = first + 1;
      let best = (cost[division] as number[])[last] as number;
      if ((costs[last - 1] as number) < best) {
        best = costs[last - 1] as number;
        division = last;
      }
      for (let middle = near; middle < last; middle++) {
        const left = costs[middle - 1] as number;
        if (left + total - (sums[middle] as number) + base >= best) break;
        const candidate = left + ((cost[middle] as number[])[last] as number);
        if (candidate < best) {
          best = candidate;
          division = middle;
        }
      }
      for (let middle = near - 1; middle > first + 1; middle--) {
        const right = (cost[middle] as number[])[last] as number;
        if (right + (sums[middle] as number) - base >= best) break;
        const candidate = (costs[middle - 1] as number) + right;
        if (candidate < best) {
          best = candidate;
          division = middle;
        }
      }
      let at = division;
      for (const { bit, without } of open) {
        const candidate = (without.cost[first] as number[])[last] as number;
        if (candidate < best) {
          best = candidate;
          at = PEAK - bit;
        }
      }
      best += total + this.#instructionCost;
      const chain =
        last - first < CHAIN_LENGTH ? this.#chains[first * CHAIN_LENGTH + last - first] : undefined;
      if (chain !== undefined) {
        const chained = chainCost(chain, weights, total, this.#instructionCost);
        // Of two trees with equal costs, equality tests are more readable.
        if (chained <= best) {
          best = chained;
          at = CHAINED;
        }
      }
      costs[last] = best;
      starts[last] = at;
    }
  }

  /**
   * The cells of a subrange whose path to a return has more than `limit` steps, if the subrange is at depth `depth`.
   */
  #deeperThan(limit: number, first: number, last: number, taken: number, depth: number): readonly number[] {
    if (first === last) return depth + this.#steps(first) > limit ? [first] : [];
    const at = this.#start(taken, first, last);
    if (at > PEAK - MAX_PEAKS)
      return this.#deeperThan(limit, first, last, taken | (1 << (PEAK - at)), depth + 1);
    if (at !== CHAINED) {
      return [
        ...this.#deeperThan(limit, first, at - 1, taken, depth + 1),
        ...this.#deeperThan(limit, at, last, taken, depth + 1),
      ];
    }
    const { singles } = this.#chains[first * CHAIN_LENGTH + last - first] as Chain;
    const cells = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
    return cells.filter(index => {
      const place = singles.indexOf(index);
      return depth + (place < 0 ? singles.length : place + 1) + this.#steps(index) > limit;
    });
  }

  #build(first: number, last: number, taken: number): DiagramNode {
    const single = this.#cells[first];
    if (first === last && single !== undefined) return single.node;
    const at = this.#start(taken, first, last);
    if (at > PEAK - MAX_PEAKS) {
      const { value, index } = this.#peaks[PEAK - at] as PlacedPeak;
      return this.#diagram.test(
        'eq',
        value,
        (this.#cells[index] as Cell).node,
        this.#build(first, last, taken | (1 << (PEAK - at))),
      );
    }
    if (at !== CHAINED) {
      return this.#diagram.test(
        'ge',
        (this.#cells[at] as Cell).low,
        this.#build(at, last, taken),
        this.#build(first, at - 1, taken),
      );
    }
    return chainNode(this.#diagram, this.#cells, this.#chains[first * CHAIN_LENGTH + last - first] as Chain);
  }

  /** Finds the chains. Their heaviest cells come first, and of equally heavy ones those with more code below. */
  #findChains(): void {
    const before = (a: number, b: number): number =>
      (this.#cells[b] as Cell).weight - (this.#cells[a] as Cell).weight || this.#steps(b) - this.#steps(a);
    for (let first = 0; first < this.#count; first++) {
      const end = Math.min(this.#count, first + CHAIN_LENGTH);
      for (let last = first + 1; last < end; last++) {
        const chain = singlesAndRest(this.#cells, first, last);
        // A subrange without a chain has none with more cells either.
        if (chain === undefined) break;
        if (chain.singles.length > 1) chain.singles.sort(before);
        this.#chains[first * CHAIN_LENGTH + last - first] = chain;
      }
    }
  }
}

/**
 * The cost of a chain for a subrange of this total weight: each single value passes those before it, the rest passes
 * all.
 */
function chainCost(
  { singles }: Chain,
  weights: readonly number[],
  total: number,
  instructionCost: number,
): number {
  let cost = singles.length * instructionCost;
  let rest = total;
  for (let place = 0; place < singles.length; place++) {
    const weight = weights[singles[place] as number] as number;
    rest -= weight;
    cost += weight * (place + 1);
  }
  return cost + rest * singles.length;
}

const chainNode = (diagram: Diagram, cells: readonly Cell[], { singles, rest }: Chain): DiagramNode =>
  singles.reduceRight((next, index) => {
    const { low, node } = cells[index] as Cell;
    return diagram.test('eq', low, node, next);
  }, rest);

/** Splits a subrange into single values and one node that all other cells share; undefined if that is impossible. */
function singlesAndRest(
  cells: readonly Cell[],
  first: number,
  last: number,
): { readonly singles: number[]; readonly rest: DiagramNode } | undefined {
  let rest: DiagramNode | undefined;
  for (let index = first; index <= last; index++) {
    const cell = cells[index] as Cell;
    if (cell.low === cell.high) continue;
    if (rest !== undefined && rest !== cell.node) return undefined;
    rest = cell.node;
  }
  rest ??= mostFrequent(cells, first, last);
  const singles: number[] = [];
  for (let index = first; index <= last; index++) {
    if ((cells[index] as Cell).node !== rest && singles.push(index) > CHAIN_LIMIT) return undefined;
  }
  return { singles, rest };
}

/** The peaks that may be worth an equality test: those outside of the heaviest cell, which is found early anyway. */
function highestPeaks(cells: readonly Cell[]): readonly PlacedPeak[] {
  const heaviest = Math.max(...cells.map(({ weight }) => weight));
  return cells
    .flatMap((cell, index) =>
      cell.weight === heaviest ? [] : (own(cell, 'peaks') ?? []).map(peak => ({ ...peak, index })),
    )
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MAX_PEAKS);
}

/** The node that most cells of a short subrange share. */
function mostFrequent(cells: readonly Cell[], first: number, last: number): DiagramNode {
  let best = (cells[first] as Cell).node;
  let most = 0;
  for (let index = first; index <= last; index++) {
    const { node } = cells[index] as Cell;
    let count = 0;
    for (let other = first; other <= last; other++) if ((cells[other] as Cell).node === node) count++;
    if (count > most) [best, most] = [node, count];
  }
  return best;
}
