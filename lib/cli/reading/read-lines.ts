// Reads files of any size line by line, in bounded memory.
import { closeSync, openSync, readSync } from 'node:fs';
import { RecordingError } from '../../util/errors.js';
import { show } from '../../util/show.js';
import { singleLine } from '../../util/printable.js';
import { retried } from './retried.js';
import { inputName, takeStandardInput } from './standard-input.js';

/** The maximum length of a line; the rest is dropped. */
export const MAX_LINE = 65_536;
const CHUNK = 1 << 20;

/**
 * The lines of a file in UTF-8 or UTF-16, or of standard input for `-`, without line breaks and truncated to 65,536 characters.
 * Throws RecordingError (`log-unreadable`), and UsageError if standard input is given twice.
 */
export function* linesOf(file: string): Generator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  const buffer = new Uint8Array(CHUNK);
  const descriptor = file === '-' ? takeStandardInput() : tried(file, () => openSync(file, 'r'));
  try {
    let rest = '';
    for (;;) {
      const length = tried(file, () => readSync(descriptor, buffer));
      decoder ??= new TextDecoder(encodingOf(buffer.subarray(0, length)));
      const text = decoder.decode(buffer.subarray(0, length), { stream: length > 0 });
      const lines = text.split('\n');
      const last = lines.pop() ?? '';
      for (const line of lines) {
        yield cut(rest, line);
        rest = '';
      }
      rest = cut(rest, last);
      if (length === 0) break;
    }
    if (rest !== '') yield rest;
  } finally {
    if (file !== '-') closeSync(descriptor);
  }
}

/** The encoding of a file. PowerShell redirects output as UTF-16 with a byte order mark. */
const encodingOf = ([first, second]: Uint8Array): string =>
  first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';

const cut = (rest: string, more: string): string =>
  rest.length >= MAX_LINE ? rest : (rest + more).slice(0, MAX_LINE);

function tried<Result>(file: string, act: () => Result): Result {
  try {
    return retried(act);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new RecordingError(
      'log-unreadable',
      error.code === 'ENOENT'
        ? `there is no file ${show(file)}`
        : `${singleLine(inputName(file))} cannot be read: ${error.message}`,
    );
  }
}
