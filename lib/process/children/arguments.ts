// Reads the arguments of functions that accept a list of arguments before the options, or only options.
import type { UsageError } from '../../util/errors.js';
import { badArgument } from '../../util/failures.js';
import { ownElements } from '../../util/own-elements.js';
import { badOption, optionError } from '../../util/options.js';

/**
 * The list of arguments, each read once, and the options, which are not read here. Numbers become text, as in Node.
 * Throws UsageError: `bad-option` if there are no options, `bad-argument` for arguments that are not a list.
 */
export function argumentsOf<Options extends object>(
  second: readonly string[] | Options,
  third: Options | undefined,
): readonly [args: readonly string[], options: Options] {
  const isList = Array.isArray(second);
  if (third !== undefined && !isList && (second as unknown) !== undefined && (second as unknown) !== null) {
    throw badArgument('args', second, 'Pass a list before the options: [argument, …]');
  }
  const options: unknown = third ?? (isList ? undefined : second);
  if (options === undefined || options === null) throw noProfile();
  if (typeof options !== 'object' || Array.isArray(options))
    throw badOption('options', options, 'Pass an object with a profile');
  // The callee checks the items.
  return [isList ? ownElements(second as readonly unknown[]).map(textOf) : [], options as Options];
}

/** The error for a child without a profile, which would not be confined. */
export const noProfile = (): UsageError =>
  optionError(
    'the option profile is missing',
    "Pass it in the options, after the arguments: { profile: 'docker-default' }",
  );

/** Values that are not strings or numbers are checked with the arguments of the command. */
const textOf = (word: unknown): string => (typeof word === 'number' ? String(word) : (word as string));

/**
 * Throws UsageError (`bad-argument`) for strings that exec(2) does not accept: the arguments of a command, and other
 * strings by name.
 */
export function checkWords(args: readonly unknown[], others: Readonly<Record<string, unknown>>): void {
  for (const [what, word] of Object.entries(others)) if (!isWord(word)) throw badWord(what, word);
  const index = args.findIndex(word => !isWord(word));
  if (index >= 0) throw badWord(`argument ${index} of the command`, args[index]);
}

const isWord = (word: unknown): boolean => typeof word === 'string' && !word.includes('\0');

const badWord = (what: string, word: unknown): UsageError =>
  badArgument(what, word, 'Pass a string without NUL');
