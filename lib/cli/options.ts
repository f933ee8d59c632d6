// Options that several subcommands share, and what they mean for the compiler.
import { architectureByName, architectureNames } from '../kernel/abi.js';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { CAPABILITIES } from '../kernel/capabilities.js';
import type { CompileOptions } from '../filter/compile-profile.js';
import type { Architecture } from '../kernel/architectures.js';
import { parseKernelVersion } from '../kernel/kernel-version.js';
import type { ArgWidth } from '../profile/resolve/resolve.js';
import { boundingSet } from '../process/machine/capabilities.js';

/** Options of `compile` as commander parses them. */
export interface CompileFlags {
  readonly arch?: Architecture;
  readonly cap?: readonly string[];
  readonly capFromProcess?: boolean;
  readonly kernel?: string;
  readonly codegen?: 'tree' | 'libseccomp';
  readonly weights?: 'node' | 'uniform';
  readonly unknownSyscalls?: 'enosys' | 'default';
  readonly argWidth?: ArgWidth;
  readonly strict?: boolean;
}

/** Gathers the values of an option that may be repeated. */
export const collect = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
];

const kernelVersion = (value: string): string => {
  try {
    parseKernelVersion(value);
    return value;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
};

/** The architecture of an option, by any name that it goes by. */
export const architecture = (value: string): Architecture => {
  const found = architectureByName(value);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`Allowed choices are ${architectureNames().join(', ')}.`);
};

/** The capabilities of an option: `ALL` is all of them, as in Docker. */
const capabilitiesOf = (name: string): readonly string[] => (name === 'ALL' ? CAPABILITIES : [name]);

/** Adds the options that decide what a profile means. */
export const withTargetOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--arch <arch>',
        `architecture of the machine: ${architectureNames().join(', ')} (default: this one; for lint, each that the profile covers)`,
      ).argParser(architecture),
    )
    .option(
      '--cap <capability>',
      'a capability that the process will have, e.g. CAP_SYS_ADMIN, or ALL; repeatable',
      collect,
    )
    .option('--cap-from-process', 'the capabilities in the bounding set of this process')
    .option('--kernel <version>', 'kernel version for minKernel conditions, e.g. 6.1', kernelVersion)
    .addOption(
      new Option('--unknown-syscalls <answer>', 'answer to calls newer than the profile').choices([
        'enosys',
        'default',
      ]),
    )
    .addOption(
      new Option('--arg-width <width>', 'bits of an argument that conditions compare').choices([
        'profile',
        'declared',
      ]),
    );

/** Adds the options that decide what a profile means and how it is compiled. */
export const withCompileOptions = (command: Command): Command =>
  withTargetOptions(command)
    .addOption(new Option('--codegen <generator>', 'who writes the program').choices(['tree', 'libseccomp']))
    .addOption(new Option('--weights <weights>', 'calls that the tree favours').choices(['node', 'uniform']))
    .option('--strict', 'turn every warning into an error');

/** The compiler's options for them. */
export function compileOptions(flags: CompileFlags): CompileOptions {
  const { cap, capFromProcess, ...rest } = flags;
  const capabilities = [
    ...(cap ?? []).flatMap(capabilitiesOf),
    ...(capFromProcess === true ? boundingSet() : []),
  ];
  const { arch, kernel, codegen, weights, unknownSyscalls, argWidth, strict } = rest;
  return {
    capabilities,
    ...(arch !== undefined && { arch }),
    ...(kernel !== undefined && { kernel }),
    ...(codegen !== undefined && { codegen }),
    ...(weights !== undefined && { weights }),
    ...(unknownSyscalls !== undefined && { unknownSyscalls }),
    ...(argWidth !== undefined && { argWidth }),
    ...(strict !== undefined && { strict }),
  };
}
