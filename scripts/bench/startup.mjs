// The whole way as a user meets it: from the start of a Node process to the filter in force, and to its end.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { programPath, scratch } from './build.mjs';
import { blocks, spread, table } from './format.mjs';
import { profilePath } from './input.mjs';
import { differences, interleave, summarize } from './statistics.mjs';

export const title = 'Process start';

const BARE = '`node -e`';

export async function measure({ quick }) {
  mkdirSync(scratch, { recursive: true });
  const program = join(scratch, 'docker-default.bpf');
  run([programPath('start-compile.mjs'), profilePath, program]);
  const subjects = {
    [BARE]: ['-e', 'process.stdout.write(String(process.hrtime.bigint()))'],
    'an empty module': [programPath('start-empty.mjs')],
    'a module that reads the compiled program': [programPath('start-read.mjs'), program],
    'a module that imports seccomp': [programPath('start-import.mjs')],
    'one that loads the compiled program (seccomp/load)': [programPath('start-load.mjs'), program],
    'one that applies the profile from JSON (seccomp/apply)': [programPath('start-apply.mjs'), profilePath],
  };
  const samples = await interleave(
    Object.fromEntries(Object.entries(subjects).map(([name, args]) => [name, () => run(args)])),
    quick ? { rounds: 3, warmUp: 1 } : { rounds: 60, warmUp: 5 },
  );
  const until = (name, moment) => samples[name].map(sample => sample[moment]);
  return Object.keys(subjects).map(name => ({
    name,
    there: summarize(until(name, 'there')),
    more: name === BARE ? undefined : differences(until(name, 'there'), until(BARE, 'there')),
    end: summarize(until(name, 'end')),
  }));
}

/** Milliseconds from spawn to what the program says, and to its exit. Each ends with an error unless its filter is in force. */
function run(args) {
  const start = process.hrtime.bigint();
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const end = process.hrtime.bigint();
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${signal ?? status}: ${stderr}`);
  // All processes read the same clock.
  return { there: Number(BigInt(stdout) - start) / 1e6, end: Number(end - start) / 1e6 };
}

export const render = data =>
  blocks(
    `Milliseconds of whole processes, started in turn: from their start until they are where their line says, and until
they have ended. The two last are there when all threads are under the filter, and check that they are; everything is cold,
as it is in use: the files, the parser, the generator and the proof. Until its end a process that has compiled waits longer
than others, for what the engine was optimising in the background.`,
    table(
      ['Process', 'Until there', 'More than bare', 'Until its end'],
      data.map(({ name, there, more, end }) => [
        name,
        spread(there),
        more === undefined ? '—' : spread(more),
        spread(end),
      ]),
    ),
  );
