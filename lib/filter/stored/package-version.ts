// The version of this package, to which programs in files are bound.
import { readFileSync } from 'node:fs';
import { packageFile } from '../../package-files.js';

/** As in package.json. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { readonly version: string }).version;
