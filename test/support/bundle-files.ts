// Which files of bundle/ a program has loaded: by Node, or by way of the code cache where there is one.
import { fileURLToPath } from 'node:url';

const bundle = fileURLToPath(new URL('../../../bundle', import.meta.url));

/** An expression for CommonJS that gives their paths. */
export const BUNDLE_FILES = `[
  ...Object.keys(require.cache),
  ...[...require('${bundle}/code-cache.js').loaded.keys()].map(file => '${bundle}' + file.slice(1)),
].filter(path => path.startsWith('${bundle}/') && !path.endsWith('/code-cache.js'))`;
