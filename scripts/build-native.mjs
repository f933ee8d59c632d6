// Builds build/Release/seccomp.node with node-gyp, without a network: Node-API's headers come from an npm package.
// Usage: node scripts/build-native.mjs [--force] [--system-libseccomp] [--verbose]
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildTool } from './build-tools.mjs';
import { commandLine } from './command-line.mjs';
import { filesUnder, inRoot, modified } from './files.mjs';
import { fetchLibseccomp, libseccompSource } from './libseccomp.mjs';
import { run } from './run.mjs';

const buildFile = inRoot('binding.gyp');
const output = inRoot('build/Release/seccomp.node');
/** Records which libseccomp the output is linked with. */
const flavour = inRoot('build/libseccomp.flavour');

function isUpToDate(system) {
  if (!existsSync(output) || !existsSync(flavour)) return false;
  if (readFileSync(flavour, 'utf8') !== (system ? 'system' : 'bundled')) return false;
  const inputs = [
    ...filesUnder(inRoot('native')).map(path => inRoot('native', path)),
    buildFile,
    inRoot('scripts/native-sources.mjs'),
    ...(system ? [] : [libseccompSource().stamp]),
  ];
  const built = modified(output);
  return inputs.every(path => modified(path) < built);
}

/** The part of Node's own build settings that node-gyp needs for an add-on on Linux; the rest is in binding.gyp. */
export const COMMON_GYPI = `{
  "target_defaults": {
    "default_configuration": "Release",
    "configurations": {
      "Debug": { "cflags": ["-g", "-O0"], "defines": ["DEBUG"] },
      "Release": { "cflags": ["-O2"], "defines": ["NDEBUG"] }
    },
    "cflags": ["-pthread"],
    "ldflags": ["-pthread"]
  }
}
`;

/**
 * The directory that node-gyp uses as Node's headers. It has only those of Node-API, which are the same for every version,
 * and none of V8 or libuv. So the build needs neither nodejs.org nor an installation of Node with headers.
 */
export function headers() {
  const nodedir = inRoot('deps/headers');
  const include = join(nodedir, 'include/node');
  mkdirSync(include, { recursive: true });
  cpSync(join(buildTool('node-api-headers'), 'include'), include, { recursive: true });
  writeFileSync(join(include, 'common.gypi'), COMMON_GYPI);
  return nodedir;
}

function requireSystemLibseccomp() {
  const { status, error } = spawnSync('pkg-config', ['--atleast-version=2.5', 'libseccomp']);
  if (error !== undefined || status !== 0) {
    throw new Error(
      'pkg-config finds no libseccomp of version 2.5 or newer. Install libseccomp-dev and pkg-config',
    );
  }
}

/** The build files run `node`, which must be this one. npm's settings would override our options. */
export function buildEnvironment() {
  const own = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_config_'));
  return { ...Object.fromEntries(own), PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
}

/** Builds if something has changed. Returns whether it built. Throws with the log on failure. */
export function buildNative({ force = false, system = false, verbose = false } = {}) {
  // In an installed package it is in prebuilds/, so that no package manager finds it and runs a build.
  if (!existsSync(buildFile)) copyFileSync(inRoot('prebuilds/binding.gyp'), buildFile);
  if (!force && isUpToDate(system)) return false;
  if (system) requireSystemLibseccomp();
  else libseccompSource();
  const gyp = [
    join(buildTool('node-gyp'), 'bin/node-gyp.js'),
    ...['rebuild', '--jobs=max', `--nodedir=${headers()}`, '--force-process-config', '--'],
    `-Duse_system_libseccomp=${system ? 1 : 0}`,
  ];
  try {
    run(process.execPath, gyp, { env: buildEnvironment(), stdio: verbose ? 'inherit' : 'pipe' });
  } catch (error) {
    throw new Error(`${error.message}\nThe add-on could not be built`, { cause: error });
  }
  writeFileSync(flavour, system ? 'system' : 'bundled');
  return true;
}

if (import.meta.filename === process.argv[1]) {
  const { values } = commandLine(
    'node scripts/build-native.mjs [--force] [--system-libseccomp] [--verbose]',
    {
      options: {
        force: { type: 'boolean' },
        'system-libseccomp': { type: 'boolean' },
        verbose: { type: 'boolean' },
      },
    },
  );
  const { force, 'system-libseccomp': system, verbose } = values;
  try {
    if (!system) await fetchLibseccomp();
    buildNative({ force, system, verbose });
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
