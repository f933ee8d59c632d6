// `seccomp dump`: reads the filters of a running process back from the kernel.
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { disassemble } from '../../bpf/listing/disassemble.js';
import { encode } from '../../bpf/program.js';
import { dump, type LiveLayer, type ProcessDump, type ThreadDump } from '../../process/inspect/dump.js';
import type { JsonOutputs, ThreadOutput } from '../json-outputs.js';
import { pidOf } from '../input.js';
import { printActions, toJson, warn, write, type Register } from '../output.js';
import { printable } from '../../util/printable.js';
import { optionError } from '../../util/options.js';
import { counted } from '../../util/show.js';

type Format = 'raw' | 'asm' | 'json';

interface Flags {
  readonly format: Format;
  readonly output: string;
  readonly layer?: number;
  readonly json?: boolean;
}

/** A layer with its position: 1 is the oldest, as in the result of `load`. */
interface Numbered extends LiveLayer {
  readonly number: number;
}

const layerNumber = (value: string): number => {
  if (/^[1-9][0-9]{0,4}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('a layer is a number from 1, the oldest');
};

/** Registers the subcommand. */
export const dumpCommand: Register = (program, run) =>
  program
    .command('dump')
    .description('read the filters of a running process back from the kernel, newest first')
    .argument('<pid>', 'the id of a process, whose threads are compared, or of one thread')
    .addOption(
      new Option(
        '-f, --format <format>',
        'what to write: listings, the bytes of one layer (raw), or all of it as JSON',
      )
        .choices(['raw', 'asm', 'json'])
        .default('asm'),
    )
    .option('-l, --layer <number>', 'only this layer; 1 is the oldest', layerNumber)
    .option(
      '-o, --output <path>',
      'where to write it: a file, a directory for one file per layer, or - for standard output',
      '-',
    )
    .option('--json', 'same as --format json; errors are JSON too')
    .action((argument: string, flags: Flags) =>
      run(() => {
        const format = flags.json === true ? 'json' : flags.format;
        const process = dump(pidOf(argument));
        if (format !== 'json') warn(process.warnings);
        const layers = chosen(process, flags.layer);
        if (format !== 'json' && isDirectory(flags.output)) {
          for (const layer of layers) {
            writeFileSync(
              join(flags.output, `${process.id}-${layer.number}${SUFFIX[format]}`),
              WRITE[format](layer),
            );
          }
        } else {
          const result =
            format === 'json' ? toJson(described(process, layers)) : joined(format, process, layers);
          if (typeof result === 'string' && format === 'asm') write(flags.output, result, printActions);
          else write(flags.output, result);
        }
        return process.warnings.length === 0 ? 0 : 1;
      }, flags.json === true),
    );

const SUFFIX = { raw: '.bpf', asm: '.asm' } as const;

const WRITE = {
  raw: ({ program }: Numbered): Uint8Array => encode(program),
  asm: ({ program }: Numbered): string => disassemble(program),
} as const;

/** The layers with their numbers, newest first. */
const numbered = ({ layers }: ThreadDump): readonly Numbered[] =>
  layers.map((layer, index) => ({ ...layer, number: index + 1 })).toReversed();

function chosen(thread: ThreadDump, number: number | undefined): readonly Numbered[] {
  const layers = numbered(thread);
  if (number === undefined) return layers;
  const layer = layers.filter(each => each.number === number);
  if (layer.length > 0) return layer;
  throw optionError(
    `${thread.id} has ${counted(layers.length, 'layer')}, but no layer ${number}`,
    'Layers count from 1, the oldest',
  );
}

/** Joins layers to one text; a single requested layer has no heading, so that other tools can read it. */
function joined(
  format: 'raw' | 'asm',
  process: ProcessDump,
  layers: readonly Numbered[],
): string | Uint8Array {
  const [only, ...more] = layers;
  if (format === 'raw') {
    if (only !== undefined && more.length > 0) {
      throw optionError(
        `${layers.length} programs cannot be written to one file`,
        'Choose one with --layer, or give a directory with --output',
      );
    }
    return only === undefined ? '' : WRITE.raw(only);
  }
  if (only !== undefined && process.layers.length !== layers.length) return WRITE.asm(only);
  return [
    `# ${process.id} (${printable(process.name)}): ${counted(layers.length, 'layer')}, the newest first\n`,
    ...layers.map(layer => `\n# ${heading(layer, process.layers.length)}\n${WRITE.asm(layer)}`),
  ].join('');
}

const heading = ({ number, program, flags }: Numbered, count: number): string =>
  [`layer ${number} of ${count}`, counted(program.length, 'instruction'), ...(flags ?? [])].join(', ');

function described(process: ProcessDump, layers: readonly Numbered[]): JsonOutputs['dump'] {
  const { pid, differing, warnings } = process;
  return {
    pid,
    ...describedThread(process, layers),
    differing: differing.map(thread => describedThread(thread, numbered(thread))),
    warnings,
  };
}

const describedThread = ({ id, name, mode }: ThreadDump, layers: readonly Numbered[]): ThreadOutput => ({
  id,
  name,
  mode,
  layers: layers.map(({ number, program, flags }) => ({
    layer: number,
    instructions: program.length,
    flags,
    bpf: encode(program).toString('base64'),
  })),
});

const isDirectory = (path: string): boolean =>
  path !== '-' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
