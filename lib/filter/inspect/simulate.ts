// Simulates one system call under a filter or a stack of them, and records how its action is decided.
import { permits, type Action } from '../../kernel/action.js';
import type { CheckedEvent } from '../../kernel/event.js';
import { reasonFor, type Reason } from '../../policy/reason.js';
import { allowedByCache } from './cache.js';
import { eventOf, wordsOf, type Call } from '../../bpf/call.js';
import { composeLayers, decidingLayer } from '../compose.js';
import { isFilter } from '../filter.js';
import { interpret } from '../../bpf/interpret.js';
import { layersOf, programOf, type Layer, type Layers } from '../layers.js';
import type { Program } from '../../bpf/program.js';

/** An executed instruction. */
export interface Step {
  /** Its index in the program. */
  readonly index: number;
  /** The accumulator before it ran. */
  readonly a: number;
  /** The index register before it ran. */
  readonly x: number;
}

/** One layer's run on the call. */
export interface LayerRun {
  /** The instructions of its program. */
  readonly program: Program;
  /** The unchanged return value of the program. */
  readonly returned: Action;
  /** Every executed instruction, the return last. */
  readonly path: readonly Step[];
  /** Whether the kernel caches that calls with this number are allowed. */
  readonly cacheable: boolean;
  /** For a `Filter`: the rule of its policy that decides. */
  readonly reason: Reason | undefined;
}

/** The result of a simulation. */
export interface Simulation {
  /** The call, with all six arguments. */
  readonly event: CheckedEvent;
  /** The action of the kernel: the most restrictive one of all layers. */
  readonly action: Action;
  /** Whether the call is executed: ALLOW, or LOG, which also logs it. */
  readonly permitted: boolean;
  /** Index of the layer whose action applies. */
  readonly decidedBy: number;
  /** Whether the kernel allows the call from its cache, without running a filter. */
  readonly cached: boolean;
  /** The layers, the oldest first. */
  readonly layers: readonly LayerRun[];
}

/**
 * Simulates a call under a filter, or under a stack of them as the kernel composes them (`composeLayers`), and returns
 * the action and all executed instructions. For many calls use `simulator`.
 * Throws UsageError (`bad-filter`, `bad-event`) and ProgramError for invalid layers or calls.
 */
export function simulate(layers: Layers, call: Call): Simulation {
  const data = wordsOf(call);
  const event = eventOf(data);
  const runs = layersOf(layers).map(layer => runLayer(layer, event, data));
  const returned = runs.map(run => run.returned);
  const action = composeLayers(returned);
  return {
    event,
    action,
    permitted: permits(action),
    decidedBy: decidingLayer(returned),
    cached: runs.every(({ cacheable }) => cacheable),
    layers: runs,
  };
}

function runLayer(layer: Layer, event: CheckedEvent, data: Uint32Array): LayerRun {
  const program = programOf(layer);
  const path: Step[] = [];
  const { action } = interpret(program, data, (index, a, x) => path.push({ index, a, x }));
  return {
    program,
    returned: action,
    path,
    cacheable: allowedByCache(program, event.arch, event.syscall),
    reason: isFilter(layer) ? reasonFor(layer.policy, event) : undefined,
  };
}
