// Checks of the options that callers give: a misspelt one must not quietly mean the default.
import { UsageError } from '../errors.js';
import { show } from '../show.js';

/** Throws UsageError (`bad-option`) for a value that an option does not know; undefined counts as not given. */
export function oneOf(option: string, value: unknown, choices: readonly unknown[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new UsageError(
    'bad-option',
    `${option} cannot be ${show(value)}`,
    `Choose one of: ${choices.join(', ')}`,
  );
}

/** Throws UsageError (`bad-option`) unless options are an object with these keys at most; `flags` must be booleans. */
export function checkOptions(
  options: unknown,
  names: readonly string[],
  flags: readonly string[] = [],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new UsageError('bad-option', `options cannot be ${show(options)}`, 'Give an object');
  }
  const known = [...names, ...flags];
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) {
      throw new UsageError(
        'bad-option',
        `there is no option ${show(name)}`,
        ELSEWHERE.get(name) ?? `The options are: ${known.join(', ')}`,
      );
    }
    if (flags.includes(name)) oneOf(name, value, [true, false]);
  }
}

/** Options that other functions have, and why these cannot. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  [
    'reportOnly',
    'Give it to spawn, execFile or supervise with onViolation: what a filter refuses can only be allowed from outside of it, by a process that is free to answer',
  ],
]);
