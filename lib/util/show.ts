// Formats values of any type for messages, including values that cannot be converted to a string.
import { inspect } from './builtins.js';

/** `1 layer`, `2 layers`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Formats a value on one line, shortened, without running any code of the value. */
export const show = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : (inspect()?.(value, {
        breakLength: Infinity,
        compact: true,
        customInspect: false,
        depth: 1,
        maxArrayLength: 5,
        maxStringLength: 80,
      }) ?? kindOf(value));

/** For environments without util.inspect. */
const kindOf = (value: unknown): string =>
  ['object', 'function', 'symbol'].includes(typeof value) && value !== null
    ? `a value of type ${typeof value}`
    : `${value as number}`;
