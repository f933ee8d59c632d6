// `seccomp convert`: a profile, a program or a filter of Firecracker's, in the format of another program.
import { writeFileSync } from 'node:fs';
import { Option } from 'commander';
import { convert, type ConversionFormat } from '../../filter/convert.js';
import { compilePolicy } from '../../filter/compile.js';
import type { Policy } from '../../policy/policy.js';
import { policyArgument } from '../input.js';
import { withCompileOptions, type CompileFlags } from '../options.js';
import { print, warn, type Register } from '../output.js';

interface Flags extends CompileFlags {
  readonly to: ConversionFormat | 'bpf';
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
    .addOption(
      new Option('-t, --to <format>', 'what to write')
        .choices(['oci', 'docker', 'words', 'firecracker', 'spo', 'bpf'])
        .makeOptionMandatory(),
    )
    .option('--category <category>', "the threads of Firecracker's that are meant: vmm, api, vcpu")
    .option('--name <name>', 'the name of the resource of Kubernetes')
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('--json', 'errors as JSON')
    .action((input: string, flags: Flags) => {
      return run(() => {
        const policy = policyArgument(input, flags);
        warn(policy.warnings);
        const result = flags.to === 'bpf' ? bpf(policy, flags) : text(policy, flags.to, flags);
        if (flags.output === '-') print(result);
        else writeFileSync(flags.output, result);
        return 0;
      }, flags.json === true);
    });

function bpf(policy: Policy, { codegen, weights }: Flags): Buffer {
  return compilePolicy(policy, {
    ...(codegen !== undefined && { codegen }),
    ...(weights !== undefined && { weights }),
  }).bpf;
}

const text = (policy: Policy, to: ConversionFormat, { unknownSyscalls, category, name }: Flags): string =>
  convert(policy, to, {
    ...(unknownSyscalls !== undefined && { unknownSyscalls }),
    ...(category !== undefined && { category }),
    ...(name !== undefined && { name }),
  });
