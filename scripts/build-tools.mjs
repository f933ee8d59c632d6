// The add-on's build tools besides the compiler: a clone has them in node_modules, an installed package fetches the same
// versions.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, readJson } from './files.mjs';
import { npmPackages } from './npm-packages.mjs';

const NAMES = ['node-gyp', 'node-addon-api', 'node-api-headers'];

/** The folder of one of these packages. Ignores what the user has installed, which may be any version. */
export function buildTool(name) {
  const own = inRoot('node_modules', name);
  if (existsSync(own)) return own;
  const { devDependencies } = readJson(inRoot('package.json'));
  const ranges = Object.fromEntries(NAMES.map(tool => [tool, devDependencies[tool]]));
  return join(npmPackages('build-tools', ranges), name);
}
