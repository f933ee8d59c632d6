// Options that several subcommands share, and what they mean for the compiler.
import { architectureByName, architectureNames } from '../kernel/abi.js';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { CAPABILITIES } from '../kernel/capabilities.js';
import type { CompileOptions } from '../filter/compile-profile.js';
import type { Architecture } from '../kernel/architectures.js';
import { parseKernelVersion } from '../kernel/kernel-version.js';
import { ARG_WIDTHS, UNKNOWN_SYSCALLS } from '../profile/resolve/resolve.js';
import { givenOptions } from '../util/options.js';
import { CODEGENS } from '../filter/filter.js';
import { WEIGHTS } from '../filter/compile.js';
import { boundingSet } from '../process/machine/capabilities.js';

/** The compiler's options that are given as they are. */
const PASSED_ON = ['arch', 'kernel', 'codegen', 'weights', 'unknownSyscalls', 'argWidth', 'strict'] as const;

/** Options of `compile` as commander parses them. */
export interface CompileFlags extends Pick<CompileOptions, (typeof PASSED_ON)[number]> {
  readonly cap?: readonly string[];
  readonly capFromProcess?: boolean;
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
      new Option('--unknown-syscalls <answer>', 'answer to calls newer than the profile').choices(
        UNKNOWN_SYSCALLS,
      ),
    )
    .addOption(
      new Option('--arg-width <width>', 'bits of an argument that conditions compare').choices(ARG_WIDTHS),
    );

/** Adds the options that decide what a profile means and how it is compiled. */
export const withCompileOptions = (command: Command): Command =>
  withTargetOptions(command)
    .addOption(new Option('--codegen <generator>', 'who writes the program').choices(CODEGENS))
    .addOption(new Option('--weights <weights>', 'calls that the tree favours').choices(WEIGHTS))
    .option('--strict', 'turn every warning into an error');

/** The compiler's options for them. */
export function compileOptions(flags: CompileFlags): CompileOptions {
  const { cap, capFromProcess } = flags;
  const capabilities = [
    ...(cap ?? []).flatMap(capabilitiesOf),
    ...(capFromProcess === true ? boundingSet() : []),
  ];
  return { capabilities, ...givenOptions<CompileOptions>(flags, PASSED_ON) };
}
