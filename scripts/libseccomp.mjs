// The libseccomp that the add-on is linked with: the pinned release, and the download of its source into deps/.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './files.mjs';
import { run } from './run.mjs';

const VERSION = '2.6.0';
const SHA256 = '83b6085232d1588c379dc9b9cae47bb37407cf262e6e74993c61ba72d2a784dc';
/** A Debian suite whose source package is this exact release tarball. */
const DEBIAN_SUITE = 'trixie';
const UPSTREAM = `https://github.com/seccomp/libseccomp/releases/download/v${VERSION}/libseccomp-${VERSION}.tar.gz`;

const deps = inRoot('deps');
const directory = join(deps, `libseccomp-${VERSION}`);
/** The tarball of the release. The package ships it, so that everyone who gets the add-on gets the library's source. */
const archive = `${directory}.tar.gz`;
/** Written last, so that a partly unpacked tree is never mistaken for a complete one. */
const stamp = join(directory, '.sha256');

const isUnpacked = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === SHA256;

/** The folder of the pinned source. Throws if it has not been fetched. */
export function libseccompSource() {
  if (!isUnpacked()) {
    throw new Error(
      `libseccomp ${VERSION} is not in ${directory}. Fetch it with: node scripts/libseccomp.mjs`,
    );
  }
  return { directory, version: VERSION, stamp, archive };
}

/** Fetches the source into deps/, as an archive and unpacked. Returns false if it was already there. */
export async function fetchLibseccomp() {
  if (isUnpacked() && existsSync(archive)) return false;
  mkdirSync(deps, { recursive: true });
  const scratch = mkdtempSync(join(deps, '.fetch-'));
  try {
    if (!existsSync(archive)) {
      const copy = join(scratch, 'archive');
      copyFileSync(await obtain(scratch), copy);
      renameSync(copy, archive);
    }
    if (!isUnpacked()) unpack(checked(archive), scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return true;
}

/** The path of a tarball with the pinned checksum. */
async function obtain(scratch) {
  const own = process.env.SECCOMP_LIBSECCOMP_TARBALL;
  if (own !== undefined && own !== '') return checked(own);
  const problems = [];
  /** @type {[origin: string, download: (scratch: string) => string | Promise<string>][]} */
  const origins = [
    [`the source package of Debian ${DEBIAN_SUITE}`, fromDebian],
    [UPSTREAM, fromUpstream],
  ];
  for (const [origin, download] of origins) {
    try {
      return checked(await download(scratch));
    } catch (error) {
      problems.push(`  ${origin}: ${error.message.trim()}`);
    }
  }
  throw new Error(
    [
      `libseccomp ${VERSION} could not be fetched:`,
      ...problems,
      `Get ${UPSTREAM} by other means and name it in SECCOMP_LIBSECCOMP_TARBALL`,
    ].join('\n'),
  );
}

function checked(tarball) {
  const actual = createHash('sha256').update(readFileSync(tarball)).digest('hex');
  if (actual !== SHA256) throw new Error(`${tarball} has SHA-256 ${actual}, expected ${SHA256}`);
  return tarball;
}

function unpack(tarball, scratch) {
  const unpacked = join(scratch, 'unpacked');
  mkdirSync(unpacked);
  run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1', '--no-same-owner']);
  rmSync(directory, { recursive: true, force: true });
  renameSync(unpacked, directory);
  writeFileSync(stamp, SHA256);
}

async function fromUpstream(scratch) {
  const response = await fetch(UPSTREAM, { signal: AbortSignal.timeout(60_000) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const tarball = join(scratch, 'upstream.tar.gz');
  writeFileSync(tarball, Buffer.from(await response.arrayBuffer()));
  return tarball;
}

/** Imports machine/debian.mjs lazily, because an installed package has the archive but not that module. */
async function fromDebian(scratch) {
  const { debian } = await import('./machine/debian.mjs');
  const directory = join(scratch, 'apt');
  const tarball = debian({
    directory,
    release: DEBIAN_SUITE,
    architecture: 'amd64',
    kind: 'deb-src',
  }).tarball('libseccomp');
  if (tarball === undefined) throw new Error('apt gave no release tarball');
  return tarball;
}

if (import.meta.filename === process.argv[1]) {
  try {
    await fetchLibseccomp();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
