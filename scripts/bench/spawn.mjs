// What it costs to start a child under a filter: beside a plain spawn, from the call to the exit event.
import { spawn as plainSpawn, spawnSync as plainSpawnSync } from 'node:child_process';
import { once } from 'node:events';
import { compile, spawn, spawnSync } from '../../dist/index.js';
import { blocks, factor, spread, table } from './format.mjs';
import { profileText } from './input.mjs';
import { interleave, ratios, summarize } from './statistics.mjs';

export const title = 'Starting children';

const COMMAND = '/bin/true';

export async function measure({ quick }) {
  const profile = compile(profileText);
  const subjects = {
    spawn: {
      plain: () => timed(() => plainSpawn(COMMAND, [], { stdio: 'ignore' })),
      ours: () => timed(() => spawn(COMMAND, [], { stdio: 'ignore', profile })),
    },
    spawnSync: {
      plain: () => timedSync(() => plainSpawnSync(COMMAND, [], { stdio: 'ignore' })),
      ours: () => timedSync(() => spawnSync(COMMAND, [], { stdio: 'ignore', profile })),
    },
  };
  const rounds = quick ? { rounds: 20, warmUp: 3 } : { rounds: 500, warmUp: 20 };
  const data = [];
  for (const [name, pair] of Object.entries(subjects)) {
    const { plain, ours } = await interleave(pair, rounds);
    data.push({ name, plain: summarize(plain), ours: summarize(ours), ratio: ratios(ours, plain) });
  }
  return data;
}

/** Milliseconds to the exit event. */
async function timed(start) {
  const begin = process.hrtime.bigint();
  const [code, signal] = await once(start(), 'exit');
  const ms = Number(process.hrtime.bigint() - begin) / 1e6;
  if (code !== 0) throw new Error(`${COMMAND} ended with ${signal ?? code}`);
  return ms;
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
    `\`${COMMAND}\` under the profile, from the call to its end, beside node:child_process without one. The profile is compiled
once, before. What is more is a second execve, that of the launcher, and the kernel's work on the program.`,
    table(
      ['Function', 'node:child_process, ms, median (quartiles)', 'Under the profile, ms', 'Ratio'],
      data.map(({ name, plain, ours, ratio }) => [`\`${name}\``, spread(plain), spread(ours), factor(ratio)]),
    ),
  );
