// Installs the package as it would be published, in an environment with only node, npm and sh, and uses it like a new user.
// Usage: node scripts/check-package.mjs [--tarball FILE] [MAJOR...]   Node versions; this one by default
import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTarball } from './check-tarball.mjs';
import { nodeBinary } from './nodes.mjs';
import { USES } from './package-uses.mjs';
import { run } from './run.mjs';

/** A folder for PATH with this Node, this machine's npm run by it, and sh. */
function barePath(directory, node) {
  mkdirSync(directory);
  symlinkSync(node, join(directory, 'node'));
  symlinkSync('/bin/sh', join(directory, 'sh'));
  const npm = join(run('npm', ['root', '--global']).trim(), 'npm');
  for (const name of ['npm', 'npx']) {
    const file = join(directory, name);
    writeFileSync(file, `#!/bin/sh\nexec "${node}" "${realpathSync(npm)}/bin/${name}-cli.js" "$@"\n`);
    chmodSync(file, 0o755);
  }
  return directory;
}

/** Runs a command from a PATH with only this folder. */
const runAt = (
  /** @type {{ cwd: string, path: string }} */ { cwd, path },
  /** @type {string[]} */ [command, ...args],
) => run(join(path, command), args, { cwd, env: { ...process.env, PATH: path } });

/** Throws with the output if something is not as expected. */
function checkWith(major, tarball, scratch) {
  const node = nodeBinary(major);
  const cwd = join(scratch, `empty-${major}`);
  mkdirSync(cwd);
  // Otherwise npm would install into a project in a parent folder.
  writeFileSync(join(cwd, 'package.json'), '{}');
  const at = { cwd, path: barePath(join(scratch, `bin-${major}`), node) };
  const started = Date.now();
  runAt(at, ['npm', 'install', '--no-audit', '--no-fund', tarball]);
  const seconds = (Date.now() - started) / 1000;
  for (const [name, [command, expected]] of Object.entries(USES)) {
    const printed = runAt(at, command[0] === 'seccomp' ? ['npx', '--no-install', ...command] : command);
    if (!expected.test(printed)) throw new Error(`${name} printed ${JSON.stringify(printed)}`);
  }
  const version = runAt(at, ['node', '--version']).trim();
  console.log(`Node ${version}: installed in ${seconds.toFixed(1)} s; ${Object.keys(USES).join(', ')}`);
}

checkTarball('check-package', undefined, (given, tarball, scratch) => {
  const majors = given.length > 0 ? given.map(Number) : [Number(process.versions.node.split('.')[0])];
  for (const major of majors) checkWith(major, tarball, scratch);
});
