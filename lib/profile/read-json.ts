// Reads JSON with the engine's own parser if nothing is lost.
import type { Findings } from './findings.js';
import {
  MAX_DEPTH,
  MAX_KEY,
  pointerOf,
  type JsonArray,
  type JsonMember,
  type JsonObject,
  type JsonValue,
  type Placed,
} from './json.js';
import { readExactly } from './read-json-exactly.js';

/** The maximum length for trying the engine's own parser first; beyond it, the additional work costs as much. */
const QUICK_LENGTH = 256 * 1024;

/**
 * Reads one JSON text with the position of each value. Duplicate keys are reported to `findings`.
 *
 * Tries the engine's own parser first, which is much faster on a cold engine. Throws ProfileError as `readExactly` does.
 */
export function readJson(text: string, file: string, findings: Findings): JsonValue {
  return readQuickly(text, file) ?? readExactly(text, file, findings);
}

/** As `readJson`, with JSON.parse; undefined for a text that `Walk` does not support. */
function readQuickly(text: string, file: string): JsonValue | undefined {
  if (text.length > QUICK_LENGTH) return undefined;
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return undefined;
  }
  const walk = new Walk(text);
  const value = walk.value(root, { kind: 'document', file }, '', 0);
  return walk.differs ? undefined : value;
}

/**
 * Scans a text in parallel with the result of JSON.parse, and finds the positions of the values. Supports only texts as
 * JSON.stringify writes them, apart from white space: no escapes, no other spellings of numbers, and no duplicate keys.
 */
class Walk {
  /** Whether the text is in an unsupported form. */
  differs: boolean;
  readonly #text: string;
  /** The separators between two tokens of a text that is known to be JSON. */
  readonly #between = /[\s,:]*/y;
  #offset = 0;
  #line = 1;
  #lineStart = 0;
  #nextLine: number;

  constructor(text: string) {
    this.#text = text;
    this.differs = /\r(?!\n)/.test(text);
    this.#nextLine = this.#lineAfter(0);
  }

  value(value: unknown, parent: Placed['parent'], key: string | number, depth: number): JsonValue {
    this.#next();
    const line = this.#line;
    const column = this.#offset - this.#lineStart + 1;
    if (typeof value === 'string') {
      this.#string(value);
      return { kind: 'string', parent, key, line, column, value };
    }
    if (typeof value === 'object' && value !== null) {
      if (depth === MAX_DEPTH) this.differs = true;
      if (Array.isArray(value)) {
        const items: JsonValue[] = [];
        const pointer = pointerOf({ parent, key });
        const node: JsonArray = { kind: 'array', parent, key, line, column, pointer, items };
        this.#take('[');
        for (let index = 0; index < value.length && !this.differs; index++)
          items.push(this.value(value[index], node, index, depth + 1));
        this.#next();
        this.#take(']');
        return node;
      }
      const members = new Map<string, JsonMember>();
      const pointer = pointerOf({ parent, key });
      const node: JsonObject = { kind: 'object', parent, key, line, column, pointer, members };
      this.#take('{');
      for (const [name, item] of Object.entries(value)) {
        if (this.differs) break;
        members.set(name, this.#member(node, name, item, depth));
      }
      this.#next();
      this.#take('}');
      return node;
    }
    const text = String(value);
    this.#take(text);
    if (typeof value === 'number') {
      if (/[\d.eE]/.test(this.#text.charAt(this.#offset))) this.differs = true;
      return { kind: 'number', parent, key, line, column, text };
    }
    if (typeof value === 'boolean') return { kind: 'boolean', parent, key, line, column, value };
    return { kind: 'null', parent, key, line, column };
  }

  #member(parent: JsonObject, name: string, item: unknown, depth: number): JsonMember {
    if (name.length > MAX_KEY) this.differs = true;
    this.#next();
    const key: Placed = { parent, key: name, line: this.#line, column: this.#offset - this.#lineStart + 1 };
    this.#string(name);
    return { key, value: this.value(item, parent, name, depth + 1) };
  }

  /** Moves to the next token. */
  #next(): void {
    this.#between.lastIndex = this.#offset;
    this.#between.test(this.#text);
    this.#offset = this.#between.lastIndex;
    while (this.#offset >= this.#nextLine) {
      this.#line++;
      this.#lineStart = this.#nextLine;
      this.#nextLine = this.#lineAfter(this.#lineStart);
    }
  }

  #lineAfter(offset: number): number {
    const end = this.#text.indexOf('\n', offset);
    return end < 0 ? Infinity : end + 1;
  }

  #take(token: string): void {
    if (!this.#text.startsWith(token, this.#offset)) this.differs = true;
    this.#offset += token.length;
  }

  #string(value: string): void {
    const text = this.#text;
    const start = this.#offset + 1;
    const end = start + value.length;
    if (
      text.charCodeAt(start - 1) !== QUOTE ||
      !text.startsWith(value, start) ||
      text.charCodeAt(end) !== QUOTE
    )
      this.differs = true;
    this.#offset = end + 1;
  }
}

const QUOTE = 0x22;
