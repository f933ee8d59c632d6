// Programs for the profiles that ship with the package; they were compiled and proven when it was built.
import { readFileSync } from 'node:fs';
import type { AbiName } from '../../kernel/architectures.js';
import { packageFile } from '../../package-files.js';
import type { Target } from '../../policy/target.js';
import { programIn, type Sha256, type Variant } from './program-file.js';

/** The file with the programs for a profile that ships. */
export const programsFile = (name: string, arch: AbiName): string =>
  packageFile(`bundle/programs/${name}.${arch}.json`);

/**
 * The program that ships for a profile by name; undefined if it must be compiled, because there is none for this target or
 * variant, or its digest does not match. `capabilities` must be empty and options must have their defaults.
 */
export function shippedProgram(
  name: string,
  target: Pick<Target, 'arch' | 'kernel'>,
  variant: Variant,
  sha256: Sha256,
): Uint8Array | undefined {
  try {
    const content = readFileSync(programsFile(name, target.arch), 'utf8');
    const profile = readFileSync(packageFile(`profiles/${name}.json`));
    return programIn(content, profile, target, variant, sha256);
  } catch {
    // Missing, or not as built: the profile is compiled instead, which also reports its problems.
    return undefined;
  }
}
