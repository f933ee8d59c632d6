// What a program, or a stack of them, answers to every call there is, as one function.
import { CompileError } from '../../errors.js';
import { precedence } from '../../policy/action.js';
import { enforced } from '../compose.js';
import { layersOf, programOf, type Layers } from '../layers.js';
import { liveRegisters } from '../live-registers.js';
import { BPF, DATA_SIZE, MEMORY_WORDS, type Program } from '../program.js';
import { EVERY, NONE, type Decisions, type Node } from './decisions.js';
import { constantOf, Vectors, type Vector } from './vectors.js';

/**
 * The function from calls to what the kernel does with them under a stack, the oldest layer first: the strongest action
 * of all layers by the kernel's precedence, of equally strong ones the newest, capped and replaced as the kernel does.
 *
 * Throws UsageError and ProgramError as `programOf` does, and CompileError (`undecidable-program`) for a program that
 * multiplies, divides or shifts by the data of a call, or that tells more calls apart than can be represented.
 * Source: seccomp_run_filters, kernel/seccomp.c; seccomp(2).
 */
export function meaningOf(decisions: Decisions, layers: Layers): Node {
  const vectors = new Vectors(decisions);
  const returned = layersOf(layers)
    .map(layer => programMeaning(decisions, vectors, programOf(layer)))
    .reduceRight((newer, older) =>
      decisions.combine(newer, older, (a, b) => (precedence(b) < precedence(a) ? b : a)),
    );
  return decisions.replace(returned, rest => decisions.constant(enforced(decisions.valueOf(rest) ?? 0)));
}

/** What registers and memory hold at an instruction, and the calls that come there with it. */
interface State {
  readonly a: Vector;
  readonly x: Vector;
  readonly memory: readonly Vector[];
  readonly reach: Node;
}

/** Ways in which registers can differ at one instruction before a program is given up. */
const STATE_BUDGET = 1024;
/** Steps that a state counts for: what it holds until the program has passed it. */
const STATE_STEPS = 64;

/** What a validated program returns. */
export function programMeaning(decisions: Decisions, vectors: Vectors, program: Program): Node {
  const live = liveRegisters(program);
  const zero = vectors.constant(0);
  const waiting = program.map(() => new Map<string, State>());
  const send = (to: number, state: State): void => {
    const states = waiting[to];
    if (states === undefined || state.reach === NONE) return;
    const registers = live[to] ?? 0;
    const key = [state.a, state.x, ...state.memory]
      .map(({ id }, index) => (((registers >>> index) & 1) === 0 ? '' : id))
      .join();
    decisions.spend(STATE_STEPS);
    const before = states.get(key);
    const reach = before === undefined ? state.reach : decisions.or(state.reach, before.reach);
    states.set(key, { ...state, reach });
    if (states.size > STATE_BUDGET)
      throw new CompileError('undecidable-program', `registers differ in too many ways at instruction ${to}`);
  };
  send(0, { a: zero, x: zero, memory: new Array<Vector>(MEMORY_WORDS).fill(zero), reach: EVERY });
  let result = NONE;
  for (const [pc, states] of waiting.entries()) {
    for (const state of states.values()) {
      const { a, x, memory, reach } = state;
      const { code, jt, jf, k } = program[pc] ?? { code: BPF.RET_K, jt: 0, jf: 0, k: 0 };
      const operand = (code & 0x08) === 0 ? vectors.constant(k) : x;
      if (code === BPF.RET_K) result = decisions.choose(reach, decisions.constant(k), result);
      else if (code === BPF.RET_A) result = decisions.choose(reach, valueOf(decisions, a, reach), result);
      else if (code === BPF.JA) send(pc + 1 + k, state);
      else if ((code & 0x07) === 0x05) {
        const test = vectors.test(code, a, operand);
        send(pc + 1 + jt, { ...state, reach: decisions.and(test, reach) });
        send(pc + 1 + jf, { ...state, reach: decisions.minus(reach, test) });
      } else if (code === BPF.DIV_X && constantOf(x) === 0) {
        // A division by zero ends the program with 0.
        result = decisions.choose(reach, decisions.constant(0), result);
      } else {
        send(pc + 1, { ...state, ...step(vectors, code, k, a, x, memory, operand) });
      }
    }
    states.clear();
  }
  return result;
}

/** The registers that an instruction changes, with what they hold after it. */
function step(
  vectors: Vectors,
  code: number,
  k: number,
  a: Vector,
  x: Vector,
  memory: readonly Vector[],
  operand: Vector,
): Partial<State> {
  switch (code) {
    case BPF.LD_ABS:
      return { a: vectors.word(k >>> 2) };
    case BPF.LD_IMM:
      return { a: vectors.constant(k) };
    case BPF.LD_LEN:
      return { a: vectors.constant(DATA_SIZE) };
    case BPF.LD_MEM:
      return { a: memory[k] ?? a };
    case BPF.LDX_IMM:
      return { x: vectors.constant(k) };
    case BPF.LDX_LEN:
      return { x: vectors.constant(DATA_SIZE) };
    case BPF.LDX_MEM:
      return { x: memory[k] ?? x };
    case BPF.ST:
      return { memory: memory.with(k, a) };
    case BPF.STX:
      return { memory: memory.with(k, x) };
    case BPF.TAX:
      return { x: a };
    case BPF.TXA:
      return { a: x };
    default:
      return { a: vectors.arithmetic(code, a, operand) };
  }
}

/** The function that gives what a register holds, for the calls of a set. */
function valueOf(decisions: Decisions, { bits }: Vector, set: Node): Node {
  /** For calls outside of the set, which need not be told apart: no register holds it. */
  const outside = 0;
  // Values are built one bit at a time behind a leading 1, which keeps them apart from `outside` until it falls off.
  return bits.reduceRight(
    (value, bit) => decisions.combine(value, bit, append),
    decisions.choose(set, EVERY, NONE),
  );
  function append(value: number, bit: number): number {
    return value === outside ? outside : (2 * value + bit) >>> 0;
  }
}
