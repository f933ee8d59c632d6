// Merges recordings of runs, programs or machines. Neither order nor grouping matters.
import { groupBy } from '../util/collections.js';
import { ownElements } from '../util/own-elements.js';
import { tooManyCalls } from './build.js';
import {
  addCounts,
  byText,
  byValue,
  callKey,
  checkedRecording,
  LIMITS,
  sealRecording,
  type RecordedArgument,
  type RecordedCall,
  type Recording,
  type RecordingSource,
} from './recording.js';

/**
 * Merges recordings to one of all runs. Merging is associative and commutative, so recordings can be merged in any
 * order; it is not idempotent: a recording that is merged twice counts twice. Without recordings the result has no runs.
 *
 * Throws UsageError (`not-a-recording`) for values that are not recordings, and RecordingError (`recording-too-large`)
 * for more than 16,384 different calls.
 */
export const mergeRecordings = (...recordings: readonly Recording[]): Recording => mergeAll(recordings);

/** Merges a list of recordings, which may be longer than a list of arguments. */
export function mergeAll(recordings: readonly Recording[]): Recording {
  const all = ownElements(recordings).map(checkedRecording);
  const calls = groupBy(
    all.flatMap(recording => recording.calls),
    callKey,
  );
  if (calls.size > LIMITS.calls) throw tooManyCalls();
  return sealRecording({
    runs: all.reduce((sum, { runs }) => addCounts(sum, runs), 0),
    sources: mergeSources(all.flatMap(({ sources }) => sources)),
    calls: [...calls].sort(([a], [b]) => byText(a, b)).map(([, group]) => group.reduce(mergeCalls)),
  });
}

function mergeCalls(a: RecordedCall, b: RecordedCall): RecordedCall {
  const programs = [...new Set([...a.programs, ...b.programs])].sort(byText);
  return {
    ...a,
    count: addCounts(a.count, b.count),
    atLeast: a.atLeast || b.atLeast,
    runs: addCounts(a.runs, b.runs),
    unavailable: addCounts(a.unavailable, b.unavailable),
    programs: programs.slice(0, LIMITS.programs),
    morePrograms: a.morePrograms || b.morePrograms || programs.length > LIMITS.programs,
    args: [...groupBy([...a.args, ...b.args], ({ index }) => index).values()]
      .map(([first, second]): RecordedArgument => {
        if (first === undefined) throw new Error('unreachable: a group has an item');
        // Values that one of them does not know are unknown in the result.
        return second === undefined ? { ...first, unknown: true } : mergeArguments(first, second);
      })
      .sort((x, y) => x.index - y.index),
  };
}

/** Merges the values of an argument from two sources. */
export function mergeArguments(a: RecordedArgument, b: RecordedArgument): RecordedArgument {
  const all = [...new Set([...a.values, ...b.values])].sort(byValue);
  const more = a.more || b.more || all.length > LIMITS.values;
  return {
    index: a.index,
    values: more ? [] : all,
    bits: a.bits | b.bits,
    more,
    unknown: a.unknown || b.unknown,
  };
}

/**
 * Merges sources that differ only in counts. Sources beyond the limit sort after all that are kept, so that none of
 * them can reappear in a later merge.
 */
function mergeSources(sources: readonly RecordingSource[]): readonly RecordingSource[] {
  return [...groupBy(sources, sourceKey)]
    .sort(([a], [b]) => byText(a, b))
    .slice(0, LIMITS.sources)
    .map(([, group]) =>
      group.reduce((a, b) => ({
        ...a,
        runs: addCounts(a.runs, b.runs),
        lost: addCounts(a.lost, b.lost),
        skipped: addCounts(a.skipped, b.skipped),
      })),
    );
}

/** A key that is equal for sources that differ only in counts. */
const sourceKey = ({ how, arch, kernel, libc, command }: RecordingSource): string =>
  JSON.stringify([how, arch, kernel, libc, command]);
