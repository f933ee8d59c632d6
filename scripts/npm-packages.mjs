// npm packages that only some tasks need, and not every clone: installed into deps/ when they are first asked for.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const deps = fileURLToPath(new URL('../deps', import.meta.url));

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
  const scratch = mkdtempSync(join(deps, '.npm-'));
  chmodSync(scratch, 0o755);
  try {
    const specs = Object.entries(packages).map(([name, wanted]) => `${name}@${wanted.version ?? wanted}`);
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    execFileSync('npm', ['install', ...options, '--prefix', scratch, ...specs], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    checkIntegrity(scratch, packages);
    rmSync(directory, { recursive: true, force: true });
    renameSync(scratch, directory);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return modules;
}

/** npm has compared the bytes with what the registry says; here that is compared with what is pinned. */
function checkIntegrity(directory, packages) {
  const lock = JSON.parse(readFileSync(join(directory, 'node_modules/.package-lock.json'), 'utf8'));
  for (const [name, { integrity }] of Object.entries(packages)) {
    const actual = lock.packages[`node_modules/${name}`]?.integrity;
    if (integrity !== undefined && actual !== integrity)
      throw new Error(`${name} has the integrity ${actual}, expected ${integrity}`);
  }
}
