// Reads JSON without losing anything: exact numbers, and the line, column and pointer of every key and value.
import type { Code } from '../util/codes.js';
import { printParseErrorCode, visit, type ParseErrorCode } from 'jsonc-parser';
import { ProfileError, type Location } from '../util/errors.js';
import { Findings, place } from './findings.js';
import { quote } from '../util/suggest.js';
import { own, hasOwn } from '../util/own.js';

/** Bytes in the text of a profile. Docker's default has 13,470. */
export const MAX_BYTES = 16 * 1024 * 1024;
/** Containers in containers, the outermost included. Real profiles need seven. */
export const MAX_DEPTH = 64;
/** Values in a document, so that 16 MiB of `[]` do not become gigabytes of objects. */
export const MAX_VALUES = 500_000;
/** UTF-16 units in a key, which pointers repeat. */
export const MAX_KEY = 1024;

/** UTF-16 units of a text up to which the engine's own reader is tried first: what it needs besides would cost as much beyond. */
const QUICK_LENGTH = 256 * 1024;

/** Stands above the outermost value and names the file. */
export interface JsonDocument {
  readonly kind: 'document';
  readonly file: string;
  /** The same document with positions, where its values have none. */
  readonly withPositions?: () => JsonValue;
}

interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** A value or a key. Both numbers are 0 where nobody has looked for them: `locate` does. */
export interface Placed extends Position {
  readonly parent: JsonObject | JsonArray | JsonDocument;
  /** Key or index in the parent. */
  readonly key: string | number;
}

export interface JsonMember {
  readonly key: Placed;
  readonly value: JsonValue;
}

export interface JsonObject extends Placed {
  readonly kind: 'object';
  readonly members: ReadonlyMap<string, JsonMember>;
}

export interface JsonArray extends Placed {
  readonly kind: 'array';
  readonly items: readonly JsonValue[];
}

export interface JsonString extends Placed {
  readonly kind: 'string';
  readonly value: string;
}

export interface JsonNumber extends Placed {
  readonly kind: 'number';
  /** As it is written. */
  readonly text: string;
}

export interface JsonBoolean extends Placed {
  readonly kind: 'boolean';
  readonly value: boolean;
}

export interface JsonNull extends Placed {
  readonly kind: 'null';
}

export type JsonValue = JsonObject | JsonArray | JsonString | JsonNumber | JsonBoolean | JsonNull;

/** The JSON pointer (RFC 6901) of a value or a key. */
function pointerOf(node: Placed): string {
  const { parent, key } = node;
  if (parent.kind === 'document') return '';
  const step =
    typeof key === 'string' && /[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
  return `${pointerOf(parent)}/${step}`;
}

/** Where a value or a key stands. Line and column are found when they are asked for, since most never are. */
export function locate(node: Placed): Location {
  const { file } = documentOf(node);
  if (node.line > 0) {
    return Object.freeze({ file, line: node.line, column: node.column, pointer: pointerOf(node) });
  }
  return Object.freeze({
    file,
    get line() {
      return positionOf(node).line;
    },
    get column() {
      return positionOf(node).column;
    },
    get pointer() {
      return pointerOf(node);
    },
  });
}

function documentOf(node: Placed): JsonDocument {
  let { parent } = node;
  while (parent.kind !== 'document') parent = parent.parent;
  return parent;
}

/** The same value or key in the document with positions. */
function positionOf(node: Placed): Position {
  const { parent, key } = node;
  if (node.line > 0) return node;
  if (parent.kind === 'document') return own(parent, 'withPositions')?.() ?? node;
  const container = positionOf(parent) as JsonValue;
  if (container.kind === 'array') return container.items[Number(key)] ?? container;
  const member = container.kind === 'object' ? container.members.get(String(key)) : undefined;
  return (hasOwn(node, 'kind') ? member?.value : member?.key) ?? container;
}

const EXPECTED: Readonly<Record<string, string>> = {
  PropertyNameExpected: 'a key in double quotes',
  ValueExpected: 'a value',
  ColonExpected: '":"',
  CommaExpected: '","',
  CloseBraceExpected: '"}"',
  CloseBracketExpected: '"]"',
  EndOfFileExpected: 'the end of the text',
};

const BROKEN: Readonly<Record<string, string>> = {
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfString: 'this string does not end on its line',
  UnexpectedEndOfNumber: 'this number is incomplete',
  InvalidUnicode: 'this string has a \\u without four hexadecimal digits',
  InvalidEscapeCharacter: 'this string has an unknown escape',
  InvalidCharacter: 'this string has a control character that is not escaped',
};

/** What is wrong at a piece of the text, and what to do about it. */
function syntaxError(
  error: ParseErrorCode,
  before: string,
  found: string,
): readonly [message: string, remedy?: string] {
  const name = printParseErrorCode(error);
  const broken = own(BROKEN, name);
  if (name === 'InvalidCommentToken') return [broken ?? name, 'Put the text into a key "comment"'];
  if (broken !== undefined) return [broken];
  const message = `expected ${own(EXPECTED, name) ?? 'a value'}, found ${found === '' ? 'the end of the text' : quote(found)}`;
  if (found.startsWith("'")) return [message, 'JSON writes strings in double quotes'];
  if (/^[}\]]/.test(found) && before.trimEnd().endsWith(',')) return [message, 'Remove the comma before it'];
  return [message];
}

/**
 * Reads one JSON text. Keys that stand twice in an object are reported to `findings`.
 *
 * Throws ProfileError as `readExactly` does. The engine's own reader is tried first, which is much faster on a cold engine and tells
 * neither where a value is nor how a number was written.
 */
export function readJson(text: string, file: string, findings: Findings): JsonValue {
  return readQuickly(text, file) ?? readExactly(text, file, findings);
}

/** The same by JSON.parse, without positions; undefined for a text of which it would not tell all that `readExactly` does. */
function readQuickly(text: string, file: string): JsonValue | undefined {
  if (text.length > QUICK_LENGTH) return undefined;
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return undefined;
  }
  const withoutStrings = text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"/g, '"');
  // Only digits up to here are written as they are read.
  if (/[-.]|\d[eE]|\d{16}/.test(withoutStrings)) return undefined;
  let exact: JsonValue | undefined;
  const document: JsonDocument = {
    kind: 'document',
    file,
    withPositions: () => (exact ??= readExactly(text, file, new Findings())),
  };
  const tree = new QuickTree();
  const value = tree.value(root, document, '', 0);
  const keys = withoutStrings.match(/"\s*:/g)?.length ?? 0;
  // Where a key stands twice, JSON.parse keeps one.
  return tree.keys === keys ? value : undefined;
}

/** Makes values without positions of what JSON.parse gave. */
class QuickTree {
  /** Keys of objects so far; NaN where the tree is not the one that `readExactly` makes. */
  keys = 0;

  value(value: unknown, parent: Placed['parent'], key: string | number, depth: number): JsonValue {
    const place = { parent, key, line: 0, column: 0 };
    if (typeof value === 'string') return { kind: 'string', ...place, value };
    if (typeof value === 'number') return { kind: 'number', ...place, text: String(value) };
    if (typeof value === 'boolean') return { kind: 'boolean', ...place, value };
    if (typeof value !== 'object' || value === null) return { kind: 'null', ...place };
    if (depth === MAX_DEPTH) this.keys = NaN;
    if (Array.isArray(value)) {
      const items: JsonValue[] = [];
      const node: JsonArray = { kind: 'array', ...place, items };
      if (depth < MAX_DEPTH)
        for (const item of value) items.push(this.value(item, node, items.length, depth + 1));
      return node;
    }
    const members = new Map<string, JsonMember>();
    const node: JsonObject = { kind: 'object', ...place, members };
    if (depth < MAX_DEPTH)
      for (const [name, item] of Object.entries(value)) this.#member(node, members, name, item, depth);
    return node;
  }

  #member(
    node: JsonObject,
    members: Map<string, JsonMember>,
    name: string,
    item: unknown,
    depth: number,
  ): void {
    // Objects have keys that are numbers in another order than the text.
    if (name.length > MAX_KEY || /^\d/.test(name)) this.keys = NaN;
    this.keys++;
    members.set(name, {
      key: { parent: node, key: name, line: 0, column: 0 },
      value: this.value(item, node, name, depth + 1),
    });
  }
}

/**
 * Reads one JSON text with the position of each value. Keys that stand twice in an object are reported to `findings`.
 *
 * Throws ProfileError at the first fault of syntax (`json-syntax`) and beyond MAX_DEPTH (`too-deep`), MAX_VALUES
 * (`too-many-values`) and MAX_KEY (`key-too-long`).
 */
export function readExactly(text: string, file: string, findings: Findings): JsonValue {
  const document: JsonDocument = { kind: 'document', file };
  type Container =
    | { readonly node: JsonObject; readonly members: Map<string, JsonMember> }
    | { readonly node: JsonArray; readonly items: JsonValue[] };
  const open: Container[] = [];
  let root: JsonValue | undefined;
  let pending: Placed | undefined;
  let count = 0;

  const fail = (code: Code, line: number, column: number, message: string, remedy?: string): never => {
    const around = pending ?? open.at(-1)?.node;
    const at = {
      file,
      line: line + 1,
      column: column + 1,
      pointer: around === undefined ? '' : pointerOf(around),
    };
    throw new ProfileError([
      { code, severity: 'error', message, at, ...(remedy !== undefined && { remedy }) },
    ]);
  };

  const placed = (line: number, column: number): Placed => {
    if (++count > MAX_VALUES)
      fail('too-many-values', line, column, `the text has more than ${MAX_VALUES} values`);
    const container = open.at(-1);
    return {
      parent: container?.node ?? document,
      key:
        container === undefined
          ? ''
          : hasOwn(container, 'items')
            ? container.items.length
            : (pending?.key ?? ''),
      line: line + 1,
      column: column + 1,
    };
  };

  const add = (value: JsonValue): void => {
    const container = open.at(-1);
    if (container === undefined) root = value;
    else if (hasOwn(container, 'items')) container.items.push(value);
    else if (pending !== undefined) container.members.set(String(pending.key), { key: pending, value });
    pending = undefined;
  };

  const begin = (line: number, column: number, container: Container): void => {
    if (open.length === MAX_DEPTH)
      fail('too-deep', line, column, `values are nested more than ${MAX_DEPTH} deep`);
    add(container.node);
    open.push(container);
  };

  visit(
    text,
    {
      onObjectBegin(_offset, _length, line, column) {
        const members = new Map<string, JsonMember>();
        begin(line, column, { node: { kind: 'object', ...placed(line, column), members }, members });
      },
      onArrayBegin(_offset, _length, line, column) {
        const items: JsonValue[] = [];
        begin(line, column, { node: { kind: 'array', ...placed(line, column), items }, items });
      },
      onObjectEnd: () => void open.pop(),
      onArrayEnd: () => void open.pop(),
      onObjectProperty(name, _offset, _length, line, column) {
        if (name.length > MAX_KEY)
          fail('key-too-long', line, column, `a key is longer than ${MAX_KEY} characters`);
        const container = open.at(-1);
        if (container === undefined || hasOwn(container, 'items')) return;
        pending = { parent: container.node, key: name, line: line + 1, column: column + 1 };
        const earlier = container.members.get(name);
        if (earlier !== undefined) reportDuplicate(earlier.key, pending, findings);
      },
      onLiteralValue(value: unknown, offset, length, line, column) {
        const node = placed(line, column);
        if (typeof value === 'string') add({ kind: 'string', ...node, value });
        else if (typeof value === 'number')
          add({ kind: 'number', ...node, text: text.slice(offset, offset + length) });
        else if (typeof value === 'boolean') add({ kind: 'boolean', ...node, value });
        else add({ kind: 'null', ...node });
      },
      onError(error, offset, length, line, column) {
        fail(
          'json-syntax',
          line,
          column,
          ...syntaxError(error, text.slice(0, offset), text.slice(offset, offset + length)),
        );
      },
    },
    { disallowComments: true },
  );
  if (root === undefined) throw new Error('unreachable: jsonc-parser reports an empty text');
  return root;
}

/** Reports a key that stands twice in one object, naming both places. */
export function reportDuplicate(first: Placed, second: Placed, findings: Findings): void {
  findings.error(
    'duplicate-key',
    locate(second),
    `the key ${quote(String(second.key))} is here and at ${place(locate(first))}`,
    'Keep one: parsers differ in which one they use',
  );
}
