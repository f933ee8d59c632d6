// Finds missing packages of Debian and Ubuntu that scripts need, and installs them if permitted.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './run.mjs';

/** Packages cannot be installed here; the message says why. */
export class NotInstallable extends Error {}

export const onPath = command =>
  (process.env.PATH ?? '').split(delimiter).some(directory => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Whether a program exists: a path, or a name on the PATH. */
export const isThere = name => (name.includes('/') ? existsSync(name) : onPath(name));

/** The packages of missing `needs`, which map commands and files to the package of each. */
export const missingPackages = needs =>
  Object.keys(needs)
    .filter(present => !isThere(present))
    .map(present => needs[present]);

/**
 * Installs packages as root or by sudo, after printing their names to standard error. Throws NotInstallable, which names
 * them, or an Error with the output of apt.
 */
export function installPackages(packages) {
  if (packages.length === 0) return;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (!onPath('apt-get') || (sudo.length > 0 && spawnSync('sudo', ['-n', 'true']).status !== 0)) {
    const list = packages.join(' ');
    throw new NotInstallable(
      `needs ${list}, which cannot be installed from here. On Debian and Ubuntu: sudo apt-get install ${list}`,
    );
  }
  console.error(
    `Installing packages of the system with ${[...sudo, 'apt-get'].join(' ')}: ${packages.join(', ')}`,
  );
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
    const [command, ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args];
    run(command, rest);
  }
}
