// The time of traced commands, compared with their time without tracing and under strace.
import { spawn } from 'node:child_process';
import { works } from './build.mjs';
import { factor, spread, table } from './format.mjs';
import { interleave, ratios, summarize, timeToExit } from './statistics.mjs';

/** @type {Record<string, [file: string, args: string[]]>} */
const COMMANDS = {
  'ls -lR': ['ls', ['-lR', 'node_modules/typescript', 'node_modules/@types']],
  'a shell with 50 pipelines': ['sh', ['-c', 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); true | true; done']],
};

export const hasStrace = () => works('strace', '-V');

export const timePlain = (file, args) => timeToExit(() => spawn(file, args, { stdio: 'ignore' }));

export const timeUnderStrace = (file, args) => timePlain('strace', ['-f', '-o', '/dev/null', file, ...args]);

/**
 * Times each command, plain and under each subject.
 * @param {(file: string, args: string[]) => Record<string, () => Promise<number>>} subjectsOf
 */
export async function compareCommands(subjectsOf, { quick }) {
  const rounds = quick ? { rounds: 5, warmUp: 1 } : { rounds: 40, warmUp: 3 };
  const data = [];
  for (const [name, [file, args]] of Object.entries(COMMANDS)) {
    const subjects = { plain: () => timePlain(file, args), ...subjectsOf(file, args) };
    const { plain, ...others } = await interleave(subjects, rounds);
    data.push({
      name,
      plain: summarize(plain),
      subjects: Object.entries(others).map(([subject, samples]) => ({
        subject,
        cost: summarize(samples),
        ratio: ratios(samples, plain),
      })),
    });
  }
  return data;
}

/** Formats the comparison as a table. `more` adds a column. */
export function comparedCommands(data, names, more) {
  const column = row => (more === undefined ? [] : [row]);
  return table(
    ['Command', 'How', 'ms, median (quartiles)', 'Ratio to plain', ...column(more?.title)],
    data.flatMap(({ name, plain, subjects }) => [
      [name, 'plain', spread(plain), '', ...column('')],
      ...subjects.map(({ subject, cost, ratio }) => [
        name,
        names[subject],
        spread(cost),
        factor(ratio),
        ...column(more?.of(name, subject)),
      ]),
    ]),
  );
}
