// Every way through a program for one architecture, sorted by the numbers that take it.
import { CompileError, ConversionError } from '../../util/errors.js';
import { actionName, isAction, type Action } from '../../kernel/action.js';
import type { WorkBudget } from '../../util/work.js';
import { WORD } from '../../bpf/program.js';
import { EVERYTHING, narrow, type Region, type Walker } from '../prove/symbolic.js';
import { FULL, interval } from '../prove/words.js';
import type { Path } from './cover.js';

/** Numbers from `low` to `high`, both included, that take the same paths. */
export interface NumberRun {
  readonly low: number;
  readonly high: number;
  /** Disjoint; together they hold every call of these numbers. */
  readonly paths: readonly Path[];
}

/** Paths of one program; Docker's default has some hundreds. */
const MAX_PATHS = 10_000;

/** The two top bits tell x32 from x86_64: splitting there decides every test of them. */
const QUARTERS = [0, 0x40000000, 0x80000000, 0xc0000000];

/**
 * Every number of an AUDIT_ARCH, ascending.
 * Throws CompileError (`undecidable-program`) for a program that is beyond the symbolic engine, and ConversionError
 * (`not-expressible`) for one that looks at more than number, architecture and arguments, or answers what no kernel knows.
 */
export function numberRuns(walker: Walker, arch: number): readonly NumberRun[] {
  return QUARTERS.flatMap(low => {
    const numbers = interval(low, low + 0x3fffffff);
    const region = narrow(narrow(EVERYTHING, WORD.arch, interval(arch, arch)), WORD.nr, numbers);
    return sorted(pathsOf(walker, region), low, low + 0x3fffffff, walker.work);
  });
}

interface NumberedPath extends Path {
  /** Ascending, disjoint: low, high, low, high, … */
  readonly numbers: readonly number[];
}

function pathsOf(walker: Walker, start: Region): readonly NumberedPath[] {
  const paths: NumberedPath[] = [];
  walker.walk(start, undefined, {
    narrow: () => undefined,
    key: () => '',
    words: () => 0,
    everyPath: true,
    leaf: (_, action, region) => {
      if (paths.length === MAX_PATHS)
        throw new CompileError(
          'undecidable-program',
          `there are more than ${MAX_PATHS} ways through the program`,
        );
      paths.push(pathOf(action, region));
      return true;
    },
  });
  return paths;
}

function pathOf(action: Action, region: Region): NumberedPath {
  const word = (index: number) => region[index] ?? FULL;
  if (!isAction(action)) {
    throw new ConversionError(
      'not-expressible',
      `the program returns ${actionName(action)}, which is no action: kernels kill the process`,
    );
  }
  if (word(WORD.ipLow) !== FULL || word(WORD.ipHigh) !== FULL) {
    throw new ConversionError(
      'not-expressible',
      'the program looks at the instruction pointer, for which policies have no words',
    );
  }
  const { ranges, facts } = word(WORD.nr);
  if (facts.length > 0)
    throw new CompileError('undecidable-program', 'the program tests bits of the number of a call');
  const cells = Array.from({ length: 6 }, (_, arg) => ({
    high: word(WORD.high(arg)),
    low: word(WORD.low(arg)),
  }));
  return { action, cells, numbers: ranges };
}

/** The paths of every number from low to high; neighbours with one answer, the same for both, are one run. */
function sorted(
  paths: readonly NumberedPath[],
  low: number,
  high: number,
  work: WorkBudget,
): readonly NumberRun[] {
  const borders = new Map<number, { readonly begin: Path[]; readonly end: Path[] }>();
  const at = (number: number): { readonly begin: Path[]; readonly end: Path[] } => {
    const existing = borders.get(number);
    if (existing !== undefined) return existing;
    const border = { begin: [], end: [] };
    borders.set(number, border);
    return border;
  };
  for (const path of paths) {
    path.numbers.forEach((number, index) => {
      if (index % 2 === 0) at(number).begin.push(path);
      else at(number + 1).end.push(path);
    });
  }
  const runs: NumberRun[] = [];
  const current = new Set<Path>();
  const starts = [...borders.keys()].sort((a, b) => a - b);
  for (const [index, start] of starts.entries()) {
    if (start > high) break;
    const border = at(start);
    for (const path of border.end) current.delete(path);
    for (const path of border.begin) current.add(path);
    work.spend(1 + (current.size >>> 2));
    const end = (starts[index + 1] ?? high + 1) - 1;
    const last = runs.at(-1);
    const action = constant([...current]);
    if (last !== undefined && action !== undefined && constant(last.paths) === action)
      runs[runs.length - 1] = { ...last, high: end };
    else runs.push({ low: Math.max(start, low), high: end, paths: [...current] });
  }
  return runs;
}

/** The one action of all paths, where there is one. */
export function constant(paths: readonly Path[]): Action | undefined {
  const action = paths[0]?.action;
  return paths.every(path => path.action === action) ? action : undefined;
}
