// Packs the package and its live tests as an archive for the virtual machine, without files that only builds need.
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inRoot, readJson, root, withScratch } from '../files.mjs';
import { addon, probes } from './cross.mjs';
import { addInstallable } from './installable.mjs';
import { pack } from './system.mjs';

const PARTS = [
  ...[
    'bundle',
    'module',
    'types',
    'data',
    'dist',
    'docs',
    'examples',
    'lib',
    'man',
    'out/test',
    'profiles',
    'scripts',
    'test',
  ],
  ...[
    'package.json',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'THIRD-PARTY.md',
  ],
];
/** Packages besides the dependencies: mocha, and packages that dist/ imports and the bundles contain. */
const TEST_PACKAGES = ['mocha', 'commander', 'fastest-levenshtein', 'jsonc-parser'];
const INIT = fileURLToPath(new URL('init.sh', import.meta.url));

/** The folders of node_modules that packages need at run time, resolved as in Node. */
function closure(names, from, found = new Set()) {
  for (const name of names) {
    let place = from;
    while (!existsSync(join(place, 'node_modules', name)) && place !== dirname(place)) place = dirname(place);
    const directory = join(place, 'node_modules', name);
    if (found.has(directory) || !existsSync(directory)) continue;
    found.add(directory);
    const { dependencies = {} } = readJson(join(directory, 'package.json'));
    closure(Object.keys(dependencies), directory, found);
  }
  return found;
}

/**
 * Packs the package, the starter of the jobs, and the jobs that `addJobs(tree)` adds: job-*.sh in the folder seccomp, which
 * run there in the order of their names, as many at a time as there are processors. `cache` is a folder for compiled files.
 * If everything that npm publishes for the processor exists, includes it for an installation.
 */
export function packProject(archive, { arch, cache, addJobs }) {
  withScratch(join(cache, '.project-'), scratch => {
    const project = join(scratch, 'seccomp');
    const copy = (from, to) => {
      mkdirSync(dirname(join(project, to)), { recursive: true });
      cpSync(from, join(project, to), { recursive: true });
    };
    for (const part of PARTS) copy(inRoot(part), part);
    const { dependencies = {} } = readJson(inRoot('package.json'));
    for (const directory of closure([...TEST_PACKAGES, ...Object.keys(dependencies)], root))
      copy(directory, directory.slice(root.length));
    // The path in the shipped package, and the path of a build, which tests that move the add-on expect.
    const prebuilt = `prebuilds/linux-${arch}/seccomp.glibc.node`;
    const built = addon(arch, cache);
    for (const place of [prebuilt, 'build/Release/seccomp.node']) copy(built, place);
    if (built === inRoot(prebuilt)) addInstallable(scratch);
    for (const { name, binary } of probes(arch, cache)) copy(binary, `out/${name}`);
    addJobs(scratch);
    copyFileSync(INIT, join(scratch, 'init'));
    chmodSync(join(scratch, 'init'), 0o755);
    // The folder becomes the root directory, which tests enter as other users.
    chmodSync(scratch, 0o755);
    pack(scratch, archive);
  });
}
