// Makes the tarball that npm would publish.
import { join } from 'node:path';
import { root } from './files.mjs';
import { run } from './run.mjs';

/** Packs the tree as it is into a folder. Gives the path of the file. */
export function pack(directory) {
  const options = ['pack', root, '--ignore-scripts', '--json', '--pack-destination', directory];
  const [{ filename }] = JSON.parse(run('npm', options));
  return join(directory, filename);
}
