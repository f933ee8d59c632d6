// `seccomp convert`: converts a profile, a program or a Firecracker filter to the format of another program.
import { Option } from 'commander';
import { converted, FORMATS, type Format } from '../../converted.js';
import { policyArgument } from '../../input.js';
import { FILTER, withCompileOptions, type CompileFlags } from '../../options.js';
import { warn, write, type Register } from '../../output.js';

interface Flags extends CompileFlags {
  readonly to: Format;
  readonly output: string;
  readonly category?: string;
  readonly name?: string;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const convertCommand: Register = (program, run) =>
  withCompileOptions(program.command('convert'))
    .description(
      'convert a profile or a program to the format of another tool, and prove that it means the same',
    )
    .argument('<filter>', `${FILTER}; also a Firecracker file`)
    .addOption(new Option('-t, --to <format>', 'what to write').choices(FORMATS).makeOptionMandatory())
    .option('--category <category>', 'the filter in a Firecracker file: vmm, api or vcpu')
    .option('--name <name>', 'for spo, the name of the resource')
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('--json', 'write errors as JSON')
    .action((input: string, flags: Flags) => {
      return run(() => {
        const policy = policyArgument(input, flags);
        warn(policy.warnings);
        write(flags.output, converted(policy, flags.to, flags));
        return 0;
      }, flags.json === true);
    });
