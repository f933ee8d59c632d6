// Standard input, which an argument names with `-`: it can be read once, and another process may have made it
// non-blocking.
import { readSync } from 'node:fs';
import { readToEnd } from '../../profile/read-file.js';
import { optionError } from '../../util/options.js';
import { retried } from './retried.js';

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
export const readAll = (descriptor: number, what: string): Buffer =>
  readToEnd(chunk => retried(() => readSync(descriptor, chunk)), what);
