// The library that reads YAML, loaded when the first text needs it: it is larger than all that enforces a filter.
import type * as Yaml from 'yaml';
import { packageFile } from '../../../package-files.js';

/** Bundles for browsers have it inside (scripts/bundle.mjs). */
export const yamlLibrary = (): typeof Yaml =>
  process.getBuiltinModule('node:module').createRequire(packageFile('package.json'))(
    packageFile('bundle/yaml.js'),
  ) as typeof Yaml;
