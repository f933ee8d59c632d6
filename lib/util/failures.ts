// Short forms for errors that many places throw or catch.
import { ConversionError, type SeccompError } from './errors.js';

/** The error for what the format of the result has no words for. */
export const notExpressible = (message: string, remedy?: string): ConversionError =>
  new ConversionError('not-expressible', message, remedy);

/** The message of an error without its remedy. */
export const reasonOf = ({ message, remedy }: SeccompError): string =>
  remedy === undefined ? message : message.slice(0, -`. ${remedy}`.length);

/** What a function returns, or what is made of an error of this class. */
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
