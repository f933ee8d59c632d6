// Symbolic execution: walks a program with sets of calls, along every path that some call can take.
import { CompileError } from '../../util/errors.js';
import type { Action } from '../../kernel/action.js';
import { WorkBudget } from '../../util/work.js';
import { compute, holds } from '../../bpf/interpret.js';
import { liveRegisters } from '../../bpf/live-registers.js';
import { DATA_SIZE, successors, type Program } from '../../bpf/program.js';
import { BPF, validOperation, type LoadSource } from '../../bpf/opcodes.js';
import { FULL, member, split, wordSetKey, type WordSet, type WordTest } from './words.js';

/** A set of calls: the possible values of each word of `struct seccomp_data`, independent of the other words. */
export type Region = readonly WordSet[];

/** All calls. */
export const EVERYTHING: Region = new Array<WordSet>(DATA_SIZE / 4).fill(FULL);

/** The region with one word narrowed. */
export const narrow = (region: Region, word: number, set: WordSet): Region => region.with(word, set);

/** One call of a region. */
export function sample(region: Region): Uint32Array {
  return Uint32Array.from(region, set => member(set) ?? 0);
}

/** State that accompanies a walk and shrinks with the region, such as the rules that can still match. */
export interface Companion<C> {
  /** Called for each side of a division of the region on one word. */
  narrow(companion: C, word: number, region: Region): C;
  /** Called at each return; returns false to end the walk. */
  leaf(companion: C, action: Action, region: Region): boolean;
  /** Equal for companions with which a walk over the same region has the same results. */
  key(companion: C): string;
  /** The words of the region on which the companion still depends, as bits. */
  words(companion: C): number;
}

/** The content of a register: a constant, or a masked word of the data. */
type Value =
  { readonly word: -1; readonly constant: number } | { readonly word: number; readonly mask: number };

interface WalkState<C> {
  readonly pc: number;
  readonly a: Value;
  readonly x: Value;
  readonly memory: readonly Value[];
  readonly region: Region;
  readonly companion: C;
}

/**
 * The maximum number of steps of all walks over one program: instructions, and the sizes of kept sets and states. Real
 * profiles need up to 20,000; a grid of rules that fills the 4096 instructions, 300,000.
 */
const WALK_STEPS = 2_000_000;

/** The budget of the walks over one program. Exceeding it throws CompileError (`undecidable-program`). */
export const walkBudget = (limit = WALK_STEPS): WorkBudget =>
  new WorkBudget(
    limit,
    () =>
      new CompileError(
        'undecidable-program',
        'the program has too many paths',
        'Treat it as unknown: compiled seccomp filters need only a small part of the allowed steps',
      ),
  );

const ZERO: Value = { word: -1, constant: 0 };
const ALL = 0xffffffff;

/** Prepares a validated program for walks. */
export class Walker {
  /** The remaining budget of all walks over the program. */
  readonly work: WorkBudget;
  readonly #program: Program;
  /** The words that may still be loaded after an instruction. */
  readonly #live: readonly number[];
  /** The registers that are live before an instruction. */
  readonly #registers: readonly number[];
  /** Whether an instruction is reached by several paths and continues on several, so that caching states pays off. */
  readonly #joins: readonly boolean[];

  constructor(program: Program, work = walkBudget()) {
    this.work = work;
    this.#program = program;
    const live = new Array<number>(program.length).fill(0);
    const ways = new Array<number>(program.length).fill(0);
    const after = program.map((_, index) => successors(program, index));
    for (let index = program.length - 1; index >= 0; index--) {
      const instruction = program[index];
      let words = instruction?.code === BPF.LD_ABS ? 1 << (instruction.k >>> 2) : 0;
      after[index]?.forEach(next => {
        words |= live[next] ?? 0;
        ways[next] = (ways[next] ?? 0) + 1;
      });
      live[index] = words;
    }
    this.#live = live;
    this.#registers = liveRegisters(program);
    this.#joins = ways.map((count, index) => count > 1 && after[index]?.length !== 0);
  }

  /**
   * Visits every path that a call of the region can take, and calls the companion at each return with the calls that reach
   * it. Returns false if the companion ended the walk. Throws CompileError (`undecidable-program`) if the program computes
   * with words beyond masks and comparisons, or if the budget of the walks is exceeded.
   */
  walk<C>(region: Region, companion: C, hooks: Companion<C>): boolean {
    const seen = new Set<string>();
    const stack: WalkState<C>[] = [{ pc: 0, a: ZERO, x: ZERO, memory: [], region, companion }];
    const { work } = this;
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      let { pc, a, x, memory, region: where, companion: mate } = state;
      for (;;) {
        work.spend(1);
        if (this.#joins[pc] === true && pc > 0) {
          const key = this.#stateKey(pc, a, x, memory, where, hooks.words(mate), hooks.key(mate));
          work.spend(key.length >>> 3);
          if (seen.has(key)) break;
          seen.add(key);
        }
        const instruction = this.#program[pc];
        if (instruction === undefined)
          throw new RangeError(`the program runs past its end at ${pc}; validate it first`);
        const { code, jt, jf, k } = instruction;
        const operation = validOperation(code);
        if (operation.kind === 'return') {
          if (!hooks.leaf(mate, operation.from === 'k' ? k : known(a, where, pc), where)) return false;
          break;
        }
        if (operation.kind === 'jump') {
          pc += 1 + k;
          continue;
        }
        if (operation.kind === 'test') {
          // If both sides continue at the same instruction, the result of the test does not matter.
          if (jt === jf) {
            pc += 1 + jt;
            continue;
          }
          const operand = operation.operand === 'k' ? k : known(x, where, pc);
          const question: WordTest = {
            op: operation.op,
            mask: a.word < 0 ? ALL : (a as Word).mask,
            k: operand,
          };
          const set = a.word < 0 ? undefined : where[a.word];
          const answer =
            set === undefined
              ? holds(question.op, (a as Constant).constant, question.k)
              : decideQuickly(set, question);
          if (answer !== undefined) {
            pc += 1 + (answer ? jt : jf);
            continue;
          }
          const { yes, no } = split(set ?? FULL, question, work);
          if (yes === undefined || no === undefined) {
            pc += 1 + (no === undefined ? jt : jf);
            continue;
          }
          const otherwise = where.with(a.word, no);
          stack.push({
            pc: pc + 1 + jf,
            a,
            x,
            memory,
            region: otherwise,
            companion: hooks.narrow(mate, a.word, otherwise),
          });
          where = where.with(a.word, yes);
          mate = hooks.narrow(mate, a.word, where);
          pc += 1 + jt;
          continue;
        }
        switch (operation.kind) {
          case 'load': {
            const value = loaded(operation.from, k, memory);
            if (operation.to === 'a') a = value;
            else x = value;
            break;
          }
          case 'store':
            memory = withSlot(memory, k, operation.from === 'a' ? a : x);
            break;
          case 'copy':
            if (operation.to === 'a') a = x;
            else x = a;
            break;
          case 'arithmetic': {
            const operand = operation.operand === 'x' ? known(x, where, pc) : k;
            if (operation.op === 'and' && a.word >= 0) {
              a = { word: a.word, mask: ((a as Word).mask & operand) >>> 0 };
              break;
            }
            const result = compute(operation.op, known(a, where, pc), operand);
            if (result === undefined) {
              if (!hooks.leaf(mate, 0, where)) return false;
              pc = -1;
            } else a = { word: -1, constant: result };
            break;
          }
        }
        if (pc < 0) break;
        pc++;
      }
    }
    return true;
  }

  #stateKey(
    pc: number,
    a: Value,
    x: Value,
    memory: readonly Value[],
    region: Region,
    words: number,
    mate: string,
  ): string {
    let needed = (this.#live[pc] ?? 0) | words;
    const registers = this.#registers[pc] ?? 0;
    let key = `${pc}|${mate}`;
    const add = (value: Value | undefined, index: number): void => {
      if (((registers >>> index) & 1) === 0 || value === undefined) return;
      if (value.word >= 0) needed |= 1 << value.word;
      key += `|${index}=${valueKey(value)}`;
    };
    add(a, 0);
    add(x, 1);
    for (let slot = 0; slot < memory.length; slot++) add(memory[slot], 2 + slot);
    for (let word = 0; word < region.length; word++) {
      const set = region[word];
      if ((needed & (1 << word)) !== 0 && set !== undefined && set !== FULL)
        key += `|${word}:${wordSetKey(set)}`;
    }
    return key;
  }
}

type Constant = Extract<Value, { word: -1 }>;
type Word = Exclude<Value, Constant>;

const valueKey = (value: Value): string =>
  value.word < 0 ? `#${(value as Constant).constant}` : `${value.word}&${(value as Word).mask}`;

/** The value of a register if it is unique on this path. */
function known(value: Value, region: Region, pc: number): number {
  if (value.word < 0) return (value as Constant).constant;
  const { word, mask } = value as Word;
  const ranges = region[word]?.ranges;
  if (ranges?.length === 2 && ranges[0] === ranges[1]) return ((ranges[0] ?? 0) & mask) >>> 0;
  throw new CompileError(
    'undecidable-program',
    `instruction ${pc} computes with a value that differs between calls, which cannot be analysed`,
  );
}

function loaded(from: LoadSource, k: number, memory: readonly Value[]): Value {
  switch (from) {
    case 'data':
      return { word: k >>> 2, mask: ALL };
    case 'constant':
      return { word: -1, constant: k };
    case 'memory':
      return memory[k] ?? ZERO;
    case 'length':
      return { word: -1, constant: DATA_SIZE };
  }
}

function withSlot(memory: readonly Value[], slot: number, value: Value): readonly Value[] {
  const next = Array.from({ length: Math.max(memory.length, slot + 1) }, (_, index) => memory[index] ?? ZERO);
  next[slot] = value;
  return next;
}

/** The result if the ends of the set determine it; undefined if the set must be divided. */
function decideQuickly(set: WordSet, { op, mask, k }: WordTest): boolean | undefined {
  if (mask !== ALL || op === 'set') {
    const only = set.ranges.length === 2 && set.ranges[0] === set.ranges[1] ? set.ranges[0] : undefined;
    return only === undefined ? undefined : holds(op, (only & mask) >>> 0, k);
  }
  const low = set.ranges[0] ?? 0;
  const high = set.ranges[set.ranges.length - 1] ?? ALL;
  switch (op) {
    case 'eq':
      if (k < low || k > high) return false;
      return low === high ? true : undefined;
    case 'gt':
      if (low > k) return true;
      return high <= k ? false : undefined;
    case 'ge':
      if (low >= k) return true;
      return high < k ? false : undefined;
  }
}
