// The cost of a filter for each system call of a process, measured by a C program.
import { run } from '../run.mjs';
import { buildProgram } from './build.mjs';
import { filterFiles } from './filter-files.mjs';
import { blocks, factor, figure, spread, table } from './format.mjs';
import { differences, ratios, summarize } from './statistics.mjs';

export const title = 'System calls';

const BARE = 'no filter';

/** The kinds of calls in the order of call-cost.c, with what each must return under the filters. */
const KINDS = [
  { name: 'allowed by number: `getppid()`', expected: result => result > 0 },
  { name: 'allowed by argument: `personality(0xffffffff)`', expected: result => result >= 0 },
  { name: 'refused: `keyctl(…)`', expected: result => result === -1 },
];

export function measure({ quick }) {
  const files = { [BARE]: '-', ...filterFiles() };
  const names = Object.keys(files);
  const [rounds, loops, calls] = quick ? [3, 5, 5000] : [25, 15, 20_000];
  const args = [rounds, loops, calls, ...Object.values(files)].map(String);
  const lines = run(buildProgram('call-cost'), args).trim().split('\n');
  /** @type {Record<string, number[][]>} */
  const samples = Object.fromEntries(names.map(name => [name, KINDS.map(() => [])]));
  lines.forEach((line, index) => {
    const name = names[index % names.length];
    const numbers = line.split(' ').map(Number);
    KINDS.forEach(({ name: kind, expected }, place) => {
      const [ns, result] = numbers.slice(2 * place);
      if (name !== BARE && !expected(result)) throw new Error(`${kind} returned ${result} under ${name}`);
      samples[name][place].push(ns);
    });
  });
  return KINDS.map(({ name: kind }, place) => ({
    kind,
    rows: names.map(name => ({
      name,
      ns: summarize(samples[name][place]),
      more: name === BARE ? undefined : differences(samples[name][place], samples[BARE][place]),
      ratio: name === BARE ? undefined : ratios(samples[name][place], samples[BARE][place]),
    })),
  }));
}

export const render = data =>
  blocks(
    `Nanoseconds of one call, measured in loops of a C program, in a child for each filter. The profile covers the 32-bit ABIs too. Calls that
are allowed by number come from the kernel's cache, with any program. A refused call is not executed; its time without a filter is that of
a call that fails by itself.`,
    ...data.map(({ kind, rows }) =>
      blocks(
        `**${kind}**`,
        table(
          ['Filter', 'ns, median (quartiles)', 'More than none, ns', 'Ratio to none'],
          rows.map(({ name, ns, more, ratio }) => [
            name,
            spread(ns),
            more === undefined ? '—' : figure(more.median),
            factor(ratio),
          ]),
        ),
      ),
    ),
  );
