// Converts an object back to JSON text, so that one reader serves texts and objects and every finding has a line.
import type { Code } from '../util/codes.js';
import { ProfileError, SeccompError } from '../util/errors.js';
import { MAX_BYTES, MAX_DEPTH } from './json.js';
import { own } from '../util/own.js';

const fail = (code: Code, pointer: string, message: string, remedy: string): never => {
  throw new ProfileError([
    { code, severity: 'error', message: pointer === '' ? message : `${message} at ${pointer}`, remedy },
  ]);
};

/**
 * The JSON text of a value, indented by two spaces. It differs from JSON.stringify for values that that would lose:
 * bigints are written exactly, and values that JSON cannot hold, including undefined, are errors.
 *
 * Throws ProfileError: `not-json` (functions, symbols, Maps, NaN, …), `unsafe-number` (integers beyond 2^53 - 1),
 * `too-deep` (also for cycles), `profile-too-large`, `unreadable-object` (a getter or proxy that throws).
 */
export function objectText(value: unknown): string {
  const parts: string[] = [];
  let length = 0;

  const write = (part: string): void => {
    length += part.length;
    if (length > MAX_BYTES) {
      fail(
        'profile-too-large',
        '',
        `the object is larger than ${MAX_BYTES} bytes of JSON`,
        'A profile has a few kilobytes',
      );
    }
    parts.push(part);
  };

  const writeAll = (
    open: string,
    close: string,
    pointer: string,
    depth: number,
    entries: Iterable<[string, string, unknown]>,
  ): void => {
    if (depth === MAX_DEPTH) {
      fail(
        'too-deep',
        '',
        `values are nested more than ${MAX_DEPTH} deep`,
        'Perhaps the object contains itself',
      );
    }
    const indent = `\n${'  '.repeat(depth)}`;
    write(open);
    let empty = true;
    for (const [key, label, item] of entries) {
      write(`${empty ? '' : ','}${indent}  ${label}`);
      writeValue(item, `${pointer}/${key}`, depth + 1);
      empty = false;
    }
    write(empty ? close : `${indent}${close}`);
  };

  const writeValue = (item: unknown, pointer: string, depth: number): void => {
    if (item === null || typeof item === 'string' || typeof item === 'boolean')
      return write(JSON.stringify(item));
    if (typeof item === 'bigint') return write(String(item));
    if (typeof item === 'number' && Number.isFinite(item)) {
      if (Number.isInteger(item) && !Number.isSafeInteger(item)) {
        fail('unsafe-number', pointer, `the number ${item} may have been rounded`, 'Pass it as a bigint');
      }
      return write(JSON.stringify(item));
    }
    if (Array.isArray(item)) return writeAll('[', ']', pointer, depth, elements(item));
    if (!isPlain(item)) {
      fail('not-json', pointer, `${describe(item)} cannot be expressed in JSON`, remedyFor(item, pointer));
    }
    writeAll('{', '}', pointer, depth, members(item as Readonly<Record<string, unknown>>));
  };

  try {
    writeValue(value, '', 0);
  } catch (error) {
    if (error instanceof SeccompError) throw error;
    fail('unreadable-object', '', 'reading the object failed', 'A getter or a proxy in it throws');
  }
  return parts.join('');
}

function* elements(array: readonly unknown[]): Generator<[string, string, unknown]> {
  const { length } = array;
  for (let index = 0; index < length; index++) yield [String(index), '', own(array, index) ?? null];
}

function* members(object: Readonly<Record<string, unknown>>): Generator<[string, string, unknown]> {
  for (const key of Object.keys(object)) {
    const item = own(object, key);
    // A key whose value is lost must not look absent: its conditions would be lost too.
    yield [key, `${JSON.stringify(key)}: `, item];
  }
}

/** Whether an object has only own data. An instance of a class may have more. */
function isPlain(item: unknown): boolean {
  if (Object.prototype.toString.call(item) !== '[object Object]') return false;
  const prototype: unknown = Object.getPrototypeOf(item);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function remedyFor(item: unknown, pointer: string): string {
  if (item === undefined) return 'Leave the key out';
  return pointer === '' && describe(item) === INSTANCE
    ? 'Pass a plain object; a Filter is already compiled, for load, explain and lintProgram'
    : 'Pass plain objects, arrays, strings and numbers';
}

const INSTANCE = 'an instance of a class';

function describe(value: unknown): string {
  switch (typeof value) {
    case 'object': {
      const kind = Object.prototype.toString.call(value).slice(8, -1);
      return kind === 'Object' ? INSTANCE : kind;
    }
    case 'number':
    case 'undefined':
      return String(value);
    default:
      return `a ${typeof value}`;
  }
}
