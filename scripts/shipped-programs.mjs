// Compiles and proves the programs of shipped profiles in advance, for applyProfile: bundle/programs/.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { inRoot, readJson } from './files.mjs';

/** Imports compiled modules lazily, because they exist only after the compiler has run. */
const lib = path => import(inRoot('dist', path));

/** Writes a file for each profile and architecture. Throws like `compile`, and for a profile that a load could reject. */
export async function writeShippedPrograms() {
  const { ARCHITECTURES } = await lib('kernel/architectures.js');
  const { programFile } = await lib('process/apply/precompile.js');
  rmSync(inRoot('bundle/programs'), { recursive: true, force: true });
  mkdirSync(inRoot('bundle/programs'));
  for (const file of readdirSync(inRoot('profiles')).filter(name => name.endsWith('.json'))) {
    const name = basename(file, '.json');
    // The digest covers one text, so a profile that extends another is compiled when it is used.
    if (readJson(inRoot('profiles', file)).extends !== undefined) continue;
    const text = readFileSync(inRoot('profiles', file), 'utf8');
    for (const arch of ARCHITECTURES)
      writeFileSync(
        inRoot('bundle/programs', `${name}.${arch}.json`),
        `${JSON.stringify(programFile({ text, file }, arch, sha256))}\n`,
      );
  }
}

/** Used instead of the add-on's SHA-256, because the add-on may not have been built yet. */
const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');
