// A small Debian with Node as an initial file system, and kernels for it, made once and kept in deps/machine.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { filesUnder, withScratch } from '../files.mjs';
import { run } from '../run.mjs';
import { ARCHITECTURES } from './architectures.mjs';
import { debian, Unavailable, unpack } from './debian.mjs';

/** The packages that the live tests and Node need. usr-is-merged replaces a package that would depend on Perl. */
const PACKAGES = [
  'bash',
  'bubblewrap',
  'busybox-static',
  'coreutils',
  'dash',
  'findutils',
  'grep',
  'libgcc-s1',
  'libstdc++6',
  'mount',
  'procps',
  'sed',
  'usr-is-merged',
  'util-linux',
];

/** Fetches Node of a major version from npm and copies it into the tree. */
function addNode(scratch, tree, name, major) {
  const prefix = join(scratch, 'npm');
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--force', '--loglevel=error'];
  const wanted = `${name}@${major}`;
  const { status } = spawnSync('npm', ['install', ...options, '--prefix', prefix, wanted], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Unavailable(`npm cannot fetch ${wanted}`);
  const binary = join(tree, 'usr/bin/node');
  cpSync(join(prefix, 'node_modules', name, 'bin/node'), binary);
  chmodSync(binary, 0o755);
}

/** Files that no program reads. */
const DOCUMENTATION = ['doc', 'info', 'locale', 'man'].map(name => `usr/share/${name}`);

/** Makes the tree of a Debian: one folder for programs and one for libraries, and root as the only user. */
function makeTree(tree, packages, unneeded) {
  for (const folder of ['bin', 'lib', 'sbin']) {
    mkdirSync(join(tree, 'usr', folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(tree, folder));
  }
  for (const folder of ['dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'var'])
    mkdirSync(join(tree, folder));
  for (const path of packages) unpack(path, tree);
  for (const folder of unneeded) rmSync(join(tree, folder), { recursive: true, force: true });
  const users = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/nonexistent:/bin/false'];
  writeFileSync(join(tree, 'etc/passwd'), `${users.join('\n')}\n`);
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  writeFileSync(join(tree, 'etc/hosts'), '127.0.0.1 localhost\n');
}

/** Packs a tree as an initramfs, with everything owned by root. */
export function pack(tree, archive) {
  run('sh', ['-ec', 'find . | cpio --quiet -o -H newc -R 0:0 > "$0"', archive], { cwd: tree });
}

/** Makes a folder in `cache` named after its recipe, unless it exists; renames it to its final path when it is complete. */
function made(cache, name, recipe, make) {
  const stamp = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  const directory = join(cache, `${name}-${stamp}`);
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  withScratch(join(cache, '.making-'), scratch => {
    const whole = join(scratch, 'whole');
    mkdirSync(whole);
    make(scratch, whole);
    renameSync(whole, directory);
  });
  return directory;
}

/**
 * The path of an archive of the system without this package, with `programs`, which are Debian packages.
 * @param {{ arch: string, cache: string, nodeMajor: number, programs?: string[] }} options
 */
export function system({ arch, cache, nodeMajor, programs = [] }) {
  const { debian: architecture, release } = ARCHITECTURES[arch];
  const packages = [...new Set([...PACKAGES, ...programs])];
  const directory = made(
    cache,
    `${release}-${architecture}`,
    [release, architecture, nodeMajor, packages],
    (scratch, whole) => {
      const apt = debian({ directory: join(scratch, 'apt'), release, architecture });
      const tree = join(scratch, 'tree');
      mkdirSync(tree);
      makeTree(tree, apt.download(packages), programs.length === 0 ? ['usr/share'] : DOCUMENTATION);
      addNode(scratch, tree, `node-linux-${arch}`, nodeMajor);
      pack(tree, join(whole, 'system.cpio'));
    },
  );
  return join(directory, 'system.cpio');
}

/** The path of the kernel of a Debian release. */
export function kernel({ arch, cache, release }) {
  const { debian: architecture } = ARCHITECTURES[arch];
  const recipe = [release, architecture];
  const directory = made(cache, `linux-${release}-${architecture}`, recipe, (scratch, whole) => {
    const apt = debian({ directory: join(scratch, 'apt'), release, architecture });
    const tree = join(scratch, 'tree');
    mkdirSync(tree);
    // This package depends on one with the version in its name, which in newer releases depends on a third with the image.
    const packages = apt.dependencies(`linux-image-${architecture}`, /^linux-(?:image|binary)-\d/).sort();
    if (packages.length === 0)
      throw new Error(`linux-image-${architecture} of ${release} depends on no kernel`);
    unpack(apt.downloadAlone(packages[0]), tree, '*/vmlinuz*');
    const image = filesUnder(tree).find(path => /(?:^|\/)vmlinuz[^/]*$/.test(path));
    if (image === undefined) throw new Error(`${packages[0]} of ${release} contains no vmlinuz`);
    renameSync(join(tree, image), join(whole, 'vmlinuz'));
  });
  return join(directory, 'vmlinuz');
}
