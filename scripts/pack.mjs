// Makes the tarball that npm would publish.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Packs the tree as it is into a folder. Gives the path of the file. */
export function pack(directory) {
  const options = ['pack', root, '--ignore-scripts', '--json', '--pack-destination', directory];
  const [{ filename }] = JSON.parse(
    execFileSync('npm', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  return join(directory, filename);
}
