// Reads small text files. Node also reads inherited options, so pass it an object without a prototype.
import { packageFile } from '../../package-files.js';
import { fs } from '../builtins.js';
import { bare } from '../own.js';

/**
 * Reads a file as UTF-8. Throws the errors of `readFileSync`, and UnsupportedError (`unsupported-platform`) if there is
 * no file system.
 */
export const readText = (path: string): string => fs().readFileSync(path, OPTIONS);

const OPTIONS = bare({ encoding: 'utf8', flag: 'r' } as const);

/**
 * The text of a file that ships with the package; undefined if it does not exist. `path` is relative to the package's
 * root. Bundles for browsers contain these texts (scripts/bundle.mjs).
 */
export function packageText(path: string): string | undefined {
  const file = packageFile(path);
  return fs().existsSync(file) ? readText(file) : undefined;
}

/** The names of the profiles that ship, sorted. */
export const shippedProfiles = (): readonly string[] =>
  fs()
    .readdirSync(packageFile('profiles/'))
    .flatMap(file => /^(.*)\.(?:json|seccomp)$/.exec(file)?.[1] ?? [])
    .sort();
