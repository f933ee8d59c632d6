// Packages of a Debian release for any architecture, fetched and unpacked in folders of our own: nothing is installed, and the
// sources and indexes of the system stay as they are.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The options that make apt work on `directory` alone. */
function privateApt(directory, architecture) {
  return [
    `Dir::State=${directory}/state`,
    `Dir::State::status=${directory}/status`,
    `Dir::Cache=${directory}/cache`,
    `Dir::Etc::sourcelist=${directory}/sources.list`,
    `Dir::Etc::sourceparts=${directory}/none`,
    `Dir::Etc::preferencesparts=${directory}/none`,
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    'APT::Install-Recommends=false',
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Debug::NoLocking=true',
  ].flatMap(option => ['-o', option]);
}

/** The archives that this system gets its packages from: they have those of other architectures too. */
function archives() {
  const listed = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { encoding: 'utf8' });
  return [...new Set(listed.split('\n').filter(uri => /\/debian(?:-security)?\/?$/.test(uri)))];
}

/**
 * An apt of its own in a folder: `current` gives the package that one without content stands for, `download` the paths of
 * packages and of all that they depend on, `downloadAlone` that of one package.
 */
export function debian({ directory, release, architecture }) {
  for (const part of ['none', 'state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(directory, part), { recursive: true });
  writeFileSync(join(directory, 'status'), '');
  const signed = existsSync(KEYS) ? `[signed-by=${KEYS}] ` : '';
  const sources = archives().map(
    uri => `deb ${signed}${uri} ${/security/.test(uri) ? `${release}-security` : release} main\n`,
  );
  writeFileSync(join(directory, 'sources.list'), sources.join(''));

  const options = privateApt(directory, architecture);
  const apt = (command, ...args) =>
    execFileSync(command, [...options, '-q', ...args], {
      cwd: directory,
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 64 * 1024 * 1024,
    });
  const packagesIn = folder =>
    readdirSync(folder)
      .filter(name => name.endsWith('.deb'))
      .map(name => join(folder, name));
  apt('apt-get', 'update');
  return {
    current(name, pattern) {
      const [found] = pattern.exec(apt('apt-cache', 'depends', '--important', name)) ?? [];
      if (found === undefined) throw new Error(`${name} of ${release} depends on nothing like ${pattern}`);
      return found;
    },
    download(names) {
      apt('apt-get', '--yes', '--download-only', 'install', ...names);
      return packagesIn(join(directory, 'cache/archives'));
    },
    downloadAlone(name) {
      apt('apt-get', 'download', name);
      const [path] = packagesIn(directory);
      return path;
    },
  };
}

/** Unpacks the files of a package, or of the given folders of it, into a tree where `/bin` and `/lib` may be links. */
export function unpack(path, tree, ...folders) {
  execFileSync(
    'sh',
    ['-ec', 'dpkg --fsys-tarfile "$0" | tar -x --keep-directory-symlink -C "$@"', path, tree, ...folders],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
}
