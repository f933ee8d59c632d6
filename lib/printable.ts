// Text from elsewhere, such as names of processes, in a form that does nothing to a terminal.

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
