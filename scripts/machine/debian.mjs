// Fetches and unpacks packages of a Debian release for any architecture in a private folder: nothing is installed, and the
// package sources and indexes of the system do not change.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Something cannot be fetched: Debian no longer has the release, or there is no network. */
export class Unavailable extends Error {}

/** Settings that make apt use only `directory`, without the hooks of the system. */
const privateApt = (directory, architecture) => `
Dir::State "${directory}/state";
Dir::State::status "${directory}/status";
Dir::Cache "${directory}/cache";
Dir::Etc::sourcelist "${directory}/sources.list";
Dir::Etc::sourceparts "${directory}/none";
Dir::Etc::preferencesparts "${directory}/none";
APT::Architecture "${architecture}";
#clear APT::Architectures;
APT::Architectures { "${architecture}"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
// An archive that cannot be reached is an error, not a warning.
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Debug::NoLocking "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;

/** The Debian archives that this system uses: they have packages of other architectures and releases too. */
export function archives() {
  const listed = execFileSync('apt-get', ['update', '--print-uris'], { encoding: 'utf8' });
  return [...new Set([...listed.matchAll(/^'(\S+\/debian(?:-security)?)\/dists\//gm)].map(([, uri]) => uri))];
}

/**
 * A private apt in a folder. `dependencies` returns the packages that one depends on and whose names match a pattern.
 * `download` returns the paths of packages and all their dependencies, `downloadAlone` that of one package, and `tarball`,
 * with the kind `deb-src`, that of the original tarball of a source package.
 */
export function debian({ directory, release, architecture, kind = 'deb' }) {
  for (const part of ['none', 'state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(directory, part), { recursive: true });
  writeFileSync(join(directory, 'status'), '');
  const signed = existsSync(KEYS) ? `[signed-by=${KEYS}] ` : '';
  const sources = archives()
    .map(uri => ({ uri, suite: /security/.test(uri) ? `${release}-security` : release }))
    .filter(({ suite }) => suite !== 'sid-security')
    .map(({ uri, suite }) => `${kind} ${signed}${uri} ${suite} main\n`);
  writeFileSync(join(directory, 'sources.list'), sources.join(''));

  const settings = join(directory, 'apt.conf');
  writeFileSync(settings, privateApt(directory, architecture));
  const apt = (command, args, cwd = directory) => {
    const { status, stdout } = spawnSync(command, ['-c', settings, '-q', ...args], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status === 0) return stdout;
    throw new Unavailable(`${command} ${args.join(' ')} fails for ${architecture} of ${release}`);
  };
  const filesIn = (folder, extension = '.deb') =>
    readdirSync(folder)
      .filter(name => name.endsWith(extension))
      .map(name => join(folder, name));
  apt('apt-get', ['update']);
  return {
    dependencies(name, pattern) {
      const listed = apt('apt-cache', ['depends', '--recurse', '--important', name]).split('\n');
      return [...new Set(listed)].filter(line => pattern.test(line));
    },
    download(names) {
      apt('apt-get', ['--yes', '--download-only', 'install', ...names]);
      return filesIn(join(directory, 'cache/archives'));
    },
    downloadAlone(name) {
      const folder = mkdtempSync(join(directory, 'alone-'));
      apt('apt-get', ['download', name], folder);
      return filesIn(folder)[0];
    },
    tarball(name) {
      const folder = mkdtempSync(join(directory, 'source-'));
      apt('apt-get', ['source', '--download-only', '--tar-only', name], folder);
      return filesIn(folder, '.orig.tar.gz')[0];
    },
  };
}

/** Unpacks the files of a package that match a pattern into a tree in which `/bin` and `/lib` may be symbolic links. */
export function unpack(path, tree, pattern = '*') {
  execFileSync(
    'sh',
    [
      '-ec',
      'dpkg --fsys-tarfile "$0" | tar -x --keep-directory-symlink --wildcards -C "$1" "$2"',
      ...[path, tree, pattern],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
}
