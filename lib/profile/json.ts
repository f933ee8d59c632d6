// The values of a JSON text without any loss: exact numbers, and the line, column and pointer of every key and value.
import type { Location } from '../util/errors.js';
import { type Findings, place } from './findings.js';
import { quote } from '../util/suggest.js';

/** Bytes in the text of a profile. Docker's default has 13,470. */
export const MAX_BYTES = 16 * 1024 * 1024;
/** Containers in containers, the outermost included. Real profiles need seven. */
export const MAX_DEPTH = 64;
/** Values in a document, so that 16 MiB of `[]` do not become gigabytes of objects. */
export const MAX_VALUES = 500_000;
/** UTF-16 units in a key, which pointers repeat. */
export const MAX_KEY = 1024;

/** Stands above the outermost value and names the file. */
export interface JsonDocument {
  readonly kind: 'document';
  readonly file: string;
}

/** A value or a key. */
export interface Placed {
  readonly parent: JsonObject | JsonArray | JsonDocument;
  /** Key or index in the parent. */
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
  /** Its JSON pointer, which those of its values begin with. */
  readonly pointer: string;
  readonly members: ReadonlyMap<string, JsonMember>;
}

export interface JsonArray extends Placed {
  readonly kind: 'array';
  /** Its JSON pointer, which those of its items begin with. */
  readonly pointer: string;
  readonly items: readonly JsonValue[];
}

export interface JsonString extends Placed {
  readonly kind: 'string';
  readonly value: string;
}

interface JsonNumber extends Placed {
  readonly kind: 'number';
  /** As it is written. */
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

/** A value as JSON.parse gives it. */
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
