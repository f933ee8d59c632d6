// Compiles the C programs of the benchmarks when their sources are newer, against the libseccomp that the add-on links.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inRoot, modified } from '../files.mjs';
import { run } from '../run.mjs';

const sources = fileURLToPath(new URL('programs', import.meta.url));

/** The output folder of the benchmarks. */
export const scratch = inRoot('out/bench');

const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror'];

/** Runs a command that makes `output` if one of the inputs is newer. */
function make(output, inputs, command, args, options = {}) {
  mkdirSync(scratch, { recursive: true });
  if (modified(output) > Math.max(...inputs.map(modified))) return output;
  run(command, args, options);
  return output;
}

/** The static library of the add-on's build, under either of the names that gyp uses. */
function archive() {
  const found = ['seccomp.a', 'libseccomp.a', 'obj.target/seccomp.a', 'obj.target/libseccomp.a']
    .map(name => inRoot('build/Release', name))
    .find(existsSync);
  if (found === undefined)
    throw new Error('There is no libseccomp in build/Release: run npm run setup first');
  return found;
}

const includeDirectory = () =>
  inRoot(run(process.execPath, ['scripts/native-sources.mjs', 'libseccomp-include']).trim());

/** A program of one C file and filter.h that needs nothing but libc. */
export function buildProgram(name) {
  const source = join(sources, `${name}.c`);
  const output = join(scratch, name);
  return make(output, [source, join(sources, 'filter.h')], 'cc', [...FLAGS, '-o', output, source]);
}

/** A program of one C file that uses libseccomp. */
export function buildWithLibseccomp(name) {
  const source = join(sources, `${name}.c`);
  const output = join(scratch, name);
  const library = archive();
  return make(output, [source, library], 'cc', [
    ...FLAGS,
    `-I${includeDirectory()}`,
    ...['-o', output, source, library],
  ]);
}

/**
 * A directory with the same library as a shared library, under the name that bindings load, so that the bindings are
 * compared and not versions of libseccomp.
 */
export function sharedLibseccomp() {
  const directory = join(scratch, 'lib');
  mkdirSync(directory, { recursive: true });
  const library = archive();
  const output = join(directory, 'libseccomp.so.2');
  const whole = ['-Wl,--whole-archive', library, '-Wl,--no-whole-archive'];
  make(output, [library], 'cc', ['-shared', `-Wl,-soname,${basename(output)}`, '-o', output, ...whole]);
  return directory;
}

/** A program of one Go file that uses Debian's Go packages. */
export function buildGo(name, goPath) {
  const source = join(sources, `${name}.go`);
  const output = join(scratch, `${name}-go`);
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: goPath, GOCACHE: join(scratch, 'go-cache') };
  return make(output, [source], 'go', ['build', '-o', output, source], { env });
}

/** The path of a program that is interpreted. */
export const programPath = name => join(sources, name);

/** Whether a command succeeds. */
export const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
