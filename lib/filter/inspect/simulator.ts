// Evaluates very many system calls: programs are flattened once, and actions that depend only on the number are cached.
import type { Action } from '../../kernel/action.js';
import { checkedCall, type Call } from '../../bpf/call.js';
import { composeLayers } from '../compose.js';
import { compute, holds, loaded, writeWords } from '../../bpf/interpret.js';
import { layersOf, programOf, type Layers } from '../layers.js';
import { MEMORY_WORDS, WORD, type Program, DATA_SIZE } from '../../bpf/program.js';
import { BPF, validOperation } from '../../bpf/opcodes.js';

/** A program as one array per field. */
interface FlatProgram {
  readonly code: Uint8Array;
  readonly k: Uint32Array;
  readonly jt: Uint8Array;
  readonly jf: Uint8Array;
}

/** Cache slots for actions by number; a kernel has about 500 numbers per ABI. */
const SLOTS = 2048;
/** Marks an empty slot; no enforced action has this value. */
const EMPTY = 0xffffffff;

/**
 * Prepares a filter, or a stack of them, for very many calls. The returned function computes `simulate(layers,
 * call).action`. Words are faster than an `Event`, and you can reuse one array for all calls.
 * Throws as `simulate` does.
 */
export function simulator(layers: Layers): (call: Call) => Action {
  const stack = layersOf(layers).map(layer => flatten(programOf(layer)));
  const machine: Machine = {
    memory: new Uint32Array(MEMORY_WORDS),
    returned: stack.map(() => 0),
    sawMore: false,
  };
  const own = new Uint32Array(DATA_SIZE / 4);
  // Like the kernel's cache, but for every action: those for which no program read more than number and architecture.
  const numbers = new Uint32Array(SLOTS);
  const archs = new Uint32Array(SLOTS);
  const answers = new Uint32Array(SLOTS).fill(EMPTY);
  return given => {
    const call = checkedCall(given);
    const isWords = call instanceof Uint32Array;
    const number = isWords ? (call[WORD.nr] ?? 0) : call.syscall >>> 0;
    const arch = isWords ? (call[WORD.arch] ?? 0) : call.arch >>> 0;
    const slot = (number ^ (arch << 9)) & (SLOTS - 1);
    const known = answers[slot] ?? EMPTY;
    if (known !== EMPTY && numbers[slot] === number && archs[slot] === arch) return known;
    const action = runStack(stack, isWords ? call : writeWords(call, own), machine);
    if (!machine.sawMore) {
      numbers[slot] = number;
      archs[slot] = arch;
      answers[slot] = action;
    }
    return action;
  };
}

function flatten(program: Program): FlatProgram {
  return {
    code: Uint8Array.from(program, ({ code }) => code),
    k: Uint32Array.from(program, ({ k }) => k),
    jt: Uint8Array.from(program, ({ jt }) => jt),
    jf: Uint8Array.from(program, ({ jf }) => jf),
  };
}

/** Buffers that all runs share. */
interface Machine {
  readonly memory: Uint32Array;
  /** The return value of each layer. */
  readonly returned: Action[];
  /** Whether a program has read more than number and architecture. */
  sawMore: boolean;
}

function runStack(stack: readonly FlatProgram[], data: Uint32Array, machine: Machine): Action {
  machine.sawMore = false;
  for (const [layer, program] of stack.entries()) machine.returned[layer] = run(program, data, machine);
  return composeLayers(machine.returned);
}

/** Like `interpret`, with frequent instructions first. Tests compare it with `interpret`, and that with the kernel. */
function run({ code, k, jt, jf }: FlatProgram, data: Uint32Array, machine: Machine): Action {
  const { memory } = machine;
  let a = 0;
  let x = 0;
  for (let pc = 0; pc < code.length; pc++) {
    const op = code[pc] ?? 0;
    const operand = k[pc] ?? 0;
    switch (op) {
      case BPF.JEQ_K:
        pc += (a === operand ? jt[pc] : jf[pc]) ?? 0;
        break;
      case BPF.LD_ABS:
        a = data[operand >>> 2] ?? 0;
        if (operand > 4 * WORD.arch) machine.sawMore = true;
        break;
      case BPF.JGE_K:
        pc += (a >= operand ? jt[pc] : jf[pc]) ?? 0;
        break;
      case BPF.JGT_K:
        pc += (a > operand ? jt[pc] : jf[pc]) ?? 0;
        break;
      case BPF.RET_K:
        return operand;
      case BPF.AND_K:
        a = (a & operand) >>> 0;
        break;
      case BPF.JA:
        pc += operand;
        break;
      default: {
        const operation = validOperation(op);
        switch (operation.kind) {
          case 'load': {
            const value = loaded(operation.from, operand, data, memory);
            if (operation.to === 'a') a = value;
            else x = value;
            break;
          }
          case 'store':
            memory[operand] = operation.from === 'a' ? a : x;
            break;
          case 'copy':
            if (operation.to === 'a') a = x;
            else x = a;
            break;
          case 'test':
            pc += (holds(operation.op, a, operation.operand === 'k' ? operand : x) ? jt[pc] : jf[pc]) ?? 0;
            break;
          case 'return':
            return a;
          case 'arithmetic': {
            const result = compute(operation.op, a, operation.operand === 'k' ? operand : x);
            if (result === undefined) return 0;
            a = result;
          }
        }
      }
    }
  }
  throw new RangeError('a validated program ends with a return');
}
