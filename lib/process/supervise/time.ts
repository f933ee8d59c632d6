// Checks options that are times.
import { badOption } from '../../util/options.js';

/** The maximum delay of Node's timers; larger values count as 1 ms. */
const MAX_TIME = 2 ** 31 - 1;
/** The maximum for options in seconds. */
export const MAX_SECONDS = Math.floor(MAX_TIME / 1000);

/** Throws UsageError (`bad-option`) unless the value is absent or a positive number of milliseconds. */
export function checkTime(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value > 0 && value <= MAX_TIME)) return;
  throw badOption(name, value, `Pass milliseconds, up to ${MAX_TIME}`);
}
