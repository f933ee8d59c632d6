// The YAML library, loaded for the first text that needs it: it is larger than all code that enforces filters.
import type * as Yaml from 'yaml';
import { packageFile } from '../../../package-files.js';

/** Bundles for browsers contain the library (scripts/bundle.mjs). */
export const yamlLibrary = (): typeof Yaml =>
  process.getBuiltinModule('node:module').createRequire(packageFile('package.json'))(
    packageFile('bundle/yaml.js'),
  ) as typeof Yaml;
