// Programs that root compiled and proved in advance, in a directory that the running process cannot change.
import type { AbiName } from '../../kernel/architectures.js';
import type { Target } from '../../policy/target.js';
import { readOutOfReach } from '../../util/host/out-of-reach.js';
import { packageVersion } from './package-version.js';
import { programIn, type Sha256, type Variant } from './program-file.js';

/** The name of the file with the programs for the text of a profile. */
export const precompiledName = (text: string, arch: AbiName, sha256: Sha256): string =>
  `${sha256(Buffer.from(JSON.stringify([packageVersion(), arch, text])))}.json`;

/**
 * The program for the text of a profile in a directory; undefined if it must be compiled, because there is none for this target or
 * variant, or because this process or a user other than root could have changed it. `capabilities` must be empty and
 * options must have their defaults.
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
    // Missing, unreadable, or not as written: the profile is compiled instead.
    return undefined;
  }
}
