// How many calls per second can be replayed: by a prepared simulator, by the interpreter, and by the policy itself.
import {
  compile,
  evaluate,
  interpret,
  resolveProfile,
  seccompData,
  simulator,
} from '../../dist/entries/inspect.js';
import { ABIS, syscallNumber } from '../../dist/entries/inspect.js';
import { blocks, comparison } from './format.mjs';
import { nativeArch, profileText } from './input.mjs';
import { compareWith, interleave, summarize, time } from './statistics.mjs';

export const title = 'Replaying calls';

/** The most frequent calls of a server, and calls whose action depends on their arguments. */
const MIXES = {
  'a server: 1 call of 12 depends on an argument': [
    ...['read', 'write', 'close', 'futex', 'epoll_pwait', 'mmap'],
    ...['openat', 'fstat', 'recvfrom', 'sendto', 'madvise', 'socket'],
  ],
  'every call depends on an argument': ['socket', 'personality', 'clone'],
};

const EVENTS = 4096;

/** Calls of a mix, with arguments that match the rules and arguments that do not. */
const eventsOf = names =>
  Array.from({ length: EVENTS }, (_, index) => ({
    arch: ABIS[nativeArch].audit,
    syscall: syscallNumber(nativeArch, names[index % names.length]),
    args: [BigInt(index % 50), 1n, 2n, 3n, 4n, 5n],
    instructionPointer: 0x7f0000000000n,
  }));

/** The reference of the comparison. */
const FASTEST = '`simulator`, words';

function subjects(policy, filter, events) {
  const words = events.map(event => seccompData(event));
  const { program } = filter;
  const stack = simulator([filter, filter, filter, filter]);
  const prepared = simulator(filter);
  return {
    [FASTEST]: () => words.forEach(prepared),
    '`simulator`, events': () => events.forEach(prepared),
    '`simulator` of four layers, words': () => words.forEach(stack),
    '`interpret`, words': () => words.forEach(data => interpret(program, data)),
    '`interpret`, events': () => events.forEach(event => interpret(program, seccompData(event))),
    '`evaluate`, events': () => events.forEach(event => evaluate(policy, event)),
  };
}

export async function measure({ quick }) {
  const plan = quick ? { rounds: 5, warmUp: 5 } : { rounds: 60, warmUp: 20 };
  const policy = resolveProfile(profileText);
  const filter = compile(policy);
  const results = [];
  for (const [mix, names] of Object.entries(MIXES)) {
    const events = eventsOf(names);
    check(policy, filter, events);
    const timed = Object.entries(subjects(policy, filter, events)).map(([name, replay]) => [
      name,
      () => time(replay),
    ]);
    const samples = await interleave(Object.fromEntries(timed), plan);
    const rows = compareWith(FASTEST, samples).map(({ name, ratio }) => ({
      name,
      value: summarize(samples[name].map(ms => EVENTS / 1000 / ms)),
      ratio,
    }));
    results.push({ mix, rows });
  }
  return results;
}

/** Checks that all of them return the same action. */
function check(policy, filter, events) {
  const prepared = simulator(filter);
  for (const event of events) {
    const expected = evaluate(policy, event);
    const answers = [
      prepared(event),
      prepared(seccompData(event)),
      interpret(filter.program, seccompData(event)).action,
    ];
    if (answers.some(answer => answer !== expected)) throw new Error(`call ${event.syscall} has two answers`);
  }
}

export const render = results =>
  blocks(
    `Millions of calls that are simulated in a second under the profile as it ships, from ${EVENTS} different calls, passed as
the words of \`struct seccomp_data\` or as events with bigints. \`simulator\` caches actions that depend only on the number, and runs
the program for the other calls. With a ratio above 1, \`simulator\` with words is faster.`,
    ...results.map(({ mix, rows }) =>
      blocks(
        `**${mix}**`,
        comparison(['How', 'Millions a second, median (quartiles)', 'Ratio of times'], rows),
      ),
    ),
  );
