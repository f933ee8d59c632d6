// `seccomp convert`: a profile, a program or a filter of Firecracker's, in the format of another program.
import { readFileSync, writeFileSync } from 'node:fs';
import { Option } from 'commander';
import { convert, type ConversionFormat } from '../../filter/convert.js';
import { compilePolicy } from '../../filter/compile.js';
import { decompile } from '../../filter/decompile/decompile.js';
import type { Policy } from '../../policy/policy.js';
import { Findings } from '../../profile/findings.js';
import { isFirecracker } from '../../profile/formats/firecracker/detect.js';
import { parseFirecracker } from '../../profile/formats/firecracker/parse.js';
import { resolveFirecracker } from '../../profile/formats/firecracker/resolve.js';
import { readJson } from '../../profile/json.js';
import { parseProfile } from '../../profile/parse.js';
import { readFile } from '../../profile/read-file.js';
import { readSource } from '../../profile/read-source.js';
import { resolveProfile } from '../../profile/resolve/resolve.js';
import { compileOptions, withCompileOptions, type CompileFlags } from '../options.js';
import { print, warn, type Register } from '../output.js';
import { isJson } from '../../profile/is-json.js';

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
        .choices(['oci', 'docker', 'firecracker', 'spo', 'bpf'])
        .makeOptionMandatory(),
    )
    .option('--category <category>', "the threads of Firecracker's that are meant: vmm, api, vcpu")
    .option('--name <name>', 'the name of the resource of Kubernetes')
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .option('--json', 'errors as JSON')
    .action((input: string, flags: Flags) => {
      return run(() => {
        const policy = policyOf(input, flags);
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

/** What the input means on the target that the flags describe. */
function policyOf(input: string, flags: Flags): Policy {
  const meaning = compileOptions(flags);
  const { arch, strict } = meaning;
  const machine = arch === undefined ? {} : { arch };
  const stdin = input === '-' ? readFileSync(0) : undefined;
  if (stdin !== undefined ? !isJson(stdin) : input.endsWith('.bpf'))
    return decompile(stdin ?? readFile(input), machine);
  const { text: source, file } =
    stdin === undefined ? readSource(input) : { ...readSource(stdin), file: '<stdin>' };
  const bytes = Buffer.from(source);
  const options = { file, ...(strict !== undefined && { strict }) };
  if (isFirecracker(readJson(source, file, new Findings()))) {
    const { category } = flags;
    return resolveFirecracker(parseFirecracker(bytes, options), {
      ...machine,
      ...(category !== undefined && { category }),
      ...(strict !== undefined && { strict }),
    });
  }
  return resolveProfile(parseProfile(bytes, options), meaning, meaning);
}
