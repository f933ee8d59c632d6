// Programs that root has compiled and proven before a program starts, in a directory out of the reach of that program.
import type { AbiName } from '../../kernel/architectures.js';
import type { Target } from '../../policy/target.js';
import { readOutOfReach } from '../../util/host/out-of-reach.js';
import { packageVersion } from './package-version.js';
import { programIn, type Sha256, type Variant } from './program-file.js';

/** The name of the file with the programs for a profile, by its text. */
export const precompiledName = (text: string, arch: AbiName, sha256: Sha256): string =>
  `${sha256(Buffer.from(JSON.stringify([packageVersion(), arch, text])))}.json`;

/**
 * The program for a profile in a directory, or undefined if it has to be compiled: there is none for this target or variant, or someone
 * other than root, or this process itself, could have changed it. `capabilities` must be none, options those by
 * default.
 */
export function precompiledProgram(
  directory: string,
  text: string,
  target: Pick<Target, 'arch' | 'kernel'>,
  variant: Variant,
  sha256: Sha256,
): Uint8Array | undefined {
  try {
    const content = readOutOfReach(directory, precompiledName(text, target.arch, sha256));
    return content && programIn(content.toString(), Buffer.from(text), target, variant, sha256);
  } catch {
    // Missing, unreadable, or not as written: compiling does not need it.
    return undefined;
  }
}
