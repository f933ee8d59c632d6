// The whole way as a user meets it: from the start of a Node process to its end under the filter.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { programPath, scratch } from './build.mjs';
import { blocks, spread, table } from './format.mjs';
import { profilePath } from './input.mjs';
import { differences, interleave, summarize } from './statistics.mjs';

export const title = 'Process start';

const BARE = '`node -e 0`';

export async function measure({ quick }) {
  mkdirSync(scratch, { recursive: true });
  const program = join(scratch, 'docker-default.bpf');
  run([programPath('start-compile.mjs'), profilePath, program]);
  const subjects = {
    [BARE]: ['-e', '0'],
    'an empty module': [programPath('start-empty.mjs')],
    'a module that imports seccomp': [programPath('start-import.mjs')],
    'one that loads a compiled program (seccomp/load)': [programPath('start-load.mjs'), program],
    'one that applies the profile from JSON (seccomp/apply)': [programPath('start-apply.mjs'), profilePath],
  };
  const samples = await interleave(
    Object.fromEntries(Object.entries(subjects).map(([name, args]) => [name, () => run(args)])),
    quick ? { rounds: 3, warmUp: 1 } : { rounds: 60, warmUp: 5 },
  );
  return Object.entries(samples).map(([name, own]) => ({
    name,
    ms: summarize(own),
    more: name === BARE ? undefined : differences(own, samples[BARE]),
  }));
}

/** Milliseconds from spawn to exit. Each program ends with an error unless its filter is in force. */
function run(args) {
  const start = process.hrtime.bigint();
  const { status, signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${signal ?? status}: ${stderr}`);
  return ms;
}

export const render = data =>
  blocks(
    `Wall time of whole processes, started in turn. The two last programs end with all threads under the filter and check
that they are; everything is cold, as it is in use: the files, the parser, the generator and the proof.`,
    table(
      ['Process', 'ms, median (quartiles)', 'More than bare, ms'],
      data.map(({ name, ms, more }) => [name, spread(ms), more === undefined ? '—' : spread(more)]),
    ),
  );
