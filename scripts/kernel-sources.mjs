// The inputs of the tables of system calls: the newest kernel headers, kernel source and manual pages of Debian unstable,
// kept in deps/kernel. The system's packages and package sources do not change.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { filesUnder, inRoot, withScratch } from './files.mjs';
import { debian, Unavailable, unpack } from './machine/debian.mjs';
import { onPath } from './debian-packages.mjs';
import { COMMON_DIRECTORIES } from './generate-signatures.mjs';
import { run } from './run.mjs';

export { Unavailable };

const RELEASE = 'sid';
const cache = inRoot('deps/kernel');

/**
 * The folders of the unpacked inputs: `headers` (linux-libc-dev, every architecture), `source` (the files of linux-source that
 * declare system calls) and `manual` (manpages-dev). Files that were fetched before are reused unless `newest` is set.
 * Throws Unavailable if they cannot be fetched.
 */
export function kernelSources({ newest = false } = {}) {
  let apt;
  const fetched = (pattern, nameOf, unpackInto) => {
    const kept = newest ? undefined : keptFolder(pattern);
    if (kept !== undefined) return kept;
    apt ??= debianUnstable();
    return withScratch(join(cache, '.fetch-'), scratch => {
      const path = apt.downloadAlone(nameOf(apt));
      const folder = join(cache, basename(path, '.deb'));
      if (!existsSync(folder)) {
        unpackInto(path, scratch);
        renameSync(scratch, folder);
      }
      rmSync(path);
      return folder;
    });
  };
  mkdirSync(cache, { recursive: true });
  return {
    headers: fetched(/^linux-libc-dev_/, () => 'linux-libc-dev', unpack),
    manual: fetched(/^manpages-dev_/, () => 'manpages-dev', unpack),
    source: fetched(/^linux-source-[\d.]+_/, newestSource, unpackDeclarations),
  };
}

function debianUnstable() {
  if (!onPath('apt-get') || !onPath('dpkg')) throw new Unavailable('this system has no apt and dpkg');
  return debian({ directory: join(cache, 'apt'), release: RELEASE, architecture: 'amd64' });
}

/** The package that linux-source depends on: its name has the version. */
function newestSource(apt) {
  const [name] = apt
    .dependencies('linux-source', /linux-source-\d/)
    .map(line => line.replace(/^.*: /, '').trim());
  if (name === undefined) throw new Unavailable(`Debian ${RELEASE} has no linux-source`);
  return name;
}

/** The fetched folder with the newest version. */
function keptFolder(pattern) {
  const folders = readdirSync(cache).filter(name => pattern.test(name));
  const [last] = folders.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return last === undefined ? undefined : join(cache, last);
}

/** Unpacks only the tables of system calls and the C files that declare one from linux-source. */
function unpackDeclarations(path, folder) {
  withScratch(join(cache, '.source-'), scratch => {
    run('dpkg-deb', ['-x', path, scratch]);
    const packed = join(scratch, 'usr/src');
    const tarball = readdirSync(packed).find(name => name.endsWith('.tar.xz'));
    if (tarball === undefined) throw new Error(`${path} holds no source`);
    const patterns = [
      ...['scripts/syscall.tbl', 'arch/*.tbl'],
      ...['arch', ...COMMON_DIRECTORIES].map(name => `${name}/*.[ch]`),
    ];
    run('tar', [
      ...['-xf', join(packed, tarball), '-C', folder, '--strip-components=1', '--anchored', '--wildcards'],
      ...patterns.map(pattern => `linux-source-*/${pattern}`),
    ]);
    for (const file of filesUnder(folder).filter(name => !name.endsWith('.tbl'))) {
      const source = join(folder, file);
      if (!readFileSync(source, 'latin1').includes('SYSCALL')) rmSync(source);
    }
  });
}
