// A file with the programs of one profile for one architecture, which were proven when the file was written.
import type { AbiName } from '../../kernel/architectures.js';
import { kernelAtLeast, type KernelVersion } from '../../kernel/kernel-version.js';
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

/** The program of one variant. */
interface ProvenProgram extends Variant {
  /** The program in the kernel's format, as base64. */
  readonly bpf: string;
  /** `programDigest` of the inputs of its proof, and of the program itself. */
  readonly digest: string;
}

/** The content of the file, as JSON. */
export interface ProgramFile {
  /** The newest `minKernel` in the profile: its meaning is the same on that and all newer kernels. */
  readonly minKernel: KernelVersion;
  readonly programs: readonly ProvenProgram[];
}

/**
 * The SHA-256 of everything that determines the policy of a program, and of the program: the text of the profile, the
 * architecture, the kernels, no capabilities, default options, the variant.
 */
export const programDigest = (
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
 * The program for a profile in the content of a file; undefined if there is none for this target or variant, or its digest
 * does not match. `capabilities` must be empty and options must have their defaults. Throws an Error if the content has
 * another format.
 */
export function programIn(
  content: string,
  profile: Uint8Array,
  { arch, kernel }: Pick<Target, 'arch' | 'kernel'>,
  variant: Variant,
  sha256: Sha256,
): Uint8Array | undefined {
  const { minKernel, programs } = JSON.parse(content) as ProgramFile;
  const found = programs.find(
    ({ closesRings, traps }) => closesRings === variant.closesRings && traps === variant.traps,
  );
  if (found === undefined || !kernelAtLeast(kernel, minKernel)) return undefined;
  const digest = programDigest(profile, arch, minKernel, variant, found.bpf, sha256);
  return digest === found.digest ? Buffer.from(found.bpf, 'base64') : undefined;
}
