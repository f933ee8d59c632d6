// Builds the fuzzers of native/fuzz and runs them. Usage: node scripts/fuzz.mjs [TARGET...] [--seconds N]
// Additions to the corpus are kept in build/fuzz/corpus, failing inputs in build/fuzz/found.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from './command-line.mjs';
import { installPackages, missingPackages } from './debian-packages.mjs';
import { inRoot, root } from './files.mjs';
import { run } from './run.mjs';

const build = inRoot('build/fuzz');

/** The required commands and files, with their Debian packages. */
export const NEEDS = {
  cmake: 'cmake',
  make: 'make',
  clang: 'clang',
  '/usr/share/doc/libclang-rt-dev': 'libclang-rt-dev',
};

/** Targets in which libseccomp leaks memory: rules that it cannot merge. This package's memory is freed by its owners. */
const LEAKY = ['compile_table', 'context'];

/** Names of all targets. */
export const fuzzTargets = () =>
  readdirSync(inRoot('native/fuzz'))
    .filter(name => name.endsWith('.cc'))
    .map(name => name.slice(0, -'.cc'.length))
    .sort();

/** Configures the build of all targets. Returns its folder, which has compile_commands.json. */
export function configureFuzzers() {
  installPackages(missingPackages(NEEDS));
  const compilers = ['-DCMAKE_C_COMPILER=clang', '-DCMAKE_CXX_COMPILER=clang++'];
  const options = ['-DSECCOMP_FUZZ=ON', '-DSECCOMP_SANITIZE=address,undefined', '-DCMAKE_UNITY_BUILD=ON'];
  run('cmake', ['-S', root, '-B', build, ...compilers, ...options]);
  return build;
}

/** Compiles every target with the sanitizers. */
export function buildFuzzers() {
  configureFuzzers();
  run('cmake', ['--build', build, '--parallel', '2']);
}

/**
 * Runs a target for some seconds. Returns the result: the number of runs, how many edges of the code and features of
 * libFuzzer the corpus reaches, and in `found` the inputs that failed in this run.
 */
export function fuzz(target, seconds) {
  const [corpus, found] = ['corpus', 'found'].map(name => join(build, name, target));
  for (const directory of [corpus, found]) mkdirSync(directory, { recursive: true });
  const before = new Set(readdirSync(found));
  // The corpus of the repository is last, so libFuzzer reads it but does not write to it.
  const { status, signal, stderr } = spawnSync(
    join(build, `fuzz-${target}`),
    [
      `-max_total_time=${seconds}`,
      '-timeout=25',
      '-rss_limit_mb=4096',
      '-print_final_stats=1',
      `-artifact_prefix=${found}/`,
      corpus,
      inRoot('native/fuzz/corpus', target),
    ],
    {
      cwd: root,
      // The sanitizer's own option also applies at the end of the process.
      env: { ...process.env, ASAN_OPTIONS: `detect_leaks=${LEAKY.includes(target) ? 0 : 1}` },
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const [, executions = '0'] = /number_of_executed_units:\s*(\d+)/.exec(stderr) ?? [];
  // The last line of progress has the final coverage of the corpus.
  const [, edges = '0', features = '0'] = [...stderr.matchAll(/ cov: (\d+) ft: (\d+) /g)].at(-1) ?? [];
  return {
    target,
    seconds,
    executions: Number(executions),
    edges: Number(edges),
    features: Number(features),
    failed: status !== 0,
    found: readdirSync(found)
      .filter(name => !before.has(name))
      .map(name => `build/fuzz/found/${target}/${name}`),
    report: status === 0 ? '' : `${target} ended with ${signal ?? `exit ${status}`}\n${stderr.slice(-8000)}`,
  };
}

if (import.meta.filename === process.argv[1]) {
  const known = fuzzTargets();
  const { operands, values } = commandLine(`npm run fuzz -- [${known.join('|')}]... [--seconds N]`, {
    options: { seconds: { type: 'string', default: '60' } },
    count: [0, Infinity],
    known,
  });
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1) {
    console.error(`--seconds ${values.seconds}: must be a whole number from 1 on`);
    process.exit(2);
  }
  buildFuzzers();
  for (const target of operands.length === 0 ? known : operands) {
    const { report, ...result } = fuzz(target, seconds);
    if (result.failed) console.error(report);
    console.log(JSON.stringify(result));
    if (result.failed) process.exitCode = 1;
  }
}
