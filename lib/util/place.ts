// Positions, as messages print them.
import { printable } from './printable.js';

/** A position in a document. Lines and columns count from 1, columns in UTF-16 units. */
export interface Location {
  /** Path of the file, or a description such as `<string>` where there is none. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** JSON pointer (RFC 6901) of the value. */
  readonly pointer: string;
}

/** `file:line:column`, with what a terminal acts upon in the name of the file escaped. */
export const placeText = ({ file, line, column }: Omit<Location, 'pointer'>): string =>
  `${printable(file)}:${line}:${column}`;

/** The beginning of a file: the position of findings about all of it. */
export const topOf = (file: string): Location => Object.freeze({ file, line: 1, column: 1, pointer: '' });
