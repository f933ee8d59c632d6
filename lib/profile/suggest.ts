// How messages about a profile quote its text and suggest what was meant.
import { closest } from '../policy/closest.js';

const MAX_QUOTED = 80;

/** Text from a profile as it may stand in a message: quoted, control characters escaped, cut when long. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);

/** A remedy that names the closest candidate; otherwise what is given, or nothing. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  otherwise?: string,
): string | undefined {
  const candidate = closest(word, candidates);
  return candidate === undefined ? otherwise : `Did you mean ${quote(candidate)}?`;
}
