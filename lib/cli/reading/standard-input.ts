// Standard input, which an argument names with `-`: it can be read once, and another process may have made it
// non-blocking.
import { readSync } from 'node:fs';
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

/** All that is in it. Throws as `takeStandardInput` does. */
export function readStandardInput(): Buffer {
  const descriptor = takeStandardInput();
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = new Uint8Array(CHUNK);
    const length = retried(() => readSync(descriptor, chunk));
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
  }
}
