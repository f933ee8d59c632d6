// A call of strace that continues in later lines, because strace or the program has written into it, or something has
// wrapped it.
import { parseStraceLine, type StraceLine } from './line.js';

/** Lines within which the end comes, and characters of a call. */
const MAX_LINES = 8;
const MAX_TEXT = 4096;

/** The lines of a call whose end has not come. */
export class CutCall {
  readonly #lines: { readonly line: number; readonly text: string }[];
  readonly #beginning: string;
  #text: string;

  /** How deep its lines were in wrappings. */
  readonly depth: number;

  /** By the number of its first line, and its text without what strace has said of a process meanwhile. */
  constructor(line: number, text: string, depth: number) {
    this.depth = depth;
    this.#lines = [{ line, text }];
    this.#beginning = text;
    this.#text = text;
  }

  /** Those so far. */
  get lines(): readonly { readonly line: number; readonly text: string }[] {
    return this.#lines;
  }

  /** Whether its end is not to be expected any more, in this line of the log. */
  isOver(line: number): boolean {
    return line > (this.#lines[0]?.line ?? 0) + MAX_LINES;
  }

  /** The call, if the line is its end: of all lines, or of the first, where those between are the output of a program. */
  endsWith(line: string): Extract<StraceLine, { kind: 'call' }> | undefined {
    for (const text of new Set([this.#text, this.#beginning])) {
      if (text.length + line.length > MAX_TEXT) continue;
      const whole = parseStraceLine(`${text}${line}`);
      if (whole?.kind === 'call') return whole;
    }
    return undefined;
  }

  /** Takes a line that may be a part of it. */
  takes(line: number, text: string): boolean {
    if (this.#text.length + text.length > MAX_TEXT) return false;
    this.#lines.push({ line, text });
    this.#text += text;
    return true;
  }
}
