// npm packages that only some tasks need, installed into deps/ on first use.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot, readJson, withScratch } from './files.mjs';
import { run } from './run.mjs';

const deps = inRoot('deps');

/**
 * The path of node_modules in a folder of deps/, with these packages.
 *
 * `packages` maps a name to a version or a range, or to `{ version, integrity }` to pin the bytes. Install scripts do not
 * run. An existing folder is used unchanged.
 */
export function npmPackages(folder, packages) {
  const directory = join(deps, folder);
  const modules = join(directory, 'node_modules');
  if (existsSync(modules)) return modules;
  mkdirSync(dirname(directory), { recursive: true });
  // Renamed to its final path when it is complete and checked.
  withScratch(join(deps, '.npm-'), scratch => {
    chmodSync(scratch, 0o755);
    const specs = Object.entries(packages).map(([name, wanted]) => `${name}@${wanted.version ?? wanted}`);
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    run('npm', ['install', ...options, '--prefix', scratch, ...specs]);
    checkIntegrity(scratch, packages);
    rmSync(directory, { recursive: true, force: true });
    renameSync(scratch, directory);
  });
  return modules;
}

/** npm has compared the bytes with the registry's integrity; this compares that with the pinned integrity. */
function checkIntegrity(directory, packages) {
  const lock = readJson(join(directory, 'node_modules/.package-lock.json'));
  for (const [name, { integrity }] of Object.entries(packages)) {
    const actual = lock.packages[`node_modules/${name}`]?.integrity;
    if (integrity !== undefined && actual !== integrity)
      throw new Error(`${name} has the integrity ${actual}, expected ${integrity}`);
  }
}
