// Compares the package's lists with Node: by a full measurement, or by single runs under filters made from the lists.
import * as committed from '../../dist/kernel/calls/base-calls.js';
import { inLab, inParallel, nodes, requireStrace, runOnce } from './lab.mjs';
import { allowOnly, trappedIn } from './measure.mjs';
import { PROGRAMS } from './programs.mjs';
import { baseCalls, summarize } from './summary.mjs';

/** A program that runs for more milliseconds hangs. Generous, because the machine may be busy. */
const PATIENCE = 60_000;

/** The calls of a new measurement that the committed lists lack. Longer lists pass: docs/node-base-calls.md says why. */
export function missingFromCommitted(measured) {
  const { fatal, threads, needed } = summarize(measured);
  const lacks = (name, calls, known) =>
    calls.filter(call => !known.includes(call)).map(call => `${name}: ${call}`);
  return [
    ...lacks('BASE_CALLS', baseCalls(fatal), committed.BASE_CALLS),
    ...lacks('THREAD_CALLS', threads, committed.THREAD_CALLS),
    ...Object.entries(needed).flatMap(([activity, calls]) => {
      const known = [...committed.NEEDED_CALLS.base, ...(committed.NEEDED_CALLS[activity] ?? [])];
      return lacks(`NEEDED_CALLS.${activity}`, calls, known);
    }),
  ];
}

/** The calls that the package lists for an activity. */
const listed = activity =>
  new Set([...committed.NEEDED_CALLS.base, ...(committed.NEEDED_CALLS[activity] ?? [])]);

/**
 * Runs every program once on every Node, under a filter that allows the calls listed for its activity and kills the
 * process on any other. Returns the failures, each with the call that the list lacks.
 */
export async function failuresUnderLists() {
  requireStrace();
  return inLab(PATIENCE, async lab => {
    const runs = nodes().flatMap(node => PROGRAMS.map(program => ({ node, program })));
    const failures = await inParallel(runs, run => failureOf(lab, run));
    return { runs: runs.length, failures: failures.filter(failure => failure !== undefined) };
  });
}

async function failureOf(lab, { node, program }) {
  const calls = listed(program.activity);
  const profile = allowOnly(calls, 'SCMP_ACT_KILL_PROCESS');
  const { outcome, detail } = await runOnce(lab, node, program, { profile });
  if (outcome === 'ok') return undefined;
  const trapped = await trappedIn(lab, node, program, calls);
  const lack = trapped === undefined ? '' : `, which lacks ${trapped}`;
  return `Node ${node.version}, ${program.name}: ${detail} under NEEDED_CALLS.${program.activity}${lack}`;
}
