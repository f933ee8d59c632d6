// Errors that cross from one process to another with their class, name, stack, code and whatever else can be cloned.
import { inspect } from 'node:util';
import { pack, unpack } from './clone.js';
import type { Thrown } from './messages.js';
import { owned } from '../../own.js';

/** Classes of the language by name; an error of another is made one of the nearest. */
const CLASSES = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** What is told of an error. Made by hand: those that Node passes on from its threads are no errors to V8. */
interface ErrorParts {
  readonly nearest: string;
  readonly message: string;
  readonly name: string;
  readonly stack: string;
  readonly own: Readonly<Record<string, unknown>>;
}

/** Takes anything that can be thrown. */
export function packThrown(thrown: unknown): Thrown {
  if (!(thrown instanceof Error)) {
    return { isError: false, value: pack(isCloneable(thrown) ? thrown : inspect(thrown)) };
  }
  const cloneable = Object.entries(thrown).filter(([, value]) => isCloneable(value));
  const parts: ErrorParts = {
    nearest:
      Object.keys(CLASSES).findLast(name => thrown instanceof CLASSES[name as keyof typeof CLASSES]) ?? '',
    message: thrown.message,
    name: thrown.name,
    stack: thrown.stack ?? '',
    own: Object.fromEntries(cloneable),
  };
  return { isError: true, value: pack(parts) };
}

/** What was thrown, again. Throws for bytes that are none. */
export function unpackThrown({ isError, value }: Thrown): unknown {
  const thrown = unpack(value);
  if (!isError) return thrown;
  const { nearest, message, name, stack, own } = owned(Object(thrown) as Partial<ErrorParts>);
  const Class = new Map<string, ErrorConstructor>(Object.entries(CLASSES)).get(String(nearest)) ?? Error;
  const error = new Class(String(message));
  const hidden = { enumerable: false, writable: true, configurable: true };
  if (error.name !== name) Object.defineProperty(error, 'name', { ...hidden, value: String(name) });
  Object.defineProperty(error, 'stack', { ...hidden, value: String(stack) });
  return Object.assign(error, own);
}

function isCloneable(value: unknown): boolean {
  try {
    pack(value);
    return true;
  } catch {
    return false;
  }
}
