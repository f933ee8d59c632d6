// The measurement: which calls programs make, which suffice, and which are fatal to refuse.
import { inLab, inParallel, nodes, requireStrace, runOnce } from './lab.mjs';
import { ACTIVITIES, luck, PROGRAMS, programsOf } from './programs.mjs';
import { isFatal, STARTING, summarize } from './summary.mjs';

/** How often each program runs in each phase: often enough for calls that depend on thread timing. */
export const RUNS = 3;
/** A program that runs for more milliseconds hangs; on an idle machine each ends within a second. */
export const PATIENCE = 20_000;
export const EPERM = 1;
const ENOSYS = 38;

/** Single calls to refuse with an errno: the results decide how a profile should answer these calls. */
export const QUESTIONS = [
  { call: 'clone3', errno: EPERM, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'clone3', errno: ENOSYS, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'clone3', errno: EPERM, program: 'fs async', asks: 'thread pool started before the load' },
  { call: 'clone3', errno: EPERM, program: 'worker', asks: 'new Worker' },
  { call: 'clone3', errno: ENOSYS, program: 'worker', asks: 'new Worker' },
  { call: 'io_uring_enter', errno: EPERM, program: 'timers', asks: 'idle event loop' },
  { call: 'io_uring_enter', errno: ENOSYS, program: 'timers', asks: 'idle event loop' },
  { call: 'io_uring_setup', errno: EPERM, program: 'worker', asks: 'new Worker' },
  { call: 'io_uring_setup', errno: EPERM, program: 'timers', asks: 'idle event loop' },
  { call: 'rseq', errno: EPERM, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'rseq', errno: ENOSYS, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'brk', errno: ENOSYS, program: 'collector', asks: 'garbage collection' },
  { call: 'set_robust_list', errno: EPERM, program: 'pool', asks: 'first use of the thread pool' },
  { call: 'getrandom', errno: EPERM, program: 'crypto', asks: 'random bytes' },
  { call: 'statx', errno: EPERM, program: 'import', asks: 'late import' },
  { call: 'pkey_mprotect', errno: EPERM, program: 'wasm', asks: 'WebAssembly' },
];

/**
 * A profile that allows only these calls.
 * @param {Iterable<string>} names
 * @param {string} defaultAction
 * @param {number} [defaultErrnoRet]
 */
export const allowOnly = (names, defaultAction, defaultErrnoRet) => ({
  defaultAction,
  defaultErrnoRet,
  syscalls: [{ names: [...names], action: 'SCMP_ACT_ALLOW' }],
});
const refuse = (name, errnoRet) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: [name], action: 'SCMP_ACT_ERRNO', errnoRet }],
});

/** Traces the calls that the programs of an activity make after the load. */
async function traceActivity(lab, node, activity) {
  const runs = programsOf(activity).flatMap(program => Array.from({ length: RUNS }, () => program));
  const calls = new Set();
  for (const { name, result } of await inParallel(runs, async program => ({
    name: program.name,
    result: await runOnce(lab, node, program, { traced: true }),
  }))) {
    if (result.outcome !== 'ok')
      throw new Error(`Node ${node.version}, ${name}, unfiltered: ${result.detail}`);
    for (const call of result.calls?.names ?? []) calls.add(call);
  }
  return calls;
}

/** The call outside a list that a program makes, or undefined if it now makes none. A trap names it, a kill does not. */
export async function trappedIn(lab, node, program, calls) {
  const profile = allowOnly(calls, 'SCMP_ACT_TRAP');
  return (await runOnce(lab, node, program, { profile, traced: true })).calls?.trapped;
}

/**
 * Proves that a list suffices: every program of the activity runs under a filter that kills the process on any other
 * call. If a call was missing from the traces, a trap finds it, it is added, and the proof starts again.
 */
async function proveNeeded(lab, node, activity, calls) {
  const runs = programsOf(activity).flatMap(program => Array.from({ length: RUNS }, () => program));
  let last = '';
  for (let attempt = 0; attempt < 20; attempt++) {
    const profile = allowOnly(calls, 'SCMP_ACT_KILL_PROCESS');
    const results = await inParallel(runs, async program => ({
      program,
      result: await runOnce(lab, node, program, { profile }),
    }));
    const failed = results.find(({ result }) => result.outcome !== 'ok');
    if (failed === undefined) return;
    const where = `Node ${node.version}, ${failed.program.name}, list of ${activity}`;
    last = `${where}: ${failed.result.detail}`;
    for (let again = 0; again < 10; again++) {
      const trapped = await trappedIn(lab, node, failed.program, calls);
      if (trapped === undefined) continue;
      if (calls.has(trapped)) throw new Error(`${where}: killed on ${trapped}, which is allowed`);
      report(`${where}: found ${trapped} only under the filter`);
      calls.add(trapped);
      break;
    }
  }
  throw new Error(`the list does not settle: ${last}`);
}

/** The outcomes of an activity's programs if one call fails with EPERM and all others are allowed. */
async function refuseEach(lab, node, activity, calls) {
  const verdicts = await inParallel([...calls].sort(), async call => {
    let worst = { outcome: 'ok', program: '', detail: '' };
    for (let run = 0; run < RUNS; run++) {
      for (const program of programsOf(activity)) {
        const result = await runOnce(lab, node, program, { profile: refuse(call, EPERM) });
        if (result.outcome === 'fatal') return [call, { ...result, program: program.name }];
        if (result.outcome === 'wrong' && worst.outcome === 'ok')
          worst = { ...result, program: program.name };
      }
    }
    return [call, worst];
  });
  return new Map(verdicts);
}

/** Whether the base programs survive if only the fatal calls are allowed. */
async function proveFatal(lab, node, fatal) {
  const profile = allowOnly(fatal, 'SCMP_ACT_ERRNO', EPERM);
  const runs = programsOf('base').flatMap(program => Array.from({ length: RUNS }, () => program));
  const results = await inParallel(runs, async program => ({
    program,
    result: await runOnce(lab, node, program, { profile }),
  }));
  return results
    .filter(({ result }) => result.outcome === 'fatal')
    .map(({ program, result }) => `${program.name} ${result.detail}`);
}

async function ask(lab, node, { call, errno, program: name }) {
  const program = PROGRAMS.find(candidate => candidate.name === name);
  if (program === undefined) throw new Error(`no program ${name}`);
  let worst = 'continues';
  for (let run = 0; run < RUNS; run++) {
    const result = await runOnce(lab, node, program, { profile: refuse(call, errno) });
    if (result.outcome !== 'ok') worst = result.detail;
  }
  return worst;
}

function report(line) {
  console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

/** Measures everything that the lists and the page contain. */
export async function measure() {
  const strace = requireStrace();
  const versions = nodes();
  const measured = { strace, versions, needed: {}, verdicts: {}, pool: {}, survives: {}, answers: {} };
  await inLab(PATIENCE, async lab => {
    for (const node of versions) await measureNode(lab, node, measured);
    // The union over all versions: whether a thread is still starting at the load depends on timing.
    const { fatal, threads } = summarize(measured);
    for (const node of versions) {
      measured.survives[node.major] = await proveFatal(lab, node, [...fatal, ...threads]);
      report(
        `Node ${node.version}: with these alone ${measured.survives[node.major].join('; ') || 'continues'}`,
      );
    }
  });
  return measured;
}

async function measureNode(lab, node, measured) {
  const needed = {};
  for (const activity of Object.keys(ACTIVITIES)) {
    const calls = new Set([
      ...(needed.base ?? []),
      ...luck(activity, node.major),
      ...(await traceActivity(lab, node, activity)),
    ]);
    await proveNeeded(lab, node, activity, calls);
    needed[activity] = calls;
    report(`Node ${node.version}: ${activity} needs ${calls.size} calls`);
  }
  measured.needed[node.major] = needed;
  measured.verdicts[node.major] = await refuseEach(lab, node, 'base', needed.base);
  const fatal = [...measured.verdicts[node.major]].filter(([, verdict]) => isFatal(verdict));
  report(`Node ${node.version}: fatal ${fatal.map(([call]) => call).join(' ')}`);
  const known = new Set(fatal.map(([call]) => call));
  const rest = [...needed.pool, 'rseq'].filter(call => !known.has(call) || STARTING.includes(call));
  measured.pool[node.major] = await refuseEach(lab, node, 'pool', new Set(rest));
  measured.answers[node.major] = await inParallel(QUESTIONS, question => ask(lab, node, question));
}
