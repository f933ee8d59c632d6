// A call of strace that continues on later lines, because strace or the program has written into it, or it was wrapped.
import { parseStraceLine, type StraceLine } from './line.js';

/** The maximum number of lines until the end of a call, and its maximum length. */
const MAX_LINES = 8;
const MAX_TEXT = 4096;

/** The lines of a call without an end so far. */
export class CutCall {
  readonly #lines: { readonly line: number; readonly text: string }[];
  readonly #beginning: string;
  #text: string;

  /** The depth of wrappings around its lines. */
  readonly depth: number;

  /** `line` is the number of its first line, and `text` that line without notices that strace has inserted. */
  constructor(line: number, text: string, depth: number) {
    this.depth = depth;
    this.#lines = [{ line, text }];
    this.#beginning = text;
    this.#text = text;
  }

  /** The lines so far. */
  get lines(): readonly { readonly line: number; readonly text: string }[] {
    return this.#lines;
  }

  /** Whether its end can no longer follow, given the current line number. */
  isOver(line: number): boolean {
    return line > (this.#lines[0]?.line ?? 0) + MAX_LINES;
  }

  /**
   * The complete call, if this line is its end: either of all lines, or of the first one if a program wrote the lines in
   * between.
   */
  endsWith(line: string): Extract<StraceLine, { kind: 'call' }> | undefined {
    for (const text of new Set([this.#text, this.#beginning])) {
      if (text.length + line.length > MAX_TEXT) continue;
      const whole = parseStraceLine(`${text}${line}`);
      if (whole?.kind === 'call') return whole;
    }
    return undefined;
  }

  /** Adds a line that may be a part of it. */
  takes(line: number, text: string): boolean {
    if (this.#text.length + text.length > MAX_TEXT) return false;
    this.#lines.push({ line, text });
    this.#text += text;
    return true;
  }
}
