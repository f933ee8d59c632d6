// Splits a policy's text into words, numbers and signs with positions, and reports unexpected ones.
import type { Code } from '../../../util/codes.js';
import { UsageError, ProfileError, type Location } from '../../../util/errors.js';
import { didYouMean, quote } from '../../../util/suggest.js';
import { reasonOf, attempt } from '../../../util/failures.js';

/** A word, a number or a sign; empty at the end of the text. */
export interface Token {
  readonly text: string;
  readonly at: Location;
  /** Whether only blanks precede it in its line. */
  readonly startsLine: boolean;
  /** Whether it is at the start of its line. */
  readonly startsColumn: boolean;
}

/** The tokens of a format. Patterns are sticky (`y`). */
export interface Syntax {
  /** Blanks and comments, including line breaks if the format ignores lines. */
  readonly gap: RegExp;
  /** A word, a number or a sign. */
  readonly token: RegExp;
}

/** The maximum number of tokens in a text. Real policies have a few thousand. */
const MAX_TOKENS = 500_000;

/** Throws ProfileError with one problem. */
export function failAt(at: Location, code: Code, message: string, remedy?: string): never {
  throw new ProfileError([{ code, severity: 'error', message, at, ...(remedy !== undefined && { remedy }) }]);
}

/** The result of a function. A UsageError that it throws becomes a ProfileError with a position. */
export const placed = <Result>(at: Location, look: () => Result): Result =>
  attempt(look, UsageError, error => failAt(at, error.code, reasonOf(error), error.remedy));

const MAX_DEPTH = 64;

/** Throws ProfileError (`too-deep`) beyond the maximum depth. */
export function checkDepth(depth: number, what: 'conditions' | 'values', at: Location): void {
  if (depth > MAX_DEPTH) failAt(at, 'too-deep', `${what} are nested more than ${MAX_DEPTH} deep`);
}

/** The maximum number of names that a remedy lists. */
const FEW = 20;

/**
 * Fails for a name that is not in the list: `there is no errno "EPREM"`. Throws ProfileError (`code`) with the
 * closest name, otherwise with `remedy`, or the list if it is short.
 */
export function failUnknown(
  code: `unknown-${'abi' | 'action' | 'architecture' | 'errno' | 'flag' | 'operator'}`,
  token: Pick<Token, 'text' | 'at'>,
  names: readonly string[],
  remedy = names.length > FEW ? undefined : `Write one of ${names.join(', ')}`,
): never {
  const kind = code === 'unknown-abi' ? 'ABI' : code.slice('unknown-'.length);
  return failAt(token.at, code, `there is no ${kind} ${shown(token)}`, didYouMean(token.text, names, remedy));
}

/** Formats a token for messages. */
export const shown = ({ text }: Pick<Token, 'text'>): string =>
  text === '' ? 'the end of the text' : quote(text);

/** Iterates over the tokens of a text, forwards and back. */
export class Scanner {
  readonly #tokens: readonly Token[];
  /** The index of the next token. */
  position = 0;

  /** Throws ProfileError (`policy-syntax`, `too-many-values`). */
  constructor(text: string, file: string, syntax: Syntax) {
    this.#tokens = tokensOf(text, file, syntax);
  }

  /** Returns the next token, or a later one, without consuming it. */
  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.position + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new Error('unreachable: the last token is the end of the text');
    return token;
  }

  /** Consumes the next token. */
  next(): Token {
    const token = this.peek();
    this.position++;
    return token;
  }

  get atEnd(): boolean {
    return this.peek().text === '';
  }

  /** Consumes the next tokens if they are these, and returns whether they were. */
  accept(...texts: readonly string[]): boolean {
    if (!texts.every((text, index) => this.peek(index).text === text)) return false;
    this.position += texts.length;
    return true;
  }

  /** Consumes the next token. Throws ProfileError (`policy-syntax`) if it does not have this text. */
  expect(text: string, remedy?: string): Token {
    if (this.peek().text === text) return this.next();
    return this.unexpected(quote(text), remedy);
  }

  /** Throws ProfileError (`policy-syntax`) at the next token. */
  unexpected(expected: string, remedy?: string): never {
    const token = this.peek();
    return failAt(token.at, 'policy-syntax', `expected ${expected}, found ${shown(token)}`, remedy);
  }
}

function tokensOf(text: string, file: string, { gap, token }: Syntax): readonly Token[] {
  const tokens: Token[] = [];
  let [position, line, lineStart, lastLine] = [0, 1, 0, 0];
  const at = (): Location => Object.freeze({ file, line, column: position - lineStart + 1, pointer: '' });
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0];
    return found === '' ? undefined : found;
  };
  for (;;) {
    for (
      let blank = match(gap) ?? match(LINE_BREAK);
      blank !== undefined;
      blank = match(gap) ?? match(LINE_BREAK)
    ) {
      for (const { 0: character, index } of blank.matchAll(/[\r\n]/g)) {
        const next = position + index + 1;
        // CRLF is one line break, even if its characters are in two gaps.
        if (character === '\r' && text[next] === '\n') continue;
        line++;
        lineStart = next;
      }
      position += blank.length;
    }
    const place = at();
    const flags = { startsLine: line !== lastLine, startsColumn: place.column === 1 };
    if (position === text.length) {
      tokens.push(Object.freeze({ text: '', at: place, startsLine: true, startsColumn: true }));
      return tokens;
    }
    const found = match(token);
    if (found === undefined) {
      const character = String.fromCodePoint(text.codePointAt(position) ?? 0);
      failAt(place, 'policy-syntax', `${quote(character)} is unexpected here`);
    }
    if (tokens.length === MAX_TOKENS)
      failAt(place, 'too-many-values', `the text has more than ${MAX_TOKENS} words`);
    tokens.push(Object.freeze({ text: found, at: place, ...flags }));
    position += found.length;
    lastLine = line;
  }
}

const LINE_BREAK = /[\r\n]+/y;
