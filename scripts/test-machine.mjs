// Runs the live tests in virtual machines, whose kernels really filter calls: for another processor, or older or newer.
// Usage: node scripts/test-machine.mjs ARCH[:RELEASE]... [--accel kvm] [--minutes N] [--record] [FILE.test.js...]
// ARCH is Node's name of the architecture, RELEASE the Debian release of the kernel, FILE in out/test (default: all live tests).
// See docs/testing.md.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from './command-line.mjs';
import { inRoot } from './files.mjs';
import { ARCHITECTURES } from './machine/architectures.mjs';
import { boot } from './machine/boot.mjs';
import { Unavailable } from './machine/debian.mjs';
import {
  addTests,
  LEFT_OUT,
  LEFT_OUT_FILES,
  liveFiles,
  plainTitle,
  titlesHere,
} from './machine/live-tests.mjs';
import { packProject } from './machine/project.mjs';
import { kernel, system } from './machine/system.mjs';
import { obstacle } from './machine/tools.mjs';
import { record, recordIsolation } from './record.mjs';
import { run } from './run.mjs';

const cache = inRoot('deps/machine');
const NODE_MAJOR = 22;
/** The processors of the machine, and the number of test files that run at a time. */
const PROCESSORS = 2;

/** The cells of a full run in the table. */
const cellsOf = ({ linux, machine, node, passed, skipped, failed, seconds }) => [
  ...[linux, machine, node, passed, skipped, failed],
  `${Math.round(seconds / 60)} min`,
];

/** The printed line of a test. */
function words(kind, { title, ms, why }) {
  const time = ms === undefined ? '' : ` (${ms} ms)`;
  const error = why === undefined ? '' : `\n${why}`;
  return `${kind.padEnd(7)} ${title}${time}${error}`;
}

/** Runs test files in a machine. Returns what ran, and whether it was complete. Throws Unavailable if there is no machine. */
async function test({ arch, release }, files, { accelerator, minutes }) {
  const started = Date.now();
  mkdirSync(cache, { recursive: true });
  const base = system({ arch, cache, nodeMajor: NODE_MAJOR });
  const image = kernel({ arch, cache, release });
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const missing = new Set(titlesHere(files));
  const codes = [];
  /** The results of the attacks on the isolation of children. */
  const findings = [];
  let ran = { linux: '', machine: '', node: '' };
  const scratch = mkdtempSync(join(cache, '.run-'));
  try {
    const project = join(scratch, 'project.cpio');
    const archive = join(scratch, 'initrd');
    packProject(project, { arch, cache, addJobs: tree => addTests(tree, files) });
    run('sh', ['-c', 'cat "$1" "$2" > "$0"', archive, base, project]);
    await boot({
      arch,
      accelerator,
      kernel: image,
      archive,
      processors: PROCESSORS,
      minutes,
      show: line => console.log(line),
      report(kind, entry) {
        if (kind === 'booted') {
          ran = entry;
          console.log(`Linux ${entry.linux} on ${entry.machine}, Node ${entry.node}`);
        } else if (kind === 'isolation') {
          findings.push(entry);
        } else if (kind === 'ended') {
          codes.push(entry);
        } else {
          counts[kind] += 1;
          missing.delete(plainTitle(entry.title));
          console.log(words(kind, entry));
        }
      },
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  for (const title of missing) console.log(`missing ${title}`);
  for (const [title, reason] of Object.entries({ ...LEFT_OUT, ...LEFT_OUT_FILES }))
    console.log(`left out: ${title}: ${reason}`);
  if (codes.length < files.length) console.error('The machine stopped before the tests were through');
  const whole = codes.length === files.length && missing.size === 0;
  const ok = whole && counts.passed > 0 && codes.every(code => code === 0);
  const summary = { ...ran, ...counts, whole, seconds: Math.round((Date.now() - started) / 1000) };
  console.log(JSON.stringify(summary));
  return { ok, summary, findings };
}

function wanted() {
  const machine = `${Object.keys(ARCHITECTURES).join('|')}[:RELEASE]`;
  const usage = `node scripts/test-machine.mjs ${machine}... [--accel kvm] [--minutes N] [--record] [FILE.test.js...]`;
  const { values, operands } = commandLine(usage, {
    options: {
      accel: { type: 'string', default: 'tcg' },
      // A machine that hangs is killed after this time.
      minutes: { type: 'string', default: '180' },
      record: { type: 'boolean', default: false },
    },
    count: [1, Infinity],
  });
  const files = operands.filter(name => name.endsWith('.test.js'));
  const machines = operands
    .filter(name => !files.includes(name))
    .map(name => {
      const [arch, release] = name.split(':');
      if (!Object.hasOwn(ARCHITECTURES, arch))
        throw new Error(`no machine ${name}: name one of ${Object.keys(ARCHITECTURES).join(', ')}`);
      return { arch, release: release ?? ARCHITECTURES[arch].release };
    });
  if (machines.length === 0) throw new Error('name a machine, such as arm64 or x64:sid');
  return {
    files: files.length > 0 ? files : liveFiles(),
    machines,
    options: { accelerator: values.accel, minutes: Number(values.minutes), record: values.record },
    recorded: values.record && files.length === 0,
  };
}

const { files, machines, options, recorded } = wanted();
const reason = obstacle(machines.map(({ arch }) => arch));
if (reason !== undefined) console.log(`skipped: ${reason}`);
for (const machine of reason === undefined ? machines : []) {
  try {
    const { ok, summary, findings } = await test(machine, files, options);
    for (const finding of findings) console.log(`isolation ${JSON.stringify(finding)}`);
    if (ok && findings.length > 0 && options.record) recordIsolation(summary, findings);
    if (!ok) process.exitCode = 1;
    else if (recorded) record('runs', `${machine.arch}:${machine.release}`, cellsOf(summary));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`skipped: ${error.message}`);
  }
}
