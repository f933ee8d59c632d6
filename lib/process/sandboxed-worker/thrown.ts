// Sends errors from one process to another with their class, name, stack, code and all other properties that can be
// cloned.
import { inspect } from 'node:util';
import { pack, unpack, type Packed } from './clone.js';

/** The built-in error classes by name. An error of another class becomes one of its nearest base. */
const CLASSES = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** The maximum length of a text of an error. */
const MAX_TEXT = 64 * 1024;
const MAX_NAME = 256;

/** The packed data. Built by hand, because V8 does not treat errors that Node passes on from its threads as errors. */
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

/** Packs any thrown value. */
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
 * Unpacks a thrown value. An error has one of the built-in classes, with strings as message, name and stack, and with
 * own data properties that do not shadow inherited ones. A `code` must be a number or look like one of Node's (`ENOENT`,
 * `ERR_…`), so that codes of this package cannot be forged. Throws for bytes that are not a packed error or value.
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
    // These include __proto__, constructor and toString.
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

/** A text of limited length; '' for anything that is not a text. */
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
