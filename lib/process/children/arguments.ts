// The two shapes of a call: with a list of arguments before the options, or without.

/** Arguments and options. What is no list is taken for options, which are checked later. */
export const argumentsOf = <Options>(
  second: readonly string[] | Options,
  third: Options | undefined,
): readonly [args: readonly string[], options: Options] =>
  Array.isArray(second)
    ? [second as readonly string[], third as Options]
    : [[], (third ?? second) as Options];
