// Reads standard input for the argument `-`. It can be read only once, and another process may have made it
// non-blocking.
import { readSync } from 'node:fs';
import { readToEnd } from '../../profile/read-file.js';
import { optionError } from '../../util/options.js';
import { retried } from './retried.js';

let isTaken = false;

/** The name of an argument's file in messages. */
export const inputName = (argument: string): string => (argument === '-' ? '<stdin>' : argument);

/** The descriptor. Throws UsageError (`bad-option`) on the second call, because nothing is left to read. */
export function takeStandardInput(): number {
  if (isTaken)
    throw optionError('- is given more than once', 'Standard input can only be read once: use a file');
  isTaken = true;
  return 0;
}

/** Reads all of standard input. Throws as `takeStandardInput` and `readAll` do. */
export const readStandardInput = (): Buffer => readAll(takeStandardInput(), 'standard input');

/** Reads everything from a descriptor, which may be endless. Throws ProfileError (`profile-too-large`). */
export const readAll = (descriptor: number, what: string): Buffer =>
  readToEnd(chunk => retried(() => readSync(descriptor, chunk)), what);
