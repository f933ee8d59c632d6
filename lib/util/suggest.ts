// Suggests names close to a misspelt one, and quotes foreign text in messages.
import { distance } from 'fastest-levenshtein';

const MAX_QUOTED = 80;

/** Formats text from a profile for messages: quoted, with control characters escaped, truncated if it is long. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);

/** Prefixes that people leave out in profiles. */
const PREFIX = /^(?:scmp_(?:act|arch|cmp)|cap|seccomp_filter_flag)_/;

/**
 * The candidate that was probably meant: the closest one, with or without its prefix (`ALLOW` for `SCMP_ACT_ALLOW`),
 * within a third of the word's length. Ignores case. Undefined if nothing is close.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_QUOTED) return undefined;
  const folded = word.toLowerCase();
  let best: string | undefined;
  let least = Math.ceil(word.length / 3) + 1;
  for (const candidate of candidates) {
    const whole = candidate.toLowerCase();
    for (const other of new Set([whole, whole.replace(PREFIX, '')])) {
      if (Math.abs(other.length - folded.length) >= least) continue;
      const apart = distance(folded, other);
      if (apart < least) [best, least] = [candidate, apart];
    }
  }
  return best;
}

/** A remedy that suggests the closest candidate; otherwise the given remedy. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  otherwise?: string,
): string | undefined {
  const candidate = closest(word, candidates);
  return candidate === undefined ? otherwise : `Did you mean ${quote(candidate)}?`;
}
