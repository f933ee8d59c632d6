// Runs the live tests on an arm64 kernel that really filters: Debian's, with the arm64 Node, in a virtual machine.
// Usage: node scripts/test-arm64.mjs [FILE.test.js...]   files of out/test, all live ones by default; see docs/testing.md
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boot } from './machine/boot.mjs';
import { COMPILER } from './machine/cross.mjs';
import { packProject } from './machine/project.mjs';
import { system } from './machine/system.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'deps/machine');
const NODE_MAJOR = 22;
/** How many test files run at a time, and the processors of the machine. */
const JOBS = 2;
/** A machine that hangs is switched off. On two quiet processors everything takes a fraction of this. */
const MINUTES = 120;
const TOOLS = { 'qemu-system-aarch64': 'qemu-system-arm', cpio: 'cpio', ...COMPILER };
/** What depends on the kernel and on the Node. */
const LIVE_SUITE = ['native', 'process', 'cli', 'examples'];

/** Files that the machine cannot even load, with the reason. */
const LEFT_OUT_FILES = {
  'out/test/examples/packaging.test.js': 'needs esbuild, which is here for this processor only',
};
/** Tests that it cannot run, by parts of their titles. */
const LEFT_OUT = {
  'generated from libseccomp': 'needs a compiler and the source of libseccomp',
};

const onPath = command =>
  (process.env.PATH ?? '').split(delimiter).some(directory => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Installs what is missing. Gives the reason why this cannot be done here, if there is one. */
function obstacle() {
  if (process.platform !== 'linux' || !onPath('apt-get') || !onPath('dpkg')) return 'needs apt and dpkg';
  const missing = Object.keys(TOOLS)
    .filter(command => !onPath(command))
    .map(command => TOOLS[command]);
  if (missing.length === 0) return undefined;
  const sudo = process.getuid() === 0 ? [] : ['sudo', '-n'];
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...missing]]) {
    const [command, ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
    const { status } = spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) return `needs ${missing.join(' ')}, which cannot be installed from here`;
  }
  return undefined;
}

const liveFiles = () =>
  LIVE_SUITE.flatMap(part =>
    readdirSync(join(root, 'out/test', part), { recursive: true })
      .filter(name => name.endsWith('.test.js'))
      .sort()
      .map(name => `out/test/${part}/${name}`)
      .filter(file => !Object.hasOwn(LEFT_OUT_FILES, file)),
  );

/** What is printed of a test. */
function words(kind, { title, ms, why }) {
  const time = ms === undefined ? '' : ` (${ms} ms)`;
  const error = why === undefined ? '' : `\n${why}`;
  return `${kind.padEnd(7)} ${title}${time}${error}`;
}

/** Runs test files in the machine. Returns whether all went through and none failed. */
async function test(files) {
  const started = Date.now();
  const jobs = Math.min(JOBS, files.length);
  const made = system({ cache, nodeMajor: NODE_MAJOR });
  const scratch = mkdtempSync(join(cache, '.run-'));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const codes = [];
  try {
    const project = join(scratch, 'project.cpio');
    const archive = join(scratch, 'initrd');
    packProject(project, { root, cache, files, jobs, leftOut: Object.keys(LEFT_OUT) });
    execFileSync('sh', ['-c', 'cat "$1" "$2" > "$0"', archive, made.archive, project]);
    await boot({
      kernel: made.kernel,
      archive,
      processors: JOBS,
      minutes: MINUTES,
      show: line => console.log(line),
      report(kind, entry) {
        if (kind === 'ended') {
          codes.push(entry);
        } else {
          counts[kind] += 1;
          console.log(words(kind, entry));
        }
      },
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  for (const [title, reason] of Object.entries({ ...LEFT_OUT, ...LEFT_OUT_FILES }))
    console.log(`left out: ${title}: ${reason}`);
  const whole = codes.length === jobs;
  if (!whole) console.error('The machine stopped before the tests were through');
  console.log(JSON.stringify({ ...counts, whole, seconds: Math.round((Date.now() - started) / 1000) }));
  return whole && counts.passed > 0 && codes.every(code => code === 0);
}

const reason = obstacle();
if (reason === undefined) {
  const wanted = process.argv.slice(2);
  process.exitCode = (await test(wanted.length > 0 ? wanted : liveFiles())) ? 0 : 1;
} else {
  console.log(`skipped: ${reason}`);
}
