// Helpers for errors that many places throw or catch.
import { ConversionError, type SeccompError, UsageError } from './errors.js';
import { show } from './show.js';

/** The error for a policy that a format cannot express. */
export const notExpressible = (message: string, remedy?: string): ConversionError =>
  new ConversionError('not-expressible', message, remedy);

/** The error for an invalid argument. */
export const badArgument = (what: string, value: unknown, remedy: string): UsageError =>
  new UsageError('bad-argument', `${what} cannot be ${show(value)}`, remedy);

/** Throws UsageError (`bad-argument`) for an argument that is not a string. */
export function requireText(what: string, value: unknown, remedy = 'Pass a string'): void {
  if (typeof value !== 'string') throw badArgument(what, value, remedy);
}

/** Throws UsageError (`bad-argument`) for an argument that is not a list. */
export function requireList(what: string, value: unknown, remedy: string): void {
  if (!Array.isArray(value)) throw badArgument(what, value, remedy);
}

/**
 * Throws UsageError (`bad-argument`) unless the argument is an object with this property, as the result of another function is.
 */
export function requireResult(what: string, value: unknown, property: string, remedy: string): void {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, property))
    throw badArgument(what, value, remedy);
}

/** The message of an error without its remedy. */
export const reasonOf = ({ message, remedy }: SeccompError): string =>
  remedy === undefined ? message : message.slice(0, -`. ${remedy}`.length);

/** Returns the result of `run`, or that of `otherwise` if `run` throws an error of this class. */
export function attempt<Result, Caught extends Error, Other>(
  run: () => Result,
  kind: abstract new (...args: never[]) => Caught,
  otherwise: (error: Caught) => Other,
): Result | Other {
  try {
    return run();
  } catch (error) {
    if (error instanceof kind) return otherwise(error);
    throw error;
  }
}
