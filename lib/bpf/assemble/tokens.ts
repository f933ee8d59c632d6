// Splits an assembly text into words and signs with their positions.
import type { Code } from '../../util/codes.js';
import { AssemblyError } from '../../util/errors.js';
import { quote } from '../../util/suggest.js';

/** A position in the text. Lines and columns count from 1, columns in UTF-16 units. */
type TokenPlace = AssemblyError['at'];

/** A word, a number or a sign; empty at the end of the text. */
export interface Token {
  readonly text: string;
  readonly at: TokenPlace;
  /** Whether it is the first token of its line. */
  readonly startsLine: boolean;
}

/** Iterates over the tokens of a text. */
export interface Reader {
  /** Returns the next token without consuming it. */
  readonly peek: () => Token;
  /** Consumes the next token. */
  readonly next: () => Token;
  /** Consumes the next token if it has this text, and returns whether it did. */
  readonly accept: (text: string) => boolean;
  /** Consumes the next token. Throws AssemblyError if it does not have this text. */
  readonly expect: (text: string) => Token;
}

/** Throws AssemblyError at a token. */
export function failAt({ at }: Pick<Token, 'at'>, code: Code, message: string, remedy?: string): never {
  throw new AssemblyError(code, message, remedy, at);
}

/** Throws AssemblyError (`bad-statement`) for an unexpected token. */
export const unexpected = (token: Token, expected: string, remedy?: string): never =>
  failAt(token, 'bad-statement', `${show(token)} is unexpected here: expected ${expected}`, remedy);

/** Formats a token for messages. */
export const show = ({ text }: Token): string => (text === '' ? 'the end of the text' : quote(text));

/** Text between tokens: blanks, comments, and the two header lines of a listing. */
const GAP = /[ \t\r]+|#[^\n]*|\/\/[^\n]*/y;
const HEAD = /[ \t]*(?:line[ \t]+CODE\b[^\n]*|={3,})/y;
const TOKEN = /[\p{L}\p{N}_.]+|<<=|>>=|[-+*/|&^=!<>]=|>>|[-=<>&!?:,()[\]]/uy;

/** Reads a text as tokens. Throws AssemblyError (`bad-statement`) for an invalid character. */
export function readTokens(source: string, file: string): Reader {
  let position = 0;
  let line = 1;
  let lineStart = 0;

  function matchHere(pattern: RegExp): string | undefined {
    pattern.lastIndex = position;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) position += text.length;
    return text;
  }

  function scan(): Token {
    let startsLine = position === 0;
    for (;;) {
      if (position === lineStart) matchHere(HEAD);
      if (source[position] === '\n') {
        position++;
        line++;
        lineStart = position;
        startsLine = true;
      } else if (matchHere(GAP) === undefined) break;
    }
    const at = { file, line, column: position - lineStart + 1 };
    const text = matchHere(TOKEN);
    if (text !== undefined || position === source.length) return { text: text ?? '', at, startsLine };
    const character = String.fromCodePoint(source.codePointAt(position) ?? 0);
    return failAt(
      { at },
      'bad-statement',
      `${quote(character)} is not part of any statement`,
      'Write comments after #',
    );
  }

  let ahead: Token | undefined;
  const peek = (): Token => (ahead ??= scan());
  const next = (): Token => {
    const token = peek();
    ahead = undefined;
    return token;
  };
  return {
    peek,
    next,
    accept: text => {
      const found = peek().text === text;
      if (found) next();
      return found;
    },
    expect: text => {
      const token = next();
      return token.text === text ? token : unexpected(token, quote(text));
    },
  };
}
