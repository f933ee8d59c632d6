// Builds the shipped add-ons in prebuilds/ reproducibly: every machine makes the same bytes. Skips files that are up to date.
// Usage: node scripts/prebuild.mjs [--force] [--verbose] [VARIANT...]   e.g. x64-glibc; all by default
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { buildEnvironment, COMMON_GYPI, headers } from './build-native.mjs';
import { buildTool } from './build-tools.mjs';
import { commandLine } from './command-line.mjs';
import { filesUnder, inRoot, readJson, root, withScratch } from './files.mjs';
import { fetchLibseccomp, libseccompSource } from './libseccomp.mjs';
import { run } from './run.mjs';
import { toolchain, TOOLCHAIN } from './toolchain.mjs';
import { VARIANTS, variantsNamed } from './variants.mjs';

/** The files of the tree that a build needs, besides node_modules and deps. */
const SOURCES = ['binding.gyp', 'package.json', 'native', 'scripts'];
/** The inputs and the output of the last build of each variant. */
const stamps = inRoot('deps/prebuilds.json');

const digest = data => createHash('sha256').update(data).digest('hex');

const COMPILE_FLAGS = ['-mcpu=baseline', '-fno-sanitize=undefined'];
const LINK_FLAGS = ['-O2', '-s'];
const OPTIONS = ['--napi', '--name', 'seccomp', '--target', '20.20.2', '--platform', 'linux'];

/** The digest of everything that can affect the output. */
function inputsDigest() {
  const files = [
    'binding.gyp',
    ...filesUnder(inRoot('native')).map(path => `native/${path}`),
    'scripts/native-sources.mjs',
  ];
  const versions = ['node-gyp', 'node-addon-api', 'node-api-headers'].map(
    name => readJson(join(buildTool(name), 'package.json')).version,
  );
  return digest(
    JSON.stringify([
      [TOOLCHAIN, VARIANTS, COMPILE_FLAGS, LINK_FLAGS, OPTIONS, COMMON_GYPI],
      [versions, libseccompSource().version],
      files.map(path => [path, digest(readFileSync(inRoot(path)))]),
    ]),
  );
}

const readStamps = () => (existsSync(stamps) ? readJson(stamps) : {});

function isUpToDate({ name, file }, inputs) {
  const stamp = readStamps()[name];
  const output = inRoot(file);
  return stamp?.inputs === inputs && existsSync(output) && stamp.output === digest(readFileSync(output));
}

/** Compiles one variant in a copy of the tree, so that the clone's build folder does not change. */
function build({ arch, libc, target, file }, { zig, env }, verbose) {
  withScratch(inRoot('deps/.prebuild-'), cwd => {
    for (const path of SOURCES) cpSync(inRoot(path), join(cwd, path), { recursive: true });
    for (const path of ['node_modules', 'deps']) symlinkSync(inRoot(path), join(cwd, path));
    // Keeps the paths of this machine out of the output.
    const prefixes = [cwd, root].map(path => `-ffile-prefix-map=${path.replace(/\/$/, '')}=.`);
    const compileFlags = [...COMPILE_FLAGS, ...prefixes].join(' ');
    const variant = ['--arch', arch, '--libc', libc, '--tag-libc', libc];
    try {
      run(process.execPath, [inRoot('node_modules/prebuildify/bin.js'), ...OPTIONS, ...variant], {
        cwd,
        env: {
          ...buildEnvironment(),
          ...env,
          CC: `${zig} cc -target ${target}`,
          CXX: `${zig} c++ -target ${target}`,
          AR: `${zig} ar`,
          CFLAGS: compileFlags,
          CXXFLAGS: compileFlags,
          LDFLAGS: LINK_FLAGS.join(' '),
          JOBS: 'max',
          npm_config_nodedir: headers(),
          npm_config_force_process_config: 'true',
        },
        stdio: verbose ? 'inherit' : 'pipe',
      });
    } catch (error) {
      throw new Error(`${error.message}\n${file} could not be built`, { cause: error });
    }
    mkdirSync(dirname(inRoot(file)), { recursive: true });
    renameSync(join(cwd, file), inRoot(file));
  });
}

/** Copies the licences of everything that is linked into the add-ons to their folder. */
function copyLicenses({ licenses }) {
  const directory = inRoot('prebuilds/licenses');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const linked = {
    ...licenses,
    libseccomp: join(libseccompSource().directory, 'LICENSE'),
    'node-addon-api': join(buildTool('node-addon-api'), 'LICENSE.md'),
  };
  for (const [name, path] of Object.entries(linked)) copyFileSync(path, join(directory, `${name}.txt`));
}

/** Package managers run node-gyp if a package has binding.gyp at its root. scripts/build-native.mjs restores the file. */
const hideBuildFile = () => copyFileSync(inRoot('binding.gyp'), inRoot('prebuilds/binding.gyp'));

/** Builds the named variants if something has changed. Throws with the log if one fails. */
async function prebuild(names, { force = false, verbose = false }) {
  const variants = variantsNamed(names);
  await fetchLibseccomp();
  const tools = toolchain();
  const inputs = inputsDigest();
  for (const variant of variants) {
    if (!force && isUpToDate(variant, inputs)) continue;
    const started = Date.now();
    build(variant, tools, verbose);
    const output = digest(readFileSync(inRoot(variant.file)));
    writeFileSync(stamps, JSON.stringify({ ...readStamps(), [variant.name]: { inputs, output } }, null, 2));
    console.log(`${variant.file} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  }
  copyLicenses(tools);
  hideBuildFile();
}

if (import.meta.filename === process.argv[1]) {
  const { operands, values } = commandLine('node scripts/prebuild.mjs [--force] [--verbose] [VARIANT...]', {
    options: { force: { type: 'boolean' }, verbose: { type: 'boolean' } },
    count: [0, Infinity],
  });
  try {
    await prebuild(operands, values);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
