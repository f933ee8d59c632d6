// Builds build/Release/seccomp.node with node-gyp, without a network: Node-API's headers come from npm like the rest.
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
/** Which libseccomp the output is linked with. */
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

/** All that node-gyp needs of Node's own build settings for an add-on on Linux; the rest is in binding.gyp. */
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
 * The directory that node-gyp takes for Node's headers: those of Node-API, which are the same for every version, and
 * nothing of V8 or libuv. So neither nodejs.org nor a Node that was installed with its headers is needed.
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

/** The build files ask `node` for lists: let it be this one. npm's settings would overrule our options. */
export function buildEnvironment() {
  const own = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_config_'));
  return { ...Object.fromEntries(own), PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
}

/** Builds unless there is nothing to do. Returns whether there was. Throws with the log when it fails. */
export function buildNative({ force = false, system = false, verbose = false } = {}) {
  // An installed package has it where no package manager sees it and builds by itself.
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
