// JSON values without loss: exact numbers, and the line, column and pointer of every key and value.
import type { Location } from '../util/errors.js';
import { type Findings, place } from './findings.js';
import { quote } from '../util/suggest.js';

/** The maximum size of a profile in bytes. Docker's default has 13,470. */
export const MAX_BYTES = 16 * 1024 * 1024;
/** The maximum depth of nested containers, including the outermost. Real profiles need seven. */
export const MAX_DEPTH = 64;
/** The maximum number of values in a document, so that 16 MiB of `[]` do not become gigabytes of objects. */
export const MAX_VALUES = 500_000;
/** The maximum length of a key in UTF-16 units, because pointers repeat keys. */
export const MAX_KEY = 1024;

/** The parent of the outermost value; it names the file. */
export interface JsonDocument {
  readonly kind: 'document';
  readonly file: string;
}

/** A value or a key. */
export interface Placed {
  readonly parent: JsonObject | JsonArray | JsonDocument;
  /** The key or index in the parent. */
  readonly key: string | number;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

export interface JsonMember {
  readonly key: Placed;
  readonly value: JsonValue;
}

export interface JsonObject extends Placed {
  readonly kind: 'object';
  /** Its JSON pointer, the prefix of its values' pointers. */
  readonly pointer: string;
  readonly members: ReadonlyMap<string, JsonMember>;
}

export interface JsonArray extends Placed {
  readonly kind: 'array';
  /** Its JSON pointer, the prefix of its items' pointers. */
  readonly pointer: string;
  readonly items: readonly JsonValue[];
}

export interface JsonString extends Placed {
  readonly kind: 'string';
  readonly value: string;
}

interface JsonNumber extends Placed {
  readonly kind: 'number';
  /** The number as written in the text. */
  readonly text: string;
}

interface JsonBoolean extends Placed {
  readonly kind: 'boolean';
  readonly value: boolean;
}

interface JsonNull extends Placed {
  readonly kind: 'null';
}

export type JsonValue = JsonObject | JsonArray | JsonString | JsonNumber | JsonBoolean | JsonNull;

/** The value that JSON.parse would return. */
export function plainOf(value: JsonValue): unknown {
  switch (value.kind) {
    case 'object':
      return Object.fromEntries(Array.from(value.members, ([name, member]) => [name, plainOf(member.value)]));
    case 'array':
      return value.items.map(plainOf);
    case 'number':
      return Number(value.text);
    case 'null':
      return null;
    default:
      return value.value;
  }
}

/** The JSON pointer (RFC 6901) of a value or a key. */
export function pointerOf({ parent, key }: Pick<Placed, 'parent' | 'key'>): string {
  if (parent.kind === 'document') return '';
  const step =
    typeof key === 'string' && /[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
  return `${parent.pointer}/${step}`;
}

/** The position of a value or a key. */
export const locate = (node: Placed): Location =>
  Object.freeze({
    file: documentOf(node).file,
    line: node.line,
    column: node.column,
    pointer: pointerOf(node),
  });

function documentOf(node: Placed): JsonDocument {
  let { parent } = node;
  while (parent.kind !== 'document') parent = parent.parent;
  return parent;
}

/** Reports a duplicate key of an object, with both positions. */
export function reportDuplicate(first: Placed, second: Placed, findings: Findings): void {
  findings.error(
    'duplicate-key',
    locate(second),
    `the key ${quote(String(second.key))} is here and at ${place(locate(first))}`,
    'Keep one: parsers differ in which one they use',
  );
}
