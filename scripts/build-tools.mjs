// What compiles the add-on beside the compiler: a clone has it in node_modules, an installed package fetches the same versions.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npmPackages } from './npm-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const NAMES = ['node-gyp', 'node-addon-api', 'node-api-headers'];

/** Where one of these packages is. What else the user has installed is not looked at: it may be any version. */
export function buildTool(name) {
  const own = join(root, 'node_modules', name);
  if (existsSync(own)) return own;
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const ranges = Object.fromEntries(NAMES.map(tool => [tool, devDependencies[tool]]));
  return join(npmPackages('build-tools', ranges), name);
}
