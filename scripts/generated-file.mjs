// Writes a generated file, or compares it with what is there.
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A generated file that is not what its generator writes. */
export class Stale extends Error {}

/** Writes `text`; with `check`, throws Stale where the file has another text. */
export function generated(path, text, { check, command }) {
  if (!check) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text)
    throw new Stale(`${relative(root, path)} is stale: run ${command}`);
}
