// A value of any type as it may stand in a message, also one that cannot be made a string.
import { util } from './builtins.js';

/** On one line, short, and without running any code of the value. */
export const show = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : util().inspect(value, {
        breakLength: Infinity,
        compact: true,
        customInspect: false,
        depth: 1,
        maxArrayLength: 5,
        maxStringLength: 80,
      });
