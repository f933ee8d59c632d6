// Did-you-mean: the name that was probably meant by a misspelt one.
import { createRequire } from 'node:module';
import type * as Levenshtein from 'fastest-levenshtein';

/** Words longer than this are no slips of the finger, and take long to compare. */
const MAX_WORD = 80;

/** Needed where there are mistakes alone, and thus loaded by the first one. */
const levenshtein = (): typeof Levenshtein =>
  createRequire(import.meta.url)('fastest-levenshtein') as typeof Levenshtein;

/** What people leave out of names. */
const PREFIX = /^(?:scmp_(?:act|arch|cmp)|cap|seccomp_filter_flag)_/;

/**
 * The candidate that was probably meant: the closest one, with or without its prefix (`ALLOW` for `SCMP_ACT_ALLOW`),
 * within a third of the length of the word. Upper and lower case count as equal. Undefined where nothing is close.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_WORD) return undefined;
  const { distance } = levenshtein();
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
