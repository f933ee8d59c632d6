// Standard input, which an argument names with `-`: it can be read once, and another process may have made it
// non-blocking.
import { readSync } from 'node:fs';
import { MAX_BYTES } from '../../profile/json.js';
import { tooLarge } from '../../profile/read-file.js';
import { optionError } from '../../util/options.js';
import { retried } from './retried.js';

const CHUNK = 65_536;
let isTaken = false;

/** What messages call the file that an argument names. */
export const inputName = (argument: string): string => (argument === '-' ? '<stdin>' : argument);

/** The descriptor. Throws UsageError (`bad-option`) the second time, when nothing is left to read. */
export function takeStandardInput(): number {
  if (isTaken) throw optionError('standard input is named twice', 'It can be read once: use a file');
  isTaken = true;
  return 0;
}

/** All that is in it. Throws as `takeStandardInput` and `readAll` do. */
export const readStandardInput = (): Buffer => readAll(takeStandardInput(), 'standard input');

/** All that is in a descriptor, which may have no end. Throws ProfileError (`profile-too-large`). */
export function readAll(descriptor: number, what: string): Buffer {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const chunk = new Uint8Array(CHUNK);
    const length = retried(() => readSync(descriptor, chunk));
    if (length === 0) return Buffer.concat(chunks);
    total += length;
    if (total > MAX_BYTES) tooLarge(what);
    chunks.push(chunk.subarray(0, length));
  }
}
