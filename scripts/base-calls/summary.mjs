// Summarizes a measurement over all versions of Node.
import { ACTIVITIES } from './programs.mjs';

/** Calls of a thread that is starting. A late thread makes them after the load, so the thread pool is measured for them. */
export const STARTING = ['clone3', 'rseq', 'set_robust_list'];

const union = sets => [...new Set(sets.flatMap(set => [...set]))].sort();
export const isFatal = verdict => verdict?.outcome === 'fatal';

/** The results over all versions: calls `fatal` to refuse, those fatal for new `threads`, and those `needed` by activity. */
export function summarize({ needed, verdicts, pool }) {
  const fatalIn = table =>
    union(Object.values(table).map(map => [...map.keys()].filter(call => isFatal(map.get(call)))));
  const fatal = fatalIn(verdicts).filter(call => !STARTING.includes(call));
  const threads = fatalIn(pool).filter(call => !fatal.includes(call));
  const always = union(Object.values(needed).map(activities => activities.base));
  const byActivity = Object.keys(ACTIVITIES).map(activity => {
    const calls = union(Object.values(needed).map(activities => activities[activity]));
    return [activity, activity === 'base' ? calls : calls.filter(call => !always.includes(call))];
  });
  return { fatal, threads, needed: Object.fromEntries(byActivity) };
}

/** The exported list, without the calls on live io_uring rings: the package checks whether a process has rings. */
export const baseCalls = fatal => fatal.filter(call => !call.startsWith('io_uring_'));
