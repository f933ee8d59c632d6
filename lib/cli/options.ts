// Options that several subcommands share, and the compiler options that they set.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { CAPABILITIES } from '../kernel/capabilities.js';
import type { CompileOptions } from '../filter/compile-profile.js';
import {
  architectureByName,
  architectureNames,
  architectureRemedy,
  type Architecture,
} from '../kernel/architectures.js';
import { parseKernelVersion } from '../kernel/kernel-version.js';
import { ARG_WIDTHS, UNKNOWN_SYSCALLS } from '../profile/resolve/resolve.js';
import { givenOptions } from '../util/options.js';
import { CODEGENS } from '../filter/filter.js';
import { WEIGHTS } from '../filter/compile.js';
import { boundingSet } from '../process/machine/capabilities.js';
import { MAX_SECONDS } from '../process/supervise/time.js';

/** Options that are passed to the compiler unchanged. */
const PASSED_ON = ['arch', 'kernel', 'codegen', 'weights', 'unknownSyscalls', 'argWidth', 'strict'] as const;

/** Options of `compile` as commander parses them. */
export interface CompileFlags extends Pick<CompileOptions, Exclude<(typeof PASSED_ON)[number], 'arch'>> {
  readonly arch?: Architecture;
  readonly cap?: readonly string[];
  readonly capFromProcess?: boolean;
}

/** The help text of an argument that names a profile. */
export const PROFILE = 'a path, the name of a profile that ships, or - for standard input';
/** The help text of an argument that may also be a program. */
export const FILTER =
  'the path of a profile or a program, the name of a profile that ships, or - for standard input';
/** The help text of an argument that may also be a running process. */
export const LAYERS = `${FILTER}; pid:1234 for the filters of a process`;

/** Collects the values of an option that may be repeated. */
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

/** Parses a time in seconds. */
export const secondsOf = (value: string): number => {
  const number = Number(value);
  if (number > 0 && number <= MAX_SECONDS) return number;
  throw new InvalidArgumentError(`Give a number of seconds above 0, up to ${MAX_SECONDS}.`);
};

/** Parses an architecture by any of its names. */
export const architecture = (value: string): Architecture => {
  const found = architectureByName(value);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`${architectureRemedy()}.`);
};

/** Parses the capabilities of options: `ALL`, in any case, means all of them, as in Docker. */
export const capabilitiesOf = ({
  cap = [],
  capFromProcess,
}: Pick<CompileFlags, 'cap' | 'capFromProcess'>): readonly string[] => [
  ...cap.flatMap(name => (name.toUpperCase() === 'ALL' ? CAPABILITIES : [name])),
  ...(capFromProcess === true ? boundingSet() : []),
];

const MEANING = 'What the profile means:';
const COMPILATION = 'How it is compiled:';

/** Adds the options for a profile's conditions on capabilities and kernels. */
export const withConditionOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--cap <capability>',
        'a capability that the process will have, e.g. CAP_SYS_ADMIN, or ALL; repeatable; default: none',
      )
        .argParser(collect)
        .helpGroup(MEANING),
    )
    .addOption(
      new Option('--cap-from-process', 'the capabilities in the bounding set of this process').helpGroup(
        MEANING,
      ),
    )
    .addOption(
      new Option(
        '--kernel <version>',
        'the kernel version for minKernel conditions, e.g. 6.1; default: the newest known one',
      )
        .argParser(kernelVersion)
        .helpGroup(MEANING),
    );

/** The option for the architecture. `defaultArch` is for the help. */
export const archOption = (defaultArch = 'this one'): Option =>
  new Option(
    '--arch <arch>',
    `the target architecture: ${architectureNames().join(', ')}; default: ${defaultArch}`,
  ).argParser(architecture);

/** Adds the options that affect the meaning of a profile. `defaultArch` is for the help. */
export const withTargetOptions = (command: Command, defaultArch?: string): Command =>
  withConditionOptions(command.addOption(archOption(defaultArch).helpGroup(MEANING)))
    .addOption(
      new Option(
        '--unknown-syscalls <action>',
        "the action for calls newer than the profile: enosys (default); or default, the profile's default action",
      )
        .choices(UNKNOWN_SYSCALLS)
        .helpGroup(MEANING),
    )
    .addOption(
      new Option(
        '--arg-width <width>',
        'the bits of an argument that conditions compare: profile (default), the whole register; or declared, those that the kernel reads',
      )
        .choices(ARG_WIDTHS)
        .helpGroup(MEANING),
    );

/** Adds the options that affect the meaning of a profile and how it is compiled. */
export const withCompileOptions = (command: Command): Command =>
  withTargetOptions(command)
    .addOption(
      new Option('--codegen <generator>', 'the code generator; default: tree')
        .choices(CODEGENS)
        .helpGroup(COMPILATION),
    )
    .addOption(
      new Option(
        '--weights <weights>',
        'for tree, the calls to decide in few instructions: node (default), those that Node makes most often; or uniform',
      )
        .choices(WEIGHTS)
        .helpGroup(COMPILATION),
    )
    .addOption(new Option('--strict', 'turn every warning into an error').helpGroup(COMPILATION));

/** Converts these options to those of the compiler. */
export const compileOptions = (flags: CompileFlags): CompileOptions => ({
  capabilities: capabilitiesOf(flags),
  ...givenOptions<CompileOptions>(flags, PASSED_ON),
});
