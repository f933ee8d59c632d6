// Formats a simulation: the action, its reason, and the executed instructions.
import type { Location } from '../../util/errors.js';
import { disassemble } from '../../bpf/listing/disassemble.js';
import { WORD, type Instruction } from '../../bpf/program.js';
import { BPF, operationOf, writesA, writesX } from '../../bpf/opcodes.js';
import type { LayerRun, Simulation, Step } from './simulate.js';
import { abiOf, syscallName } from '../../kernel/abi.js';
import { actionKind, actionName, type Action } from '../../kernel/action.js';
import * as scmp from '../../kernel/constants.js';
import type { CheckedEvent } from '../../kernel/event.js';
import { nameRegister } from '../../kernel/arguments/named-arguments.js';
import type { Reason } from '../../policy/reason.js';
import { parametersOf } from '../../kernel/arguments/signatures.js';
import { own } from '../../util/own.js';
import { singleLine } from '../../util/printable.js';

/** The input: the names of the layers, oldest first, and how many arguments of the call were given. */
export interface Question {
  readonly names: readonly string[];
  readonly given: number;
}

/** A paragraph for the call and its action, and one for each layer: its reason, and the executed instructions. */
export function simulationText(simulation: Simulation, { names, given }: Question): string {
  const { event, action, decidedBy, cached, layers } = simulation;
  const head = [
    callText(event, given),
    `${actionName(action)}: ${CONSEQUENCES.get(actionKind(action)) ?? ''}${cached ? FROM_CACHE : ''}`,
  ];
  const paragraphs = layers.map((run, index) => {
    const place = layers.length === 1 ? '' : `layer ${index + 1} of ${layers.length}, `;
    const decides =
      layers.length > 1 && index === decidedBy && action !== scmp.SCMP_ACT_ALLOW ? ', decides' : '';
    return [
      `${place}${singleLine(names[index] ?? '')}${decides}: ${actionName(run.returned)}`,
      ...why(run.reason).map(line => `  ${line}`),
      ...notGiven(run, given),
      ...listing(run, event),
    ];
  });
  return [head, ...paragraphs].map(lines => `${lines.join('\n')}\n`).join('\n');
}

const CONSEQUENCES: ReadonlyMap<Action, string> = new Map([
  [scmp.SCMP_ACT_KILL_PROCESS, 'the process is killed'],
  [scmp.SCMP_ACT_KILL_THREAD, 'the thread is killed'],
  [scmp.SCMP_ACT_TRAP, 'the call is not executed, and the thread gets SIGSYS'],
  [scmp.SCMP_ACT_ERRNO(0), 'the call is not executed, and fails with this errno'],
  [scmp.SCMP_ACT_NOTIFY, 'a supervisor decides; without one the call fails with ENOSYS'],
  [scmp.SCMP_ACT_TRACE(0), 'a tracer decides; without one the call fails with ENOSYS'],
  [scmp.SCMP_ACT_LOG, 'the call is executed, and logged'],
  [scmp.SCMP_ACT_ALLOW, 'the call is executed'],
]);
const FROM_CACHE = ", from the kernel's cache, without running a filter";

/** `x86_64 socket (41): domain = AF_UNIX (0x1), type = 0x0, protocol = 0x0`. */
function callText(event: CheckedEvent, given: number): string {
  const abi = abiOf(event.arch, event.syscall);
  const name = abi === undefined ? undefined : syscallName(abi.name, event.syscall);
  const parameters = abi === undefined || name === undefined ? undefined : parametersOf(abi.name, name);
  const shown = Math.max(given, parameters?.length ?? event.args.length);
  const args = event.args.slice(0, shown).map((value, index) => {
    const words =
      abi === undefined || name === undefined ? undefined : nameRegister(abi.name, name, index, value);
    return `${parameters?.[index]?.name ?? `args[${index}]`} = ${words === undefined ? hex(value) : `${words} (${hex(value)})`}`;
  });
  const abiName = abi?.name ?? hex(event.arch);
  return `${abiName} ${name ?? 'call'} (${event.syscall})${args.length === 0 ? '' : `: ${args.join(', ')}`}`;
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

const placeOf = (at: Location | undefined): string =>
  at === undefined
    ? 'a rule without a position'
    : singleLine(`${at.file}:${at.line}:${at.column} ${at.pointer}`);

/** The reason for the action of a layer whose policy is known. */
function why(reason: Reason | undefined): readonly string[] {
  switch (reason?.kind) {
    case undefined:
      return [];
    case 'rule':
    case 'call':
      return [`by ${placeOf(reason.at)}`];
    case 'default':
      return reason.unmet.length === 0
        ? ['by default, because the profile does not name the call']
        : [
            'by default, because none of these rules matches',
            ...reason.unmet.map(rule => `  ${placeOf(own(rule, 'at'))}`),
          ];
    case 'newer':
      return ['because the call is newer than the profile'];
    case 'foreign':
      return ['because the profile does not cover the ABI'];
  }
}

/** The arguments that the program read although they were not given. */
function notGiven({ program, path }: LayerRun, given: number): readonly string[] {
  const seen = path
    .map(({ index }) => program[index])
    .filter(instruction => instruction?.code === BPF.LD_ABS)
    .map(instruction => ((instruction?.k ?? 0) / 4 - WORD.low(0)) >> 1);
  const missing = [0, 1, 2, 3, 4, 5].filter(arg => arg >= given && seen.includes(arg));
  return missing.map(arg => `  argument ${arg} is missing and counts as 0`);
}

/** The executed instructions as in a listing, with the values that were loaded or computed. */
function listing({ program, path }: LayerRun, event: CheckedEvent): readonly string[] {
  const lines = new Map(
    disassemble(program)
      .split('\n')
      .map(line => [Number(/^\s*(\d+):/.exec(line)?.[1] ?? NaN), line]),
  );
  const ran = path.map(({ index }) => lines.get(index) ?? '');
  const width = Math.max(...ran.map(line => line.length));
  return path.map(({ index }, at) => {
    const instruction = program[index];
    const seen = instruction === undefined ? undefined : change(instruction, path[at + 1], event);
    const line = ran[at] ?? '';
    return seen === undefined ? line : `${line.padEnd(width)}  ; ${seen}`;
  });
}

/** The register that an instruction has written, and its value afterwards. */
function change({ code, k }: Instruction, next: Step | undefined, event: CheckedEvent): string | undefined {
  if (next === undefined) return undefined;
  const operation = operationOf(code);
  if (operation === undefined) return undefined;
  if (writesX(operation)) return `X = ${hex(next.x)}`;
  if (!writesA(operation)) return undefined;
  const name = code === BPF.LD_ABS ? wordName(k >>> 2, event) : undefined;
  return `A = ${hex(next.a)}${name === undefined ? '' : ` (${name})`}`;
}

function wordName(word: number, event: CheckedEvent): string | undefined {
  const abi = abiOf(event.arch, event.syscall);
  if (abi === undefined) return undefined;
  if (word === WORD.arch) return abi.name;
  return word === WORD.nr ? syscallName(abi.name, event.syscall) : undefined;
}
