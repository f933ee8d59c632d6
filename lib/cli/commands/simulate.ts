// `seccomp simulate`: shows what happens to system calls under a filter, or under several layers.
import { UsageError } from '../../util/errors.js';
import { simulate } from '../../filter/inspect/simulate.js';
import { simulator } from '../../filter/inspect/simulator.js';
import type { AbiName } from '../../kernel/architectures.js';
import { actionName, permits } from '../../kernel/action.js';
import type { Event } from '../../kernel/event.js';
import { parseEvent } from '../../policy/parse-event.js';
import { nativeArchitecture } from '../../kernel/architectures.js';
import type { JsonOutputs } from '../json-outputs.js';
import { callsOf } from '../reading/read-events.js';
import { layersArgument } from '../input.js';
import { collect, LAYERS, withCompileOptions, type CompileFlags } from '../options.js';
import { print, printActions, printJson, type ExitCode, type Register } from '../output.js';
import { simulationText } from '../../filter/inspect/format-simulation.js';
import { simulationJson } from '../../filter/inspect/json.js';
import { optionError } from '../../util/options.js';
import { inputName } from '../reading/standard-input.js';

interface Flags extends CompileFlags {
  readonly layer?: readonly string[];
  readonly events?: string;
  readonly json?: boolean;
}

const OUTPUT_CHUNK = 65_536;

/** Registers the subcommand. */
export const simulateCommand: Register = (program, run) =>
  withCompileOptions(program.command('simulate'))
    .description(
      'show what happens to a system call: the action, the rule that decides, the instructions that run',
    )
    .argument('<filter>', LAYERS)
    .argument('[call...]', 'a system call and its arguments, e.g. socket AF_UNIX; x86:socket for another ABI')
    .option('-l, --layer <filter>', 'a filter that is loaded after the previous ones; repeatable', collect)
    .option('-e, --events <file>', 'a file of calls to simulate, one per line; - is standard input')
    .option('--json', 'write JSON, including errors; with --events, one object per line')
    .action((filter: string, call: readonly string[], flags: Flags) => {
      return run(() => {
        const names = [filter, ...(flags.layer ?? [])];
        checkUsage(call, flags.events);
        const layers = names.flatMap(name => layersArgument(name, flags));
        const abi = flags.arch ?? nativeArchitecture();
        if (flags.events !== undefined)
          return replay(simulator(layers), flags.events, abi, flags.json === true);
        const event = parseEvent(call.join(' '), abi);
        const simulation = simulate(layers, event);
        const subject = { names, given: event.args?.length ?? 0 };
        if (flags.json === true) printJson('simulate', simulationJson(simulation, names));
        else printActions(simulationText(simulation, subject));
        return simulation.permitted ? 0 : 1;
      }, flags.json === true);
    });

function checkUsage(call: readonly string[], events: string | undefined): void {
  if ((events === undefined) === (call.length === 0)) {
    throw optionError(
      events === undefined ? 'there is no system call' : 'there are both a system call and --events',
      'Name a call, or give a file of calls with --events',
    );
  }
}

/** Simulates one call per line; the exit code tells whether all of them are permitted. */
function replay(answer: ReturnType<typeof simulator>, source: string, abi: AbiName, json: boolean): ExitCode {
  const show = json ? print : printActions;
  let allPermitted = true;
  let output = '';
  try {
    for (const { line, call } of callsOf(source)) {
      const action = answer(eventAt(source, line, call, abi));
      const permitted = permits(action);
      allPermitted &&= permitted;
      const name = actionName(action);
      output += json
        ? `${JSON.stringify({ line, call, action: name, permitted } satisfies JsonOutputs['event'])}\n`
        : `${name.padEnd(16)} ${call}\n`;
      if (output.length < OUTPUT_CHUNK) continue;
      show(output);
      output = '';
    }
  } finally {
    show(output);
  }
  return allPermitted ? 0 : 1;
}

/** Parses the call in a line; errors name the line. */
function eventAt(source: string, line: number, call: string, abi: AbiName): Event {
  try {
    return parseEvent(call, abi);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.code, `${inputName(source)}:${line}: ${error.message}`);
  }
}
