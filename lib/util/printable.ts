// Escapes untrusted text, such as names of processes, for terminal output.

/**
 * Escapes characters that a terminal interprets or a reader cannot see: control characters (also those of 8 bits),
 * bidirectional marks, line separators, zero-width and unassigned characters, and the backslash itself.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}\\]/gu, character => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\\') return '\\\\';
    if (character === '\n') return '\\n';
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });

/**
 * Writes the same characters as JSON escapes, except for line ends, tabs and backslashes: text keeps its lines, and
 * JSON and YAML keep their meaning.
 */
export const escapeControls = (text: string): string =>
  text.replace(/[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu, jsonEscape);

/** As `escapeControls`, but on one line: line ends and tabs are escaped too. */
export const singleLine = (text: string): string =>
  escapeControls(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');

/** `\u202e`; two escapes for a character above U+FFFF. */
const jsonEscape = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
