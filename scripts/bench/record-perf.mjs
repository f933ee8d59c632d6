// The time that recording by perf events adds to a command, compared with strace. Needs root.
import { record } from '../../dist/entries/index.js';
import { compareCommands, comparedCommands, hasStrace, timeUnderStrace } from './compare-commands.mjs';
import { blocks } from './format.mjs';
import { timeToExit } from './statistics.mjs';

export const title = 'Recording by perf events';

/** Whether this process may record by perf events. */
async function works() {
  try {
    await record('true', { by: 'perf', stdio: 'ignore' }).recording;
    return true;
  } catch {
    return false;
  }
}

export async function measure(options) {
  if (!(await works()) || !hasStrace()) return [];
  const lost = [];
  const data = await compareCommands((file, args) => {
    const index = lost.push(0) - 1;
    return {
      perf: async () => {
        /** @type {ReturnType<typeof record>['recording'] | undefined} */
        let recording;
        const time = await timeToExit(() => {
          const started = record(file, args, { stdio: 'ignore', by: 'perf' });
          recording = started.recording;
          return started.child;
        });
        for (const source of (await recording)?.sources ?? []) lost[index] += source.lost;
        return time;
      },
      strace: () => timeUnderStrace(file, args),
    };
  }, options);
  return data.map((row, index) => ({ ...row, lost: lost[index] }));
}

const NAMES = { perf: '`record` by perf events', strace: '`strace -f -o /dev/null`' };

export const render = data =>
  blocks(
    'The time of a command, as root. The difference is the start of the recorder, and the time in which the kernel writes events.',
    comparedCommands(data, NAMES, {
      title: 'Lost calls',
      of: (command, subject) =>
        subject === 'perf' ? String(data.find(({ name }) => name === command)?.lost) : '',
    }),
  );
