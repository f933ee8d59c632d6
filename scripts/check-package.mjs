// Installs what would be published where there is nothing but node, npm and sh, and uses it there as a stranger would.
// Usage: node scripts/check-package.mjs [--tarball FILE] [MAJOR...]   Node versions; this one by default
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary } from './nodes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Containers' default, and on top of it a layer that refuses what that allows. */
const APPLY = `
  import { mkdirSync } from 'node:fs';
  import { applyProfile, status } from 'seccomp';
  const { threads } = applyProfile('docker-default');
  applyProfile({ defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' }] });
  try { mkdirSync('refused'); console.log('mkdir was not refused'); }
  catch ({ code }) { console.log(code, status().mode, threads.length > 1); }
`;

/** A child that a filter keeps from making folders. */
const SPAWN = `
  import { spawnSync } from 'seccomp';
  const profile = { defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' }] };
  const script = "try { fs.mkdirSync('refused') } catch ({ code }) { console.log(code) }";
  console.log(String(spawnSync(process.execPath, ['-e', script], { profile }).stdout).trim());
`;

const asModule = program => ['node', '--input-type=module', '-e', program];
const tool = (...args) => ['npx', '--no-install', 'seccomp', ...args];
const AVAILABLE = 'console.log(seccomp.features().available)';

/** What a stranger does, and what it has to print. Each runs in the folder where the package is installed. */
const USES = {
  import: [asModule(`import * as seccomp from 'seccomp'; ${AVAILABLE}`), /^true\n$/],
  require: [['node', '-e', `const seccomp = require('seccomp'); ${AVAILABLE}`], /^true\n$/],
  'seccomp/load': [asModule("import { load } from 'seccomp/load'; console.log(typeof load)"), /^function\n$/],
  'seccomp/apply': [
    asModule("import { applyProfile } from 'seccomp/apply'; console.log(typeof applyProfile)"),
    /^function\n$/,
  ],
  applyProfile: [asModule(APPLY), /^EACCES filter true\n$/],
  spawnSync: [asModule(SPAWN), /^EACCES\n$/],
  'seccomp doctor': [tool('doctor'), /^ok +add-on: loaded/m],
  'seccomp compile': [tool('compile', 'docker-default', '--format', 'asm'), /^.*\bALLOW\b/m],
  'seccomp run': [tool('run', 'docker-default', '--', 'node', '-p', '6 * 7'), /^42\n$/],
};

/** Packs the tree as it is. */
function pack(directory) {
  const options = ['pack', root, '--ignore-scripts', '--json', '--pack-destination', directory];
  const [{ filename }] = JSON.parse(
    execFileSync('npm', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  return join(directory, filename);
}

/** A folder for PATH with this Node, the npm of this machine run by it, and sh. */
function barePath(directory, node) {
  mkdirSync(directory);
  symlinkSync(node, join(directory, 'node'));
  symlinkSync('/bin/sh', join(directory, 'sh'));
  const npm = join(execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim(), 'npm');
  for (const name of ['npm', 'npx']) {
    const file = join(directory, name);
    writeFileSync(file, `#!/bin/sh\nexec "${node}" "${realpathSync(npm)}/bin/${name}-cli.js" "$@"\n`);
    chmodSync(file, 0o755);
  }
  return directory;
}

function run([command, ...args], { cwd, path }) {
  const { status, signal, error, stdout, stderr } = spawnSync(join(path, command), args, {
    cwd,
    env: { ...process.env, PATH: path },
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${signal ?? `exit ${status}`}\n${stdout}${stderr}`);
  return stdout;
}

/** Throws with what was seen when something is not as it should be. */
function checkWith(major, tarball, scratch) {
  const node = nodeBinary(major);
  const cwd = join(scratch, `empty-${major}`);
  mkdirSync(cwd);
  // Or npm would install into whatever project is above.
  writeFileSync(join(cwd, 'package.json'), '{}');
  const at = { cwd, path: barePath(join(scratch, `bin-${major}`), node) };
  const started = Date.now();
  run(['npm', 'install', '--no-audit', '--no-fund', tarball], at);
  const seconds = (Date.now() - started) / 1000;
  for (const [name, [command, expected]] of Object.entries(USES)) {
    const printed = run(command, at);
    if (!expected.test(printed)) throw new Error(`${name} printed ${JSON.stringify(printed)}`);
  }
  const version = run(['node', '--version'], at).trim();
  console.log(`Node ${version}: installed in ${seconds.toFixed(1)} s; ${Object.keys(USES).join(', ')}`);
}

const given = process.argv.slice(2);
const option = given.indexOf('--tarball');
const [, own] = option === -1 ? [] : given.splice(option, 2);
const majors = given.length > 0 ? given.map(Number) : [Number(process.versions.node.split('.')[0])];
const scratch = mkdtempSync(join(tmpdir(), 'seccomp-package-'));
try {
  const tarball = own ?? pack(scratch);
  for (const major of majors) checkWith(major, tarball, scratch);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
