// Measures recordings and generated profiles on real programs, and writes docs/programs.md.
//   node scripts/measure-programs.mjs [--runs N] [--out FILE] [--json FILE] [--from JSON]... [PROGRAM...]
// --runs is 20 by default; --from reads a file of --json, so that programs can be measured one by one.
// Each program is recorded with one workload, also by strace, and started under its profile with other workloads: other
// input, errors, signals, a restart, another locale, more threads. As root, on Debian: apt-get install strace curl nginx-light
// redis-server redis-tools postgresql python3 git gcc libc6-dev imagemagick chromium sqlite3 npm; and FASTIFY=DIR, a folder with
// `npm install fastify`. Skips programs that are not installed.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROGRAMS } from './measured-programs.mjs';
import { isThere } from './debian-packages.mjs';
import { perform, reportedCalls, seccomp, sorted } from './perform-workload.mjs';
import { generateProfile, parseRecording, resolveProfile } from '../dist/entries/verbs.js';
import { ABIS, syscallsOf } from '../dist/kernel/abi.js';
import { mayPermit, outcome } from '../dist/policy/evaluate.js';
import { permits } from '../dist/kernel/action.js';

const ARCH = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
/** Whether this script is the program, and not imported by another one. */
const isStarted = import.meta.filename === process.argv[1];
const { values: options, positionals } = parseArgs({
  args: isStarted ? process.argv.slice(2) : [],
  allowPositionals: true,
  options: {
    runs: { type: 'string' },
    out: { type: 'string' },
    json: { type: 'string' },
    from: { type: 'string', multiple: true },
  },
});

const results = isStarted ? mkdtempSync(join(tmpdir(), 'seccomp-programs-')) : '';
if (isStarted) chmodSync(results, 0o777);
const files = [];
const fresh = name => {
  const path = join(results, `${files.length}-${name}`);
  files.push(path);
  return path;
};

const without = (a, b) => a.filter(name => !b.includes(name));

/** Excludes the call by which the kernel restarts an interrupted one, because runs differ in it. */
const isMade = name => name !== 'restart_syscall';

/** The names in a log of `strace -f`. */
const straceNames = log =>
  sorted([...log.matchAll(/^\d+ +(\w+)\(/gm)].map(([, name]) => name).filter(isMade));

/** The native calls that a profile allows: all, and those allowed only with certain arguments. */
function allowed(profile) {
  const policy = resolveProfile(profile, { arch: ARCH });
  const all = [];
  const byArguments = [];
  for (const [name, number] of syscallsOf(ARCH)) {
    const part = outcome(policy, ABIS[ARCH].audit, number);
    if (!mayPermit(part)) continue;
    all.push(name);
    if (!permits(part.otherwise) || part.rules.some(({ action }) => !permits(action))) byArguments.push(name);
  }
  return { all: all.sort(), byArguments: byArguments.sort() };
}

/** The part of the page that scripts/measure-programs-arm64.mjs has written. */
function elsewhere(path) {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const start = text.indexOf('\n## On arm64\n');
  return start < 0 ? '' : text.slice(start);
}

async function measure(program) {
  const [first, ...others] = program.workloads;
  const runs = Number(options.runs ?? 20);
  const expected = await Promise.resolve(perform(program, first));
  const recorded = [];
  const traced = [];
  const texts = [];
  let unchanged = 0;
  for (let run = 0; run < runs; run++) {
    const log = fresh('strace');
    await perform(program, first, argv => ['strace', '-f', '-qq', '-o', log, ...argv]);
    traced.push(straceNames(readFileSync(log, 'utf8')));
    const file = fresh('recording.json');
    const { outcome: seen, errors } = await perform(program, first, seccomp('record', '-o', file));
    if (!existsSync(file)) throw new Error(`${program.name} was not recorded: ${errors}`);
    texts.push(readFileSync(file, 'utf8'));
    recorded.push(
      sorted(
        parseRecording(texts.at(-1) ?? '')
          .calls.filter(({ abi }) => abi === ARCH)
          .map(({ syscall }) => syscall)
          .filter(isMade),
      ),
    );
    if (seen === expected.outcome) unchanged++;
    else console.error(`${program.name}: recorded ${seen}\n  and plain ${expected.outcome}`);
  }
  const everyTraced = sorted(traced.flat());
  const everyRecorded = sorted(recorded.flat());
  const always = traced[0].filter(name => traced.every(run => run.includes(name)));
  // Differences between runs are no errors of the recorder: a run agrees if it has the calls that strace always saw, and none
  // that strace never saw.
  const equal = recorded.filter(
    names => without(always, names).length === 0 && without(names, everyTraced).length === 0,
  ).length;
  const { profile, unseen } = generateProfile(texts.map(text => parseRecording(text)));
  const path = fresh('profile.json');
  writeFileSync(path, JSON.stringify(profile));
  // The method of most guides: the names from strace -c.
  const table = fresh('table');
  await perform(program, first, argv => ['strace', '-f', '-c', '-o', table, ...argv]);
  const plainNames = [
    ...readFileSync(table, 'utf8').matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +\d+ +(?:\d+ +)?(\w+)$/gm),
  ]
    .map(([, name]) => name)
    .filter(name => name !== 'total');
  const plainPath = fresh('plain.json');
  const plainProfile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: plainNames, action: 'SCMP_ACT_ALLOW' }],
  };
  writeFileSync(plainPath, JSON.stringify(plainProfile));
  const trials = [];
  for (const workload of [first, ...others]) {
    const wanted = (await perform(program, workload)).outcome;
    const report = fresh('report');
    const under = await perform(program, workload, seccomp('run', path));
    await perform(
      program,
      workload,
      seccomp('run', '--report-only', '--json', '--report-file', report, path),
    );
    const refused = reportedCalls(report);
    const plainUnder = await perform(program, workload, seccomp('run', plainPath));
    trials.push({
      why: workload.why ?? 'the recorded workload',
      works: under.outcome === wanted,
      refused,
      plainWorks: plainUnder.outcome === wanted,
    });
    if (under.outcome !== wanted)
      console.error(
        `${program.name}, ${workload.why}: under the profile ${under.outcome}\n  and plain ${wanted}\n${under.errors.slice(-2000)}`,
      );
  }
  const docker = allowed('docker-default');
  const ours = allowed(profile);
  return {
    name: program.name,
    runs,
    equal,
    unchanged,
    onlyTraced: without(everyTraced, everyRecorded),
    onlyRecorded: without(everyRecorded, everyTraced),
    seen: everyRecorded.length,
    unseen: unseen.filter(({ syscall }) => ours.all.includes(syscall)).length,
    allowed: ours.all.length,
    byArguments: ours.byArguments.length,
    beyondDocker: without(ours.all, docker.all),
    docker: docker.all.length,
    plain: allowed(plainProfile).all.length,
    needed: sorted([...everyRecorded]).filter(name =>
      ['setgid', 'exit', 'exit_group', 'unshare', 'setns'].includes(name),
    ),
    trials,
  };
}

if (isStarted) {
  const chosen = PROGRAMS.filter(({ name }) =>
    positionals.length === 0 ? options.from === undefined : positionals.includes(name),
  );
  const measured = (options.from ?? []).flatMap(file => JSON.parse(readFileSync(file, 'utf8')));
  try {
    for (const program of chosen) {
      const missing = program.needs.filter(name => !isThere(name));
      if (missing.length > 0) {
        console.error(`${program.name}: ${missing.join(', ')} is not there`);
        continue;
      }
      const started = Date.now();
      try {
        const result = await measure(program);
        measured.push(result);
        console.error(JSON.stringify(result));
      } catch (error) {
        console.error(`${program.name}: ${error.stack}`);
        process.exitCode = 1;
      }
      console.error(`${program.name}: ${Math.round((Date.now() - started) / 1000)} s`);
      if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(measured));
    }
  } finally {
    rmSync(results, { recursive: true, force: true });
  }

  const list = names => (names.length === 0 ? '–' : names.map(name => `\`${name}\``).join(', '));
  const strace = spawnSync('strace', ['--version'], { encoding: 'utf8' })
    .stdout.split('\n')[0]
    ?.replace('-- version ', '');
  /** The calls that one of them has in some run, and the other in none. */
  const difference = (who, names) => (names.length === 0 ? '' : `; ${who} alone: ${list(names)}`);
  const row = result =>
    `| ${[
      result.name,
      `${result.equal} of ${result.runs}${difference('strace', result.onlyTraced)}${difference('recordings', result.onlyRecorded)}`,
      `${result.unchanged} of ${result.runs}`,
      result.seen,
      `${result.allowed} (${result.byArguments})`,
      `${Math.round((100 * result.allowed) / result.docker)} %`,
      list(result.beyondDocker),
      `${result.trials.filter(({ works }) => works).length} of ${result.trials.length}`,
      result.plain,
      `${result.trials.filter(({ plainWorks }) => plainWorks).length} of ${result.trials.length}`,
    ].join(' | ')} |`;
  const page = `# Profiles of twelve programs

This page shows how well generated profiles work for real programs. It was written by \`node scripts/measure-programs.mjs\`, on Linux ${release()}, ${process.arch}, with ${strace}. Each program is recorded with one workload, and then
started under the profile that \`generate\` makes by default, with this workload and others: other input, errors, signals, a restart, another
locale, more threads.

- **Names as strace**: runs whose recording has every call that all runs of \`strace -f\` had, and no call that none of them had. Some calls,
  such as \`sched_yield\`, depend on timing.
- **Unchanged**: runs with the same output and exit code as a run without recording.
- **Seen**: distinct calls in the recording.
- **Allowed**: calls of this ABI that the profile allows, and how many of them under conditions on arguments; then as a share of the ${measured[0]?.docker ?? 0} that
  \`docker-default\` allows, and the calls that \`docker-default\` does not allow.
- **Works**: workloads with the same output and exit code under the profile as without one.
- **strace -c**: the same for a profile of the names in the table of \`strace -f -c\`, which many guides recommend, and which lacks \`exit_group\`.

| program | names as strace | unchanged | seen | allowed | of docker-default | beyond it | works | strace -c: allowed | works |
|---|---|---|---|---|---|---|---|---|---|
${measured.map(row).join('\n')}

## Workloads

| program | workload | refused calls that the program did not need |
|---|---|---|
${measured.flatMap(({ name, trials }) => trials.map(({ why, refused }) => `| ${name} | ${why} | ${list(refused)} |`)).join('\n')}
`;
  if (options.out !== undefined) writeFileSync(options.out, `${page}${elsewhere(options.out)}`);
  if (measured.some(({ equal, runs, trials }) => equal < runs || trials.some(({ works }) => !works)))
    process.exitCode = 1;
}
