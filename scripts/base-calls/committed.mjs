// Compares the lists that the package has with Node: a whole measurement, or single runs under filters made of them.
import * as committed from '../../dist/kernel/calls/base-calls.js';
import { inLab, inParallel, nodes, requireStrace, runOnce } from './lab.mjs';
import { allowOnly, trappedIn } from './measure.mjs';
import { PROGRAMS } from './programs.mjs';
import { baseCalls, summarize } from './summary.mjs';

/** Milliseconds after which a program hangs: much more than it ever takes, as the machine may have other things to do. */
const PATIENCE = 60_000;

/** What a new measurement has that the committed lists lack. Lists that hold more pass: see the page. */
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

/** The calls that the package says an activity needs. */
const listed = activity =>
  new Set([...committed.NEEDED_CALLS.base, ...(committed.NEEDED_CALLS[activity] ?? [])]);

/**
 * Runs every program once on every Node, under a filter that allows what the list of its activity has and kills the process
 * on anything else. Gives the failures, each with the call that the list lacks.
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
