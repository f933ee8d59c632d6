// The machine for which a profile is resolved: everything that the meaning of a profile may depend on.
import { UsageError } from '../util/errors.js';
import {
  architectureOption,
  nativeArchitecture,
  type Architecture,
  type ArchitectureAlias,
} from '../kernel/architectures.js';
import { CAPABILITIES } from '../kernel/capabilities.js';
import { frozen } from '../util/collections.js';
import { didYouMean } from '../util/suggest.js';
import { optionError, badOption, pickOptions } from '../util/options.js';
import { NEWEST_KERNEL, parseKernelVersion, type KernelVersion } from '../kernel/kernel-version.js';
import { show } from '../util/show.js';
import { ownElements } from '../util/own-elements.js';

/** The machine for which a profile is resolved. */
export interface Target {
  /** The architecture, which determines the ABIs. */
  readonly arch: Architecture;
  /** The kernel version that is compared with `minKernel`. */
  readonly kernel: KernelVersion;
  /** The capabilities that `caps` conditions test, as `CAP_*` names. */
  readonly capabilities: ReadonlySet<string>;
}

/** Options that describe a target; the defaults are the architecture of this process and the newest known kernel. */
export interface TargetOptions {
  /** Default: the architecture of this process. */
  readonly arch?: Architecture | ArchitectureAlias | undefined;
  /** `6.1`, or the release string of a kernel. */
  readonly kernel?: string | KernelVersion | undefined;
  /** `CAP_*` names for `caps` conditions. Default: none. */
  readonly capabilities?: Iterable<string> | undefined;
}

/**
 * Completes a target with the defaults: this architecture, the newest kernel and no capabilities.
 * Throws UsageError (`bad-option`, `bad-kernel-version`) for invalid values.
 */
export function makeTarget(options: TargetOptions = {}): Target {
  const given = pickOptions(options, ['kernel', 'arch', 'capabilities']);
  const { kernel = NEWEST_KERNEL, capabilities = [] } = given;
  return {
    arch: architectureOption(given.arch) ?? nativeArchitecture(),
    kernel: typeof kernel === 'string' ? parseKernelVersion(kernel) : checkedKernel(kernel),
    capabilities: frozen(new Set(capabilityNames(capabilities))),
  };
}

function checkedKernel(kernel: unknown): KernelVersion {
  const { major, minor } = pickOptions<Partial<Record<'major' | 'minor', unknown>>, 'major' | 'minor'>(
    Object(kernel) as object,
    ['major', 'minor'],
  );
  if (isPart(major) && isPart(minor)) return { major, minor };
  throw new UsageError(
    'bad-kernel-version',
    `${show(kernel)} is not a kernel version`,
    'Pass { major, minor } as whole numbers, or a string such as 6.1',
  );
}

const isPart = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function capabilityNames(capabilities: unknown): readonly string[] {
  if (typeof capabilities === 'string') {
    throw optionError('capabilities is a string', `Pass a list: ['${capabilities}']`);
  }
  if (!isIterable(capabilities)) {
    throw badOption('capabilities', capabilities, 'Pass a list of names');
  }
  const names: Iterable<unknown> = Array.isArray(capabilities) ? ownElements(capabilities) : capabilities;
  return Array.from(names, name => {
    if (typeof name === 'string' && CAPABILITIES.includes(name)) return name;
    const other = 'Write it like CAP_SYS_ADMIN';
    throw optionError(
      `${show(name)} is not the name of a capability`,
      typeof name === 'string' ? didYouMean(name, CAPABILITIES, other) : other,
    );
  });
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
