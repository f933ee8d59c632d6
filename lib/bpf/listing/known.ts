// Computes facts that hold on every path: the word in the accumulator, the architecture, the call.
import { operationOf, writesA } from '../opcodes.js';
import { isConditional, successors, WORD, type Instruction, type Program } from '../program.js';
import { wordAt } from './notation.js';

/** Facts that hold on every path to an instruction; undefined if paths differ. */
export interface Known {
  /** The word of `struct seccomp_data` in the accumulator. */
  readonly word: number | undefined;
  /** The AUDIT_ARCH value of the call. */
  readonly audit: number | undefined;
  /** The smallest and the largest possible number of the call. */
  readonly least: number;
  readonly greatest: number;
}

const NOTHING: Known = { word: undefined, audit: undefined, least: 0, greatest: 0xffffffff };

/** The number of the call if it is certain. */
export const certainCall = ({ least, greatest }: Known): number | undefined =>
  least === greatest ? least : undefined;

/**
 * The facts before each instruction; undefined if it is unreachable. Jumps only lead forward, so that one pass covers
 * every path. Jumps out of the program are ignored.
 */
export function knownAt(program: Program): readonly (Known | undefined)[] {
  const known: (Known | undefined)[] = program.map((_, index) => (index === 0 ? NOTHING : undefined));
  program.forEach((instruction, index) => {
    const here = known[index];
    if (here === undefined) return;
    const after = { ...here, word: wordAfter(instruction, here.word) };
    successors(program, index).forEach((next, way) => {
      if (next >= program.length) return;
      const before = known[next];
      const now = isConditional(instruction) ? tested(instruction, after, way === 0) : after;
      known[next] = before === undefined ? now : common(before, now);
    });
  });
  return known;
}

function wordAfter({ code, k }: Instruction, before: number | undefined): number | undefined {
  const operation = operationOf(code);
  if (operation === undefined || !writesA(operation)) return before;
  return operation.kind === 'load' && operation.from === 'data' ? wordAt(k) : undefined;
}

/** The facts after a test that held, or did not. */
function tested({ code, k }: Instruction, here: Known, held: boolean): Known {
  const operation = operationOf(code);
  if (operation?.kind !== 'test' || operation.operand !== 'k') return here;
  if (here.word === WORD.arch) return operation.op === 'eq' && held ? { ...here, audit: k } : here;
  if (here.word !== WORD.nr) return here;
  const { least, greatest } = here;
  const atLeast = (border: number): Known => ({ ...here, least: Math.max(least, border) });
  const atMost = (border: number): Known => ({ ...here, greatest: Math.min(greatest, border) });
  switch (operation.op) {
    case 'eq':
      if (held) return { ...here, least: k, greatest: k };
      return k === least ? atLeast(k + 1) : k === greatest ? atMost(k - 1) : here;
    case 'gt':
      return held ? atLeast(k + 1) : atMost(k);
    case 'ge':
      return held ? atLeast(k) : atMost(k - 1);
    case 'set':
      return here;
  }
}

const common = (one: Known, other: Known): Known => ({
  word: one.word === other.word ? one.word : undefined,
  audit: one.audit === other.audit ? one.audit : undefined,
  least: Math.min(one.least, other.least),
  greatest: Math.max(one.greatest, other.greatest),
});
