// npm packages that only some tasks need, and not every clone: installed into deps/ when they are first asked for.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot, readJson, withScratch } from './files.mjs';
import { run } from './run.mjs';

const deps = inRoot('deps');

/**
 * The node_modules of a folder of deps/, with these packages in it.
 *
 * `packages` maps a name to a version or a range, or to `{ version, integrity }` where the bytes are pinned. No script of
 * theirs runs. Once a folder is there, it is taken as it is.
 */
export function npmPackages(folder, packages) {
  const directory = join(deps, folder);
  const modules = join(directory, 'node_modules');
  if (existsSync(modules)) return modules;
  mkdirSync(dirname(directory), { recursive: true });
  // Moved into place when it is whole and checked.
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

/** npm has compared the bytes with what the registry says; here that is compared with what is pinned. */
function checkIntegrity(directory, packages) {
  const lock = readJson(join(directory, 'node_modules/.package-lock.json'));
  for (const [name, { integrity }] of Object.entries(packages)) {
    const actual = lock.packages[`node_modules/${name}`]?.integrity;
    if (integrity !== undefined && actual !== integrity)
      throw new Error(`${name} has the integrity ${actual}, expected ${integrity}`);
  }
}
