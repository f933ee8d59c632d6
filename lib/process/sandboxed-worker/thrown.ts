// Errors that cross from one process to another with their class, name, stack, code and whatever else can be cloned.
import { inspect } from 'node:util';
import { pack, unpack, type Packed } from './clone.js';

/** Classes of the language by name; an error of another is made one of the nearest. */
const CLASSES = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** Characters of a text of an error that arrive. */
const MAX_TEXT = 64 * 1024;
const MAX_NAME = 256;

/** What is packed. Made by hand: errors that Node passes on from its threads are not errors to V8. */
type Thrown =
  | readonly [isError: false, value: unknown]
  | readonly [
      isError: true,
      nearest: unknown,
      message: unknown,
      name: unknown,
      stack: unknown,
      own: Readonly<Record<string, unknown>>,
    ];

/** Takes anything that can be thrown. */
export function packThrown(thrown: unknown): Packed {
  if (!(thrown instanceof Error)) {
    return pack([false, isCloneable(thrown) ? thrown : inspect(thrown)] satisfies Thrown);
  }
  const nearest =
    Object.keys(CLASSES).findLast(name => thrown instanceof CLASSES[name as keyof typeof CLASSES]) ?? '';
  const own = Object.fromEntries(Object.entries(thrown).filter(([, value]) => isCloneable(value)));
  const stack = bounded(thrown.stack, MAX_TEXT);
  return pack([
    true,
    nearest,
    bounded(thrown.message, MAX_TEXT),
    bounded(thrown.name, MAX_NAME),
    stack,
    own,
  ] satisfies Thrown);
}

/**
 * What was thrown, again. An error is of one of the classes of the language, with a message, a name and a stack that are
 * strings, and with own properties that are data and hide nothing that errors inherit. A `code` has to be a number or to
 * look like one of Node's (`ENOENT`, `ERR_…`): those of this package do not, and cannot be forged.
 * Throws for bytes that are not a packed error or value.
 */
export function unpackThrown(packed: Packed): unknown {
  const parts: unknown = unpack(packed);
  if (!isThrown(parts)) throw new TypeError('the worker did not send an error');
  if (!parts[0]) return parts[1];
  const [, nearest, message, name, stack, own] = parts;
  const Class = new Map<unknown, ErrorConstructor>(Object.entries(CLASSES)).get(nearest) ?? Error;
  const error = new Class(bounded(message, MAX_TEXT));
  const define = (key: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
  };
  if (error.name !== name) define('name', bounded(name, MAX_NAME), false);
  define('stack', bounded(stack, MAX_TEXT), false);
  for (const [key, value] of Object.entries(own)) {
    // Among them __proto__, constructor and toString.
    if (Reflect.has(error, key) || (key === 'code' && !isCode(value))) continue;
    define(key, value, true);
  }
  return error;
}

const isThrown = (parts: unknown): parts is Thrown =>
  Array.isArray(parts) &&
  ((parts.length === 2 && parts[0] === false) ||
    (parts.length === 6 && parts[0] === true && typeof parts[5] === 'object' && parts[5] !== null));

const isCode = (code: unknown): boolean =>
  typeof code === 'number' || (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code));

/** A text of at most so many characters; '' for anything that is not a text. */
const bounded = (text: unknown, length: number): string =>
  typeof text === 'string' ? text.slice(0, length) : '';

function isCloneable(value: unknown): boolean {
  try {
    pack(value);
    return true;
  } catch {
    return false;
  }
}
