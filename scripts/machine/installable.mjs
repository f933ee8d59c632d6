// Prepares the package as npm publishes it, and an npm that can install it without a network, for the virtual machine.
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withScratch } from '../files.mjs';
import { pack } from '../pack.mjs';
import { run } from '../run.mjs';

const npm = (...args) => run('npm', args).trim();

/** Copies this machine's npm into the tree of a virtual machine, unless it is there. */
export function addNpm(tree) {
  const modules = join(tree, 'usr/lib/node_modules');
  if (existsSync(modules)) return;
  cpSync(join(npm('root', '--global'), 'npm'), join(modules, 'npm'), {
    recursive: true,
    dereference: true,
  });
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(tree, 'usr/bin', name));
}

/**
 * Copies npm into the tree of a virtual machine, and the tarball, the settings, and a cache of the packages that an
 * installation fetches into its folder /npm.
 */
export function addInstallable(tree) {
  withScratch(join(tmpdir(), 'seccomp-installable-'), scratch => {
    const folder = join(tree, 'npm');
    const cache = join(folder, 'cache');
    mkdirSync(folder, { recursive: true });
    const tarball = pack(scratch);
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--cache', cache];
    npm('install', '--prefix', join(scratch, 'elsewhere'), ...options, tarball);
    rmSync(join(cache, '_logs'), { recursive: true, force: true });
    renameSync(tarball, join(folder, 'package.tgz'));
    // The cache is indexed by the registry of its packages.
    writeFileSync(
      join(folder, 'rc'),
      `registry=${npm('config', 'get', 'registry')}\noffline=true\ncache=/npm/cache\n`,
    );
    addNpm(tree);
  });
}
