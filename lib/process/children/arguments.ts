// The two shapes of a call: with a list of arguments before the options, or without.
import { UsageError } from '../../errors.js';
import { ownElements } from '../../own.js';

/** Arguments, each read once, and options, which are not read here. Throws UsageError (`bad-option`) where there are no options. */
export function argumentsOf<Options extends object>(
  second: readonly string[] | Options,
  third: Options | undefined,
): readonly [args: readonly string[], options: Options] {
  const isList = Array.isArray(second);
  const options: unknown = third ?? (isList ? undefined : second);
  if (typeof options !== 'object' || options === null) {
    throw new UsageError(
      'bad-option',
      'there is no profile',
      'Give an object with a profile as the last argument',
    );
  }
  // What they hold is checked by whom it is for.
  return [isList ? ownElements(second as readonly string[]) : [], options as Options];
}
