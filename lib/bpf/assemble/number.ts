// Parses numbers in an assembly text: words of 32 bits.
import { failAt, show, unexpected, type Reader, type Token } from './tokens.js';

/** More characters than any number needs, including leading zeros. */
const MAX_DIGITS = 32;

/** Whether a token looks like a number. */
export const isNumeric = ({ text }: Token): boolean => /^\d/.test(text);

/**
 * The value of a number, decimal or hexadecimal, from 0 to `most`.
 * Throws AssemblyError (`bad-statement`, `bad-number`).
 */
export function parseNumber(token: Token, most = 0xffffffff): number {
  if (!isNumeric(token)) return unexpected(token, 'a number');
  const { text } = token;
  if (!/^(?:0x[0-9a-f]+|0|[1-9]\d*)$/i.test(text)) {
    return failAt(
      token,
      'bad-number',
      `${show(token)} is not a number`,
      'Write it in decimal without leading zeros, or in hexadecimal after 0x',
    );
  }
  const value = text.length > MAX_DIGITS ? Infinity : Number(text);
  if (value > most) {
    const limit = `0x${most.toString(16)}`;
    return failAt(
      token,
      'bad-number',
      `${show(token)} is more than ${limit}`,
      `The largest number here is ${limit}`,
    );
  }
  return value;
}

/** Reads a number, or a negative one as two's complement: -1 is 0xffffffff. Throws as `parseNumber` does. */
export const takeWord = (reader: Reader): number =>
  reader.accept('-') ? takeNegative(reader) : parseNumber(reader.next());

/** Reads the digits after a minus sign. Throws as `parseNumber` does. */
export const takeNegative = (reader: Reader): number => -parseNumber(reader.next(), 0x80000000) >>> 0;
