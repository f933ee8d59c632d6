// Installs the package as it would be published with package managers other than npm, in each of their layouts, and uses
// it there.
// Usage: node scripts/check-managers.mjs [--tarball FILE] [NAME...]   all of them by default
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTarball } from './check-tarball.mjs';
import { npmPackages } from './npm-packages.mjs';
import { USES } from './package-uses.mjs';
import { run } from './run.mjs';

const VERSIONS = { pnpm: '10', yarn: '1', '@yarnpkg/cli-dist': '4' };
const berry = linker => ({
  program: '@yarnpkg/cli-dist/bin/yarn.js',
  add: tarball => ['add', `seccomp@file:${tarball}`],
  // No install script may run, and the lock file may be written.
  files: { '.yarnrc.yml': `nodeLinker: ${linker}\nenableScripts: false\nenableImmutableInstalls: false\n` },
  node: ['node'],
  tool: ['run', 'seccomp'],
});

/** The commands of each to install, and to run Node and the command line. Without `node`, plain Node is used. */
const MANAGERS = {
  pnpm: {
    program: 'pnpm/bin/pnpm.cjs',
    // Fails if a package has an install script that is not run.
    add: tarball => ['add', '--config.strict-dep-builds=true', tarball],
    tool: ['exec', 'seccomp'],
  },
  'yarn-1': {
    program: 'yarn/bin/yarn.js',
    add: tarball => ['add', '--non-interactive', '--ignore-scripts', `file:${tarball}`],
    tool: ['run', '--silent', 'seccomp'],
  },
  'yarn-4': berry('node-modules'),
  'yarn-4-pnp': berry('pnp'),
};

/** Runs a command with its own stores and settings. */
const runIn = (/** @type {string} */ cwd, /** @type {string[]} */ [command, ...args]) =>
  run(command, args, { cwd, env: { ...process.env, HOME: cwd } });

function check(name, modules, tarball, scratch) {
  const { program, add, files = {}, node, tool } = MANAGERS[name];
  const cwd = join(scratch, name);
  mkdirSync(cwd);
  for (const [file, text] of Object.entries({ 'package.json': '{ "name": "empty" }', ...files }))
    writeFileSync(join(cwd, file), text);
  const manager = (...args) => [process.execPath, join(modules, program), ...args];
  runIn(cwd, manager(...add(tarball)));
  for (const [use, [[command, ...args], expected]] of Object.entries(USES)) {
    const whole =
      command === 'seccomp'
        ? manager(...tool, ...args)
        : node === undefined
          ? [process.execPath, ...args]
          : manager(...node, ...args);
    const printed = runIn(cwd, whole);
    if (!expected.test(printed)) throw new Error(`${name}: ${use} printed ${JSON.stringify(printed)}`);
  }
  console.log(`${name}: ${Object.keys(USES).join(', ')}`);
}

checkTarball('check-managers', Object.keys(MANAGERS), (names, tarball, scratch) => {
  const modules = npmPackages('managers', VERSIONS);
  for (const name of names) check(name, modules, tarball, scratch);
});
