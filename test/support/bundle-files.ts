// The files of bundle/ that a program has loaded, by Node or through the code cache.
import { fileURLToPath } from 'node:url';

const bundle = fileURLToPath(new URL('../../../bundle', import.meta.url));

/** A CommonJS expression that returns their paths. */
export const BUNDLE_FILES = `[
  ...Object.keys(require.cache),
  ...[...require('${bundle}/code-cache.js').loaded.keys()].map(file => '${bundle}' + file.slice(1)),
].filter(path => path.startsWith('${bundle}/') && !path.endsWith('/code-cache.js'))`;
