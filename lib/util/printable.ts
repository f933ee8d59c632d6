// Escapes untrusted text, such as names of processes, for terminal output.

/**
 * Replaces what a terminal acts upon or a reader does not see by escapes: control characters (also those of 8 bits), marks
 * that turn the direction of writing, line separators, zero-width and unassigned characters, and the backslash itself.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}\\]/gu, character => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\\') return '\\\\';
    if (character === '\n') return '\\n';
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });

/**
 * Escapes the same characters as JSON does, except for line ends, tabs and the backslash: a text of several lines
 * keeps its layout, and JSON and YAML keep their meaning.
 */
export const escapeControls = (text: string): string =>
  text.replace(/[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu, jsonEscape);

/** The same on one line: a line end inside of the text begins no other line. */
export const singleLine = (text: string): string =>
  escapeControls(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');

/** `\u202e`; two of them for a character beyond 16 bits. */
const jsonEscape = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
