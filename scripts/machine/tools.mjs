// What an emulated machine takes of this one: commands, installed where they are missing, and Debian's archives.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { toolsFor } from './architectures.mjs';
import { archives } from './debian.mjs';

const onPath = command =>
  (process.env.PATH ?? '').split(delimiter).some(directory => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Installs what is missing. Gives the reason why machines cannot be emulated here, if there is one. */
export function obstacle(archs) {
  if (process.platform !== 'linux' || !onPath('apt-get') || !onPath('dpkg')) return 'needs apt and dpkg';
  if (archives().length === 0) return "needs Debian's archives among those of apt";
  const tools = Object.assign({}, ...archs.map(toolsFor));
  const missing = Object.keys(tools)
    .filter(command => !onPath(command))
    .map(command => tools[command]);
  if (missing.length === 0) return undefined;
  const sudo = process.getuid() === 0 ? [] : ['sudo', '-n'];
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...missing]]) {
    const [command, ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
    const { status } = spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) return `needs ${missing.join(' ')}, which cannot be installed from here`;
  }
  return undefined;
}
