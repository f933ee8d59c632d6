// What recording by perf events adds to the time of a command, beside what strace adds. As root.
import { spawn as plainSpawn, spawnSync } from 'node:child_process';
import { record } from '../../dist/entries/index.js';
import { blocks, factor, spread, table } from './format.mjs';
import { interleave, ratios, summarize, timeToExit } from './statistics.mjs';

export const title = 'Recording by perf events';

/** @type {Record<string, [file: string, args: string[]]>} */
const COMMANDS = {
  'ls -lR': ['ls', ['-lR', 'node_modules/typescript', 'node_modules/@types']],
  'a shell with 50 pipelines': ['sh', ['-c', 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); true | true; done']],
};

/** Whether this process may. */
async function works() {
  try {
    await record('true', { by: 'perf', stdio: 'ignore' }).recording;
    return true;
  } catch {
    return false;
  }
}

export async function measure({ quick }) {
  if (!(await works()) || spawnSync('strace', ['-V']).status !== 0) return [];
  const rounds = quick ? { rounds: 5, warmUp: 1 } : { rounds: 40, warmUp: 3 };
  const data = [];
  for (const [name, [file, args]] of Object.entries(COMMANDS)) {
    let lost = 0;
    const recorded = async () => {
      /** @type {ReturnType<typeof record>['recording'] | undefined} */
      let recording;
      const time = await timeToExit(() => {
        const started = record(file, args, { stdio: 'ignore', by: 'perf' });
        recording = started.recording;
        return started.child;
      });
      for (const source of (await recording)?.sources ?? []) lost += source.lost;
      return time;
    };
    const { plain, ...others } = await interleave(
      {
        plain: () => timeToExit(() => plainSpawn(file, args, { stdio: 'ignore' })),
        perf: recorded,
        strace: () =>
          timeToExit(() =>
            plainSpawn('strace', ['-f', '-o', '/dev/null', file, ...args], { stdio: 'ignore' }),
          ),
      },
      rounds,
    );
    data.push({
      name,
      lost,
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

const NAMES = { perf: '`record` by perf events', strace: '`strace -f -o /dev/null`' };

export const render = data =>
  blocks(
    'The time of a command, as root, in comparison with the same command without recording. The difference is the start of the recorder, and the time in which the kernel writes events.',
    table(
      ['Command', 'How', 'ms, median (quartiles)', 'Ratio to plain', 'Lost calls'],
      data.flatMap(({ name, lost, plain, subjects }) => [
        [name, 'plain', spread(plain), '', ''],
        ...subjects.map(({ subject, cost, ratio }) => [
          name,
          NAMES[subject],
          spread(cost),
          factor(ratio),
          subject === 'perf' ? String(lost) : '',
        ]),
      ]),
    ),
  );
