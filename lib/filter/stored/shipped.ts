// Programs for the profiles that ship with the package; they were compiled and proven when it was built.
import { readFileSync } from 'node:fs';
import type { AbiName } from '../../kernel/architectures.js';
import { kernelAtLeast, type KernelVersion } from '../../kernel/kernel-version.js';
import { packageFile } from '../../package-files.js';
import type { Target } from '../../policy/target.js';

/** The SHA-256 of bytes, as hexadecimal digits. */
export type Sha256 = (bytes: Uint8Array) => string;

/** How applyProfile changes the policy of a profile before it compiles it. */
export interface Variant {
  /** Disables the io_uring rings that the process has open. */
  readonly closesRings: boolean;
  /** Which refusals are trapped for `onViolation`. */
  readonly traps: 'none' | 'errnos' | 'kills';
}

export const VARIANTS: readonly Variant[] = [false, true].flatMap(closesRings =>
  (['none', 'errnos', 'kills'] as const).map(traps => ({ closesRings, traps })),
);

/** A program that ships. */
interface ShippedProgram extends Variant {
  /** The program in the kernel's format, as base64. */
  readonly bpf: string;
  /** `shippedDigest` of the inputs of its proof, and of the program itself. */
  readonly digest: string;
}

/** The programs for one profile and architecture: a file of bundle/programs/. */
export interface ShippedPrograms {
  /** The newest `minKernel` in the profile: its meaning is the same on all newer kernels. */
  readonly minKernel: KernelVersion;
  readonly programs: readonly ShippedProgram[];
}

/** The file with the programs for a profile that ships. */
export const programsFile = (name: string, arch: AbiName): string =>
  packageFile(`bundle/programs/${name}.${arch}.json`);

/**
 * The SHA-256 of everything that determines the policy of a program, and of the program: the text of the profile, the
 * architecture, the kernels, no capabilities, default options, the variant.
 */
export const shippedDigest = (
  profile: Uint8Array,
  arch: AbiName,
  minKernel: KernelVersion,
  { closesRings, traps }: Variant,
  bpf: string,
  sha256: Sha256,
): string => {
  const rest = JSON.stringify([arch, minKernel.major, minKernel.minor, closesRings, traps, bpf]);
  return sha256(Buffer.concat([Buffer.from(`${rest}\n`), profile]));
};

/**
 * The program that ships for a profile by name; undefined if it must be compiled, because there is none for this target or
 * variant, or its digest does not match. `capabilities` must be empty and options must have their defaults.
 */
export function shippedProgram(
  name: string,
  { arch, kernel }: Pick<Target, 'arch' | 'kernel'>,
  variant: Variant,
  sha256: Sha256,
): Uint8Array | undefined {
  try {
    const text = readFileSync(programsFile(name, arch), 'utf8');
    const { minKernel, programs } = JSON.parse(text) as ShippedPrograms;
    const found = programs.find(
      ({ closesRings, traps }) => closesRings === variant.closesRings && traps === variant.traps,
    );
    if (found === undefined || !kernelAtLeast(kernel, minKernel)) return undefined;
    const profile = readFileSync(packageFile(`profiles/${name}.json`));
    const digest = shippedDigest(profile, arch, minKernel, variant, found.bpf, sha256);
    return digest === found.digest ? Buffer.from(found.bpf, 'base64') : undefined;
  } catch {
    // Missing, or not as built: the profile is compiled instead, which also reports its problems.
    return undefined;
  }
}
