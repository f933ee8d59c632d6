// The machine a profile is resolved for: everything the meaning of a profile may depend on.
import { UnsupportedError, UsageError } from '../util/errors.js';
import type { AbiName } from '../kernel/abi.js';
import { frozen } from '../util/frozen.js';
import { oneOf, pickOptions } from '../util/options.js';
import { NEWEST_KERNEL, parseKernelVersion, type KernelVersion } from '../kernel/kernel-version.js';
import { show } from '../util/show.js';
import { ownElements } from '../util/own-elements.js';

/** Architectures a filter can be made for; the 32-bit interfaces of each come with the profile. */
export type Architecture = 'x86_64' | 'aarch64';

/** What a profile is resolved against. */
export interface Target {
  /** The architecture, which decides about the interfaces. */
  readonly arch: Architecture;
  /** Compared with `minKernel`. */
  readonly kernel: KernelVersion;
  /** The bounding set that `caps` conditions look at: `CAP_*` names. */
  readonly capabilities: ReadonlySet<string>;
}

/** How a caller describes a target; what is left out comes from the architecture of this process and the newest known kernel. */
export interface TargetOptions {
  /** This process's unless given. */
  readonly arch?: Architecture;
  /** `6.1`, or the release string of a kernel. */
  readonly kernel?: string | KernelVersion;
  /** `CAP_*` names for `caps` conditions; none unless given. */
  readonly capabilities?: Iterable<string>;
}

const NATIVE: ReadonlyMap<string, Architecture> = new Map([
  ['x64', 'x86_64'],
  ['arm64', 'aarch64'],
]);

/** The architecture of this process. Throws UnsupportedError where no filter can be made for it. */
export function nativeArchitecture(): Architecture {
  const arch = NATIVE.get(process.arch);
  if (arch === undefined) {
    throw new UnsupportedError(
      'unsupported-architecture',
      `seccomp filters cannot be made for ${process.arch}`,
      'Name a target: x86_64 or aarch64',
    );
  }
  return arch;
}

/** Every interface a kernel of that architecture may serve, native first. */
export const abisOf = (arch: Architecture): readonly AbiName[] =>
  arch === 'x86_64' ? ['x86_64', 'x86', 'x32'] : ['aarch64', 'arm'];

/**
 * Completes a target: this architecture, the newest kernel and no capabilities unless given.
 * Throws UsageError (`bad-option`, `bad-kernel-version`) for values it does not know.
 */
export function makeTarget(options: TargetOptions = {}): Target {
  const given = pickOptions(options, ['kernel', 'arch', 'capabilities']);
  const { kernel = NEWEST_KERNEL, arch = nativeArchitecture(), capabilities = [] } = given;
  oneOf('arch', arch, ['x86_64', 'aarch64']);
  return {
    arch,
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
    'Give { major, minor } as whole numbers, or a string such as 6.1',
  );
}

const isPart = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function capabilityNames(capabilities: unknown): readonly string[] {
  if (typeof capabilities === 'string') {
    throw new UsageError('bad-option', 'capabilities is a string', `Give a list: ['${capabilities}']`);
  }
  if (!isIterable(capabilities)) {
    throw new UsageError(
      'bad-option',
      `capabilities cannot be ${show(capabilities)}`,
      'Give a list of names',
    );
  }
  const names: Iterable<unknown> = Array.isArray(capabilities) ? ownElements(capabilities) : capabilities;
  return Array.from(names, name => {
    if (typeof name === 'string' && /^CAP_[A-Z_]+$/.test(name)) return name;
    throw new UsageError(
      'bad-option',
      `${show(name)} is not the name of a capability`,
      'Write it as CAP_SYS_ADMIN is written',
    );
  });
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
