// Records programs here, on x86_64, and enforces their generated profiles in an emulated arm64 machine with Debian's arm64
// packages. Writes the arm64 table in docs/programs.md. --runs is how often each program is recorded.
//   node scripts/measure-programs-arm64.mjs [--runs N] [--minutes N] [--record] [--from LOG]... [PROGRAM...]
// --from reads the output of earlier runs, so that programs can be measured one by one.
// Has the requirements of scripts/measure-programs.mjs and scripts/test-machine.mjs. Skips programs that are not installed here,
// and Chromium, whose packages are too large for a machine in memory.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { commandLine } from './command-line.mjs';
import { inRoot } from './files.mjs';
import { ARCHITECTURES } from './machine/architectures.mjs';
import { boot } from './machine/boot.mjs';
import { addNpm } from './machine/installable.mjs';
import { packProject } from './machine/project.mjs';
import { kernel, system } from './machine/system.mjs';
import { obstacle } from './machine/tools.mjs';
import { PROGRAMS } from './measured-programs.mjs';
import { isThere } from './debian-packages.mjs';
import { perform, seccomp, sorted } from './perform-workload.mjs';
import { record } from './record.mjs';
import { run } from './run.mjs';
import { generateProfile, parseRecording } from '../dist/entries/verbs.js';

const ARCH = 'arm64';
const cache = inRoot('deps/machine');
/** The programs have a few hundred megabytes, which are in memory twice while the kernel unpacks them. */
const MEBIBYTES = 6144;
/** The factor of time limits in the machine. */
const PATIENCE = 5;

/** Two profiles from recordings of the first workload: the generated one, and one of only the recorded names. */
async function profilesOf(program, scratch, runs) {
  const texts = [];
  for (let index = 0; index < runs; index++) {
    const file = join(scratch, `recording-${index}.json`);
    const { errors } = await perform(program, program.workloads[0], seccomp('record', '-o', file));
    if (!existsSync(file)) throw new Error(`${program.name} was not recorded: ${errors}`);
    texts.push(readFileSync(file, 'utf8'));
    rmSync(file);
  }
  const recordings = texts.map(text => parseRecording(text));
  const names = sorted(recordings.flatMap(({ calls }) => calls.map(({ syscall }) => syscall)));
  return {
    profile: generateProfile(recordings).profile,
    names: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: [...names, 'exit', 'exit_group', 'rt_sigreturn'], action: 'SCMP_ACT_ALLOW' }],
    },
  };
}

/** Adds a job for each program to the tree of the machine. */
function addPrograms(tree, profiled) {
  addNpm(tree);
  const fastify = process.env.FASTIFY;
  if (fastify !== undefined)
    cpSync(join(fastify, 'node_modules'), join(tree, 'fastify/node_modules'), { recursive: true });
  const folder = join(tree, 'profiles');
  mkdirSync(folder);
  profiled.forEach(({ program, profile, names }, index) => {
    const file = kind => `profiles/${program.name}-${kind}.json`;
    writeFileSync(join(tree, file('generated')), JSON.stringify(profile));
    writeFileSync(join(tree, file('names')), JSON.stringify(names));
    writeFileSync(
      join(tree, 'seccomp', `job-${String(index).padStart(3, '0')}.sh`),
      `export PATIENCE=${PATIENCE} FASTIFY=/fastify\nexec node scripts/machine/enforce-program.mjs ${program.name} /${file('generated')} /${file('names')}\n`,
    );
  });
}

const list = names => (names.length === 0 ? '–' : names.map(name => `\`${name}\``).join(', '));

/** The cells of a program: how many workloads work, the refused calls, and how many work with only the recorded names. */
const cellsOf = (program, trials) => [
  `${trials.filter(({ works }) => works).length} of ${program.workloads.length}`,
  list(sorted(trials.flatMap(({ works, refused }) => (works ? [] : refused)))),
  list(sorted(trials.flatMap(({ works, refused }) => (works ? refused : [])))),
  `${trials.filter(({ namesWork }) => namesWork).length} of ${program.workloads.length}`,
  trials[0].machine,
];

/** The trials in the output of a run, each with its machine. */
function trialsIn(lines) {
  let machine = '';
  return lines.flatMap(line => {
    const [, kind, text] = /(booted|enforced) (\{.*\})$/.exec(line) ?? [];
    if (kind === undefined) return [];
    const entry = JSON.parse(text);
    if (kind === 'enforced') return [{ ...entry, machine }];
    machine = `${entry.linux}, Node ${entry.node}`;
    return [];
  });
}

/** Prints the table, and writes it to the page if `isRecorded` is set. */
function report(trials, isRecorded) {
  for (const program of PROGRAMS) {
    const own = trials.filter(trial => trial.program === program.name);
    if (own.length === 0) continue;
    if (own.length < program.workloads.length || own.some(({ works }) => !works)) process.exitCode = 1;
    const cells = cellsOf(program, own);
    console.log(`| ${[program.name, ...cells].join(' | ')} |`);
    if (isRecorded) record('arm64', program.name, cells, 'programs.md');
  }
}

/** Records programs, enforces their profiles in a machine, and returns the trials. */
async function measure(chosen, { runs, minutes }) {
  const scratch = mkdtempSync(join(cache, '.run-'));
  // Unprivileged users write recordings there.
  chmodSync(scratch, 0o777);
  try {
    const profiled = [];
    for (const program of chosen) {
      console.log(`recording ${program.name}`);
      profiled.push({ program, ...(await profilesOf(program, scratch, Number(runs))) });
    }
    const base = system({
      arch: ARCH,
      cache,
      nodeMajor: 22,
      // All programs, whatever was chosen, because the system is made once.
      programs: sorted(PROGRAMS.flatMap(({ debian = [] }) => debian)),
    });
    const project = join(scratch, 'project.cpio');
    const archive = join(scratch, 'initrd');
    packProject(project, { arch: ARCH, cache, addJobs: tree => addPrograms(tree, profiled) });
    run('sh', ['-c', 'cat "$1" "$2" > "$0"', archive, base, project]);
    const lines = [];
    await boot({
      arch: ARCH,
      accelerator: 'tcg',
      kernel: kernel({ arch: ARCH, cache, release: ARCHITECTURES[ARCH].release }),
      archive,
      processors: 2,
      minutes: Number(minutes),
      mebibytes: MEBIBYTES,
      show: line => console.log(line),
      report(kind, entry) {
        lines.push(`${kind} ${JSON.stringify(entry)}`);
        console.log(lines.at(-1));
      },
    });
    return trialsIn(lines);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The chosen programs that are installed here; all of them if none is named. */
const programs = operands =>
  PROGRAMS.filter(
    ({ name, debian }) => debian !== undefined && (operands.length === 0 || operands.includes(name)),
  ).filter(({ name, needs }) => {
    const missing = needs.filter(need => !isThere(need));
    if (missing.length > 0) console.log(`${name} is left out: ${missing.join(', ')} is not there`);
    return missing.length === 0;
  });

if (import.meta.filename === process.argv[1]) {
  const { values: options, operands } = commandLine(
    'node scripts/measure-programs-arm64.mjs [--runs N] [--minutes N] [--record] [--from LOG]... [PROGRAM...]',
    {
      options: {
        runs: { type: 'string', default: '1' },
        minutes: { type: 'string', default: '120' },
        record: { type: 'boolean', default: false },
        from: { type: 'string', multiple: true },
      },
      count: [0, Infinity],
      known: PROGRAMS.map(({ name }) => name),
    },
  );

  if (options.from !== undefined) {
    report(
      options.from.flatMap(file => trialsIn(readFileSync(file, 'utf8').split('\n'))),
      options.record,
    );
  } else {
    mkdirSync(cache, { recursive: true });
    const reason = process.arch === 'x64' ? obstacle([ARCH]) : 'records on x86_64';
    if (reason === undefined) {
      const chosen = programs(operands);
      const trials = await measure(chosen, options);
      report(trials, options.record);
      const isMissing = ({ name }) => !trials.some(({ program }) => program === name);
      for (const { name } of chosen.filter(isMissing)) {
        console.error(`${name}: no result`);
        process.exitCode = 1;
      }
    } else {
      console.log(`skipped: ${reason}`);
    }
  }
}
