// Packs the tarball that npm would publish.
import { join } from 'node:path';
import { root } from './files.mjs';
import { run } from './run.mjs';

/** Packs the tree, without building it, into a folder. Returns the path of the tarball. */
export function pack(directory) {
  const options = ['pack', root, '--ignore-scripts', '--json', '--pack-destination', directory];
  const [{ filename }] = JSON.parse(run('npm', options));
  return join(directory, filename);
}
