// The requirements of an emulated machine: commands, installed if they are missing, and Debian's archives.
import { installPackages, missingPackages, onPath } from '../debian-packages.mjs';
import { toolsFor } from './architectures.mjs';
import { archives } from './debian.mjs';

/** Installs missing commands. Returns why machines cannot be emulated here, or undefined. */
export function obstacle(archs) {
  if (process.platform !== 'linux' || !onPath('apt-get') || !onPath('dpkg')) return 'needs apt and dpkg';
  if (archives().length === 0) return "needs Debian's archives among those of apt";
  const tools = Object.assign({}, ...archs.map(toolsFor));
  try {
    installPackages(missingPackages(tools));
  } catch (error) {
    // The last line is the error; apt's output precedes it.
    return error.message.split('\n').at(-1);
  }
  return undefined;
}
