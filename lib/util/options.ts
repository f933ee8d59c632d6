// The one place that reads options: each once, only own properties, and unknown names are errors.
import { UsageError } from './errors.js';
import type { Own } from './own.js';
import { show } from './show.js';

/** The error for options that are invalid together or as a whole. */
export const optionError = (message: string, remedy?: string): UsageError =>
  new UsageError('bad-option', message, remedy);

/** The error for an invalid option. */
export const badOption = (option: string, value: unknown, remedy: string): UsageError =>
  optionError(`${option} cannot be ${show(value)}`, remedy);

/** Throws UsageError (`bad-option`) unless the value is undefined or one of the choices. */
export function oneOf(option: string, value: unknown, choices: readonly unknown[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw badOption(option, value, `Choose one of: ${choices.join(', ')}`);
}

/**
 * Reads a caller's options into a frozen object without a prototype that has each of these names, with undefined for
 * options that are not given. Each getter or proxy is called once, here, and its errors are passed on.
 *
 * Throws UsageError (`bad-option`) unless the options are an object with no other keys, and `flags` are booleans. It
 * also throws for an option that is inherited from a class or another object, because that would have no effect.
 * Properties of Object.prototype are ignored.
 */
export function ownOptions<Options extends object>(
  options: Options,
  names: readonly string[],
  flags: readonly string[] = [],
): Own<Options> {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw badOption('options', given, 'Pass an object');
  }
  const known = flags.length === 0 ? names : [...names, ...flags];
  const read = emptyOptions(known);
  for (const name of Reflect.ownKeys(given)) {
    if (typeof name === 'symbol') continue;
    if (!known.includes(name)) {
      throw optionError(
        `there is no option ${show(name)}`,
        ELSEWHERE.get(name) ?? `The options are: ${[...new Set(known)].join(', ')}`,
      );
    }
    const value: unknown = Reflect.get(given, name);
    if (flags.includes(name)) oneOf(name, value, [true, false]);
    read[name] = value;
  }
  refuseInherited(given, known);
  return Object.freeze(read) as Own<Options>;
}

/** Reads only the options with these names, as `ownOptions` does; others are ignored. */
export function pickOptions<Options extends object, Name extends keyof Options & string>(
  options: Options,
  names: readonly Name[],
): { readonly [Picked in Name]: Options[Picked] | undefined } {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    throw badOption('options', given, 'Pass an object');
  }
  const read = emptyOptions(names);
  for (const name of names) if (Object.hasOwn(given, name)) read[name] = Reflect.get(given, name);
  refuseInherited(given, names);
  return Object.freeze(read) as { readonly [Picked in Name]: Options[Picked] | undefined };
}

/**
 * The options with these names that are given, without a prototype, for callees that distinguish undefined from absent.
 */
export function givenOptions<Options extends object>(
  options: object,
  names: readonly string[],
): Partial<Options> {
  const given = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && names.includes(name)) given[name] = value;
  return given as Partial<Options>;
}

function emptyOptions(names: readonly string[]): Record<string, unknown> {
  const empty: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const name of names) empty[name] = undefined;
  return empty;
}

function refuseInherited(options: object, names: readonly string[]): void {
  for (
    let prototype: unknown = Reflect.getPrototypeOf(options);
    typeof prototype === 'object' && prototype !== null && !isRoot(prototype);
    prototype = Reflect.getPrototypeOf(prototype)
  ) {
    for (const name of names) {
      if (!Object.hasOwn(prototype, name) || Object.hasOwn(options, name)) continue;
      throw optionError(
        `the option ${name} is inherited, but only own properties are read`,
        'Copy it: { ...defaults, ...options }',
      );
    }
  }
}

/** Whether this is Object.prototype, also that of another realm. */
const isRoot = (prototype: object): boolean =>
  prototype === Object.prototype ||
  (Reflect.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'));

/** Options that only other functions accept, and why. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  [
    'reportOnly',
    'Pass it to applyProfile, fork, spawn, execFile or supervise, with onViolation: only another process can allow a call that a filter refuses',
  ],
]);
