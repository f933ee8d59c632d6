// Makes the code cache for this Node, unless it is there.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inRoot } from './files.mjs';
import { run } from './run.mjs';

/** Returns whether the code cache was missing. */
export function makeCodeCache() {
  const { folder } = createRequire(import.meta.url)(inRoot('bundle/code-cache.js'));
  if (existsSync(folder)) return false;
  run(process.execPath, [inRoot('scripts/code-cache.mjs')]);
  return true;
}
