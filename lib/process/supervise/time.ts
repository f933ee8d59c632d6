// Checks options that are times.
import { badOption } from '../../util/options.js';

/** What a timer of Node's can hold: it takes more for 1 ms. */
const MAX_TIME = 2 ** 31 - 1;

/** Throws UsageError (`bad-option`) for what is neither absent nor a positive number of milliseconds. */
export function checkTime(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value > 0 && value <= MAX_TIME)) return;
  throw badOption(name, value, `Pass milliseconds, up to ${MAX_TIME}`);
}
