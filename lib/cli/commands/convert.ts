// `seccomp convert`: a profile, a program or a filter of Firecracker's, in the format of another program.
import { Option } from 'commander';
import { converted, FORMATS, type Format } from '../converted.js';
import { policyArgument } from '../input.js';
import { withCompileOptions, type CompileFlags } from '../options.js';
import { warn, write, type Register } from '../output.js';

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
      'write what a profile or a program says in the format of another program, proven to say the same',
    )
    .argument(
      '<input>',
      "a path, the name of a profile that ships, a .bpf file, a file of Firecracker's, or - for standard input",
    )
    .addOption(new Option('-t, --to <format>', 'what to write').choices(FORMATS).makeOptionMandatory())
    .option('--category <category>', "the threads of Firecracker's that are meant: vmm, api, vcpu")
    .option('--name <name>', 'the name of the resource of Kubernetes')
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('--json', 'errors as JSON')
    .action((input: string, flags: Flags) => {
      return run(() => {
        const policy = policyArgument(input, flags);
        warn(policy.warnings);
        write(flags.output, converted(policy, flags.to, flags));
        return 0;
      }, flags.json === true);
    });
