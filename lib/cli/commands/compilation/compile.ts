// `seccomp compile`: compiles a profile to a program in one of several formats.
import { Option } from 'commander';
import { compile } from '../../../filter/compile-profile.js';
import { toC } from '../../../bpf/c-array.js';
import type { Filter } from '../../../filter/filter.js';
import type { JsonOutputs } from '../../json-outputs.js';
import { profileArgument } from '../../input.js';
import { compileOptions, PROFILE, withCompileOptions, type CompileFlags } from '../../options.js';
import { printActions, toJson, warn, write, type Register } from '../../output.js';

type Format = 'bpf' | 'asm' | 'pfc' | 'c' | 'json';

interface Flags extends CompileFlags {
  readonly format: Format;
  readonly output: string;
  readonly json?: boolean;
}

const FORMATS = {
  bpf: (filter: Filter) => filter.bpf,
  asm: (filter: Filter) => filter.disassembly,
  pfc: (filter: Filter) => filter.pfc,
  c: (filter: Filter) => toC(filter),
  json: (filter: Filter) =>
    toJson({
      target: filter.target,
      codegen: filter.codegen,
      report: filter.metrics,
      warnings: filter.warnings,
      bpf: filter.bpf.toString('base64'),
    } satisfies JsonOutputs['compile']),
};

/** Registers the subcommand. */
export const compileCommand: Register = (program, run) =>
  withCompileOptions(program.command('compile'))
    .description('compile a profile to a BPF program and prove that it means the same')
    .argument('<profile>', PROFILE)
    .addOption(
      new Option(
        '-f, --format <format>',
        'what to write: the program, a listing, pseudo code, a C array, or all of it as JSON',
      )
        .choices(['bpf', 'asm', 'pfc', 'c', 'json'])
        .default('bpf'),
    )
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('--json', 'same as --format json; errors are JSON too')
    .action((profile: string, flags: Flags) => {
      return run(() => {
        const filter = compile(profileArgument(profile), compileOptions(flags));
        const format = flags.json === true ? 'json' : flags.format;
        if (format !== 'json') warn(filter.warnings);
        if (format === 'asm' || format === 'pfc') write(flags.output, FORMATS[format](filter), printActions);
        else write(flags.output, FORMATS[format](filter));
        return 0;
      }, flags.json === true);
    });
