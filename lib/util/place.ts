// Formats positions for messages.
import { printable } from './printable.js';

/** A position in a document. Lines and columns count from 1, columns in UTF-16 units. */
export interface Location {
  /** The path of the file, or a description such as `<string>` for text without a file. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** JSON pointer (RFC 6901) of the value. */
  readonly pointer: string;
}

/** `file:line:column`, with the file's name escaped for terminal output. */
export const placeText = ({ file, line, column }: Omit<Location, 'pointer'>): string =>
  `${printable(file)}:${line}:${column}`;

/** The beginning of a file: the position of findings about the whole file. */
export const topOf = (file: string): Location => Object.freeze({ file, line: 1, column: 1, pointer: '' });
