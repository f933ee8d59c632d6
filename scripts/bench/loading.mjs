// The time that seccomp(2) takes to load a program: the kernel checks it, translates it, and runs it once for each number
// to fill its cache.
import { run } from '../run.mjs';
import { buildProgram } from './build.mjs';
import { filterFiles } from './filter-files.mjs';
import { blocks, comparison } from './format.mjs';
import { compareWith } from './statistics.mjs';

export const title = 'Loading';

export function measure({ quick }) {
  const files = filterFiles();
  const args = [quick ? 20 : 500, ...Object.values(files)].map(String);
  const lines = run(buildProgram('load-time'), args).trim().split('\n');
  const rounds = lines.map(line => line.split(' ').map(ns => Number(ns) / 1000));
  const names = Object.keys(files);
  const samples = names.map((name, index) => [name, rounds.map(round => round[index])]);
  return compareWith(names[0], Object.fromEntries(samples));
}

export const render = data =>
  blocks(
    `Microseconds of the call seccomp(2), in a new child for each load. The kernel checks and translates the program and then runs it for every
number, to find the calls that it can allow from its cache.`,
    comparison(['Program', 'µs, median (quartiles)', 'Ratio to ours'], data),
  );
