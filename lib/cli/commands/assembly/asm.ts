// `seccomp asm`: assembles a program from a listing, or from text written by hand in its notation.
import { Option } from 'commander';
import { assemble } from '../../../bpf/assemble/assemble.js';
import { toC } from '../../../bpf/c-array.js';
import { annotate, disassemble } from '../../../bpf/listing/disassemble.js';
import { encode, type Program } from '../../../bpf/program.js';
import { ABIS } from '../../../kernel/abi.js';
import type { AbiName } from '../../../kernel/architectures.js';
import type { JsonOutputs } from '../../json-outputs.js';
import { textArgument } from '../../input.js';
import { printActions, toJson, write, type Register } from '../../output.js';
import { inputName } from '../../reading/standard-input.js';

type Format = 'bpf' | 'asm' | 'c' | 'json';

interface Flags {
  readonly format: Format;
  readonly output: string;
  readonly abi?: AbiName;
  readonly json?: boolean;
}

const FORMATS: Readonly<Record<Format, (program: Program) => string | Uint8Array>> = {
  bpf: encode,
  asm: program => disassemble(program),
  c: program => toC(program),
  json: program =>
    toJson({
      instructions: annotate(program),
      bpf: encode(program).toString('base64'),
    } satisfies JsonOutputs['asm']),
};

/** Registers the subcommand. */
export const asmCommand: Register = (program, run) =>
  program
    .command('asm')
    .description('assemble the output of disasm, or hand-written code with labels')
    .argument('<file>', 'a file with the text, or - for standard input')
    .addOption(
      new Option('-f, --format <format>', 'what to write').choices(Object.keys(FORMATS)).default('bpf'),
    )
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .addOption(
      new Option(
        '--abi <abi>',
        'the ABI of call names if the program does not test the architecture',
      ).choices(Object.keys(ABIS)),
    )
    .option('--json', 'same as --format json; errors are JSON too')
    .action((file: string, { format, output, abi, json = false }: Flags) => {
      return run(() => {
        const assembled = assemble(textArgument(file), {
          file: inputName(file),
          ...(abi !== undefined && { abi }),
        });
        if (!json && format === 'asm') write(output, disassemble(assembled), printActions);
        else write(output, FORMATS[json ? 'json' : format](assembled));
        return 0;
      }, json);
    });
