// Computes the function from every possible call to the action of a program, or of a stack of programs.
import { CompileError } from '../../util/errors.js';
import { attempt } from '../../util/failures.js';
import { hasOwn } from '../../util/own.js';
import { precedence } from '../../kernel/action.js';
import { enforced } from '../compose.js';
import { layersOf, programOf, type Layers } from '../layers.js';
import { liveRegisters } from '../../bpf/live-registers.js';
import { DATA_SIZE, MEMORY_WORDS, type Program } from '../../bpf/program.js';
import { BPF, validOperation, type Operation } from '../../bpf/opcodes.js';
import { EVERY, NONE, type Bdd, type Node } from './bdd.js';
import { constantOf, Vectors, type Vector } from './vectors.js';

/**
 * The function from calls to the kernel's action under a stack, the oldest layer first: the most restrictive action of
 * all layers by the kernel's precedence, of equally restrictive ones the newest, with the kernel's capping and
 * replacement.
 *
 * Throws UsageError and ProgramError as `programOf` does, and CompileError (`undecidable-program`) for a program that
 * multiplies, divides or shifts by the data of a call, or that distinguishes more calls than can be represented.
 * Source: seccomp_run_filters, kernel/seccomp.c; seccomp(2).
 */
export function meaningOf(bdd: Bdd, layers: Layers): Node {
  const vectors = new Vectors(bdd);
  const returned = layersOf(layers)
    .map(layer => programMeaning(bdd, vectors, programOf(layer)))
    .reduceRight((newer, older) =>
      bdd.combine(newer, older, (a, b) => (precedence(b) < precedence(a) ? b : a)),
    );
  return bdd.replace(returned, rest => bdd.constant(enforced(bdd.valueOf(rest) ?? 0)));
}

/** The contents of registers and memory at an instruction. */
interface Registers {
  readonly a: Vector;
  readonly x: Vector;
  readonly memory: readonly Vector[];
}

/** Registers, and the calls that reach an instruction with them. */
interface State extends Registers {
  readonly reach: Node;
}

/** The maximum number of different register contents at one instruction. */
const STATE_BUDGET = 1024;
/** The steps that a state counts for, because it stays in memory until the program has passed it. */
const STATE_STEPS = 64;

const tooManyStates = (pc: number): CompileError =>
  new CompileError('undecidable-program', `registers have too many different values at instruction ${pc}`);

/** A key that is equal for registers that differ only in dead ones. */
const keyOf = ({ a, x, memory }: Registers, live: number): string =>
  [a, x, ...memory].map(({ id }, index) => (((live >>> index) & 1) === 0 ? '' : id)).join();

const initial = (vectors: Vectors): Registers => {
  const zero = vectors.constant(0);
  return { a: zero, x: zero, memory: new Array<Vector>(MEMORY_WORDS).fill(zero) };
};

/** The return value of a validated program. */
export const programMeaning = (bdd: Bdd, vectors: Vectors, program: Program): Node =>
  // Unreachable code may contain computations that cannot be followed.
  attempt(
    () => fromTheReturns(bdd, vectors, program),
    CompileError,
    () => undefined,
  ) ?? fromTheStart(bdd, vectors, program);

/** The successors of an instruction with certain registers: two or three later instructions, or an end. */
type Transition =
  | { readonly end: Node }
  | { readonly test: Node; readonly yes: JumpPlace; readonly no: JumpPlace }
  | {
      /** The word to compare with `k`. */
      readonly word: number;
      readonly k: number;
      readonly less: JumpPlace;
      readonly equal: JumpPlace;
      readonly greater: JumpPlace;
    };

/** An instruction, and the index of the registers with which it is reached. */
interface JumpPlace {
  readonly pc: number;
  readonly index: number;
}

/**
 * Computes the function of each instruction, the last ones first, as a choice between functions that are already known. This
 * is much cheaper than following sets of calls, but it cannot handle returned registers whose values depend on the call:
 * then it returns undefined.
 */
function fromTheReturns(bdd: Bdd, vectors: Vectors, program: Program): Node | undefined {
  const live = liveRegisters(program);
  const waiting = program.map((): Registers[] => []);
  const places = program.map(() => new Map<string, number>());
  const send = (pc: number, registers: Registers): JumpPlace => {
    const [states = [], known = new Map<string, number>()] = [waiting[pc], places[pc]];
    const key = keyOf(registers, live[pc] ?? 0);
    const before = known.get(key);
    if (before !== undefined) return { pc, index: before };
    bdd.spend(STATE_STEPS);
    const index = states.push(registers) - 1;
    known.set(key, index);
    if (states.length > STATE_BUDGET) throw tooManyStates(pc);
    return { pc, index };
  };
  send(0, initial(vectors));
  const steps: (readonly Transition[])[] = [];
  for (const [pc, states] of waiting.entries()) {
    const { code, jt, jf, k } = program[pc] ?? END;
    const operation = validOperation(code);
    const those: Transition[] = [];
    for (const registers of states) {
      const { a, x } = registers;
      const end = endOf(bdd, operation, k, a, x);
      if (end !== undefined) those.push({ end });
      else if (operation.kind === 'return') return undefined;
      else if (operation.kind === 'jump') those.push(always(send(pc + 1 + k, registers)));
      else if (operation.kind === 'test') {
        const { op, operand } = operation;
        const word = vectors.wordOf(a);
        if (word !== undefined && operand === 'k' && op !== 'set') {
          const [yes, no] = [send(pc + 1 + jt, registers), send(pc + 1 + jf, registers)];
          const [equal, greater] = [op === 'gt' ? no : yes, op === 'eq' ? no : yes];
          those.push({ word, k, less: no, equal, greater });
          continue;
        }
        const test = vectors.test(op, a, operand === 'k' ? k : x);
        // Branches that no call takes are not followed.
        const yes = test === NONE ? undefined : send(pc + 1 + jt, registers);
        const no = test === EVERY ? undefined : send(pc + 1 + jf, registers);
        const either = yes ?? no;
        if (either === undefined) throw new Error('unreachable: a test holds or not');
        those.push({ test, yes: yes ?? either, no: no ?? either });
      } else those.push(always(send(pc + 1, { ...registers, ...step(vectors, operation, k, registers) })));
    }
    states.length = 0;
    places[pc]?.clear();
    steps.push(those);
  }
  const outcomes: (readonly Node[])[] = [];
  const outcome = ({ pc, index }: JumpPlace): Node => outcomes[pc]?.[index] ?? NONE;
  for (let pc = program.length - 1; pc >= 0; pc--) {
    outcomes[pc] = (steps[pc] ?? []).map(each => {
      if (hasOwn(each, 'end')) return each.end;
      if (hasOwn(each, 'test')) return bdd.ite(each.test, outcome(each.yes), outcome(each.no));
      const { word, k, less, equal, greater } = each;
      return bdd.compare(word, k, outcome(less), outcome(equal), outcome(greater));
    });
  }
  return outcome({ pc: 0, index: 0 });
}

const always = (target: JumpPlace): Transition => ({ test: EVERY, yes: target, no: target });

const END = { code: BPF.RET_K, jt: 0, jf: 0, k: 0 };

/** The return value of an instruction that ends the program with the same value for every call; otherwise undefined. */
function endOf(bdd: Bdd, operation: Operation, k: number, a: Vector, x: Vector): Node | undefined {
  if (operation.kind === 'return') {
    const returned = operation.from === 'k' ? k : constantOf(a);
    return returned === undefined ? undefined : bdd.constant(returned);
  }
  // A division by zero ends the program with 0.
  const divides = operation.kind === 'arithmetic' && operation.op === 'div' && operation.operand === 'x';
  return divides && constantOf(x) === 0 ? bdd.constant(0) : undefined;
}

/** Follows the calls that reach each instruction, from the first one on. */
function fromTheStart(bdd: Bdd, vectors: Vectors, program: Program): Node {
  const live = liveRegisters(program);
  const waiting = program.map(() => new Map<string, State>());
  const send = (to: number, state: State): void => {
    const states = waiting[to];
    if (states === undefined || state.reach === NONE) return;
    const key = keyOf(state, live[to] ?? 0);
    bdd.spend(STATE_STEPS);
    const before = states.get(key);
    const reach = before === undefined ? state.reach : bdd.or(state.reach, before.reach);
    states.set(key, { ...state, reach });
    if (states.size > STATE_BUDGET) throw tooManyStates(to);
  };
  send(0, { ...initial(vectors), reach: EVERY });
  let result = NONE;
  for (const [pc, states] of waiting.entries()) {
    for (const state of states.values()) {
      const { a, x, reach } = state;
      const { code, jt, jf, k } = program[pc] ?? END;
      const operation = validOperation(code);
      const end = endOf(bdd, operation, k, a, x);
      if (end !== undefined) result = bdd.ite(reach, end, result);
      else if (operation.kind === 'return') result = bdd.ite(reach, valueOf(bdd, a, reach), result);
      else if (operation.kind === 'jump') send(pc + 1 + k, state);
      else if (operation.kind === 'test') {
        const test = vectors.test(operation.op, a, operation.operand === 'k' ? k : x);
        send(pc + 1 + jt, { ...state, reach: bdd.and(test, reach) });
        send(pc + 1 + jf, { ...state, reach: bdd.minus(reach, test) });
      } else {
        send(pc + 1, { ...state, ...step(vectors, operation, k, state) });
      }
    }
    states.clear();
  }
  return result;
}

/** The registers that an instruction changes, with their values after it. */
function step(
  vectors: Vectors,
  operation: Operation,
  k: number,
  { a, x, memory }: Registers,
): Partial<Registers> {
  switch (operation.kind) {
    case 'load': {
      const { from, to } = operation;
      const value =
        from === 'data'
          ? vectors.word(k >>> 2)
          : from === 'memory'
            ? (memory[k] ?? a)
            : vectors.constant(from === 'constant' ? k : DATA_SIZE);
      return to === 'a' ? { a: value } : { x: value };
    }
    case 'store':
      return { memory: memory.with(k, operation.from === 'a' ? a : x) };
    case 'copy':
      return operation.to === 'a' ? { a: x } : { x: a };
    case 'arithmetic':
      return { a: vectors.arithmetic(operation.op, a, operation.operand === 'x' ? x : k) };
    default:
      return {};
  }
}

/** The value of a register as a function of the calls of a set. */
function valueOf(bdd: Bdd, { bits }: Vector, set: Node): Node {
  /** The value for calls outside the set, which need not be distinguished: no register has it. */
  const outside = 0;
  // Values are built bit by bit after a leading 1, which distinguishes them from `outside` until it is shifted out.
  return bits.reduceRight((value, bit) => bdd.combine(value, bit, append), bdd.ite(set, EVERY, NONE));
  function append(value: number, bit: number): number {
    return value === outside ? outside : (2 * value + bit) >>> 0;
  }
}
