// The cost of starting a child under a filter, isolated and not, compared with a plain spawn: from the call to the exit event.
import { spawn as plainSpawn, spawnSync as plainSpawnSync } from 'node:child_process';
import { compile, spawn, spawnSync } from '../../dist/entries/index.js';
import { blocks, factor, spread, table } from './format.mjs';
import { profileText } from './input.mjs';
import { interleave, ratios, summarize, timeToExit } from './statistics.mjs';

export const title = 'Starting children';

const COMMAND = '/bin/true';

export async function measure({ quick }) {
  const profile = compile(profileText);
  const subjects = {
    spawn: {
      plain: () => timeToExit(() => plainSpawn(COMMAND, [], { stdio: 'ignore' })),
      bare: () => timeToExit(() => spawn(COMMAND, [], { stdio: 'ignore', profile, isolation: 'none' })),
      ours: () => timeToExit(() => spawn(COMMAND, [], { stdio: 'ignore', profile })),
    },
    spawnSync: {
      plain: () => timedSync(() => plainSpawnSync(COMMAND, [], { stdio: 'ignore' })),
      bare: () => timedSync(() => spawnSync(COMMAND, [], { stdio: 'ignore', profile, isolation: 'none' })),
      ours: () => timedSync(() => spawnSync(COMMAND, [], { stdio: 'ignore', profile })),
    },
  };
  const rounds = quick ? { rounds: 20, warmUp: 3 } : { rounds: 500, warmUp: 20 };
  const data = [];
  for (const [name, pair] of Object.entries(subjects)) {
    const { plain, bare, ours } = await interleave(pair, rounds);
    data.push({
      name,
      plain: summarize(plain),
      bare: summarize(bare),
      bareRatio: ratios(bare, plain),
      ours: summarize(ours),
      ratio: ratios(ours, plain),
    });
  }
  return data;
}

function timedSync(start) {
  const begin = process.hrtime.bigint();
  const { status, signal, error } = start();
  const ms = Number(process.hrtime.bigint() - begin) / 1e6;
  if (status !== 0) throw error ?? new Error(`${COMMAND} ended with ${signal ?? status}`);
  return ms;
}

export const render = data =>
  blocks(
    `\`${COMMAND}\` under the profile, which was compiled before, from the function call until it has ended, in comparison with node:child_process
without a profile. The difference is a second execve, that of the launcher, and the kernel's work on the program; with isolation also on a
Landlock domain and a second, small program.`,
    table(
      [
        'Function',
        'node:child_process, ms, median (quartiles)',
        'Under the profile, `isolation: none`, ms',
        'Ratio',
        'Under the profile and isolated, ms',
        'Ratio',
      ],
      data.map(({ name, plain, bare, bareRatio, ours, ratio }) => [
        ...[`\`${name}\``, spread(plain), spread(bare), factor(bareRatio)],
        ...[spread(ours), factor(ratio)],
      ]),
    ),
  );
