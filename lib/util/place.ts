// Where something is, as messages say it.
import { printable } from './printable.js';

/** `file:line:column`, with what a terminal acts upon in the name of the file escaped. */
export const placeText = ({
  file,
  line,
  column,
}: {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}): string => `${printable(file)}:${line}:${column}`;
