// The output of `--explain`: the differences between a profile and the one that it was made from.
import { diff } from '../filter/inspect/diff.js';
import { formatDiff } from '../filter/inspect/format.js';
import type { Filter } from '../filter/filter.js';
import { printError, say } from './output.js';

/** Prints the differences in meaning to standard error. */
export function explainChanges(before: Filter, after: Filter): void {
  const changes = diff(before, after);
  if (changes.length === 0) say('nothing changes');
  else printError(formatDiff(changes));
}
