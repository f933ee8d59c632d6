// What report-only adds to the time of a command: where every call is reported, where few are, and what strace adds.
import { spawn as plainSpawn, spawnSync } from 'node:child_process';
import { compile, spawn } from '../../dist/entries/index.js';
import { blocks, factor, spread, table } from './format.mjs';
import { profileText } from './input.mjs';
import { interleave, ratios, summarize, timeToExit } from './statistics.mjs';

export const title = 'Report-only';

/** @type {Record<string, [file: string, args: string[]]>} */
const COMMANDS = {
  'ls -lR': ['ls', ['-lR', 'node_modules/typescript', 'node_modules/@types']],
  'a shell with 50 pipelines': ['sh', ['-c', 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); true | true; done']],
};

export async function measure({ quick }) {
  const nothing = compile({ defaultAction: 'SCMP_ACT_ERRNO' });
  const profile = compile(profileText);
  const strace = spawnSync('strace', ['-V']).status === 0;
  const rounds = quick ? { rounds: 5, warmUp: 1 } : { rounds: 40, warmUp: 3 };
  const data = [];
  for (const [name, [file, args]] of Object.entries(COMMANDS)) {
    const reported = what =>
      timeToExit(() =>
        spawn(file, args, { stdio: 'ignore', profile: what, reportOnly: true, onViolation: () => undefined }),
      );
    const { plain, ...others } = await interleave(
      {
        plain: () => timeToExit(() => plainSpawn(file, args, { stdio: 'ignore' })),
        few: () => reported(profile),
        every: () => reported(nothing),
        ...(strace && {
          strace: () =>
            timeToExit(() =>
              plainSpawn('strace', ['-f', '-o', '/dev/null', file, ...args], { stdio: 'ignore' }),
            ),
        }),
      },
      rounds,
    );
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

const NAMES = {
  few: 'report-only, `docker-default`',
  every: 'report-only, a profile that allows nothing',
  strace: '`strace -f -o /dev/null`',
};

export const render = data =>
  blocks(
    `The time of a command, in comparison with the same command without a profile. Under \`docker-default\` no call of these commands stops. Under a profile
that allows nothing, each call does, which is the maximum cost of [report-only](report-only.md).`,
    table(
      ['Command', 'How', 'ms, median (quartiles)', 'Ratio to plain'],
      data.flatMap(({ name, plain, subjects }) => [
        [name, 'plain', spread(plain), ''],
        ...subjects.map(({ subject, cost, ratio }) => [name, NAMES[subject], spread(cost), factor(ratio)]),
      ]),
    ),
  );
