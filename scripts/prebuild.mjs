// Fills prebuilds/ with the add-ons that the package ships, the same bytes wherever it runs. What is up to date is left alone.
// Usage: node scripts/prebuild.mjs [--force] [--verbose] [VARIANT...]   e.g. x64-glibc; all four by default
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEnvironment, COMMON_GYPI, headers } from './build-native.mjs';
import { buildTool } from './build-tools.mjs';
import { fetchLibseccomp, libseccompSource } from './libseccomp.mjs';
import { toolchain, TOOLCHAIN } from './toolchain.mjs';
import { VARIANTS, variantsNamed } from './variants.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What of the tree takes part in a build, beside what is in node_modules and deps. */
const SOURCES = ['binding.gyp', 'package.json', 'native', 'scripts'];
/** The inputs and the output of the last build of each variant. */
const stamps = join(root, 'deps/prebuilds.json');

const digest = data => createHash('sha256').update(data).digest('hex');

const COMPILE_FLAGS = ['-mcpu=baseline', '-fno-sanitize=undefined'];
const LINK_FLAGS = ['-O2', '-s'];
const OPTIONS = ['--napi', '--name', 'seccomp', '--target', '20.20.2', '--platform', 'linux'];

const filesUnder = directory =>
  readdirSync(join(root, directory), { withFileTypes: true })
    .map(entry => [entry, `${directory}/${entry.name}`])
    .flatMap(([entry, path]) => (entry.isDirectory() ? filesUnder(path) : [path]))
    .sort();

/** Changes whenever the output could. */
function inputsDigest() {
  const files = ['binding.gyp', ...filesUnder('native'), 'scripts/native-sources.mjs'];
  const versions = ['node-gyp', 'node-addon-api', 'node-api-headers'].map(
    name => JSON.parse(readFileSync(join(buildTool(name), 'package.json'), 'utf8')).version,
  );
  return digest(
    JSON.stringify([
      [TOOLCHAIN, VARIANTS, COMPILE_FLAGS, LINK_FLAGS, OPTIONS, COMMON_GYPI],
      [versions, libseccompSource().version],
      files.map(path => [path, digest(readFileSync(join(root, path)))]),
    ]),
  );
}

const readStamps = () => (existsSync(stamps) ? JSON.parse(readFileSync(stamps, 'utf8')) : {});

function isUpToDate({ name, file }, inputs) {
  const stamp = readStamps()[name];
  const output = join(root, file);
  return stamp?.inputs === inputs && existsSync(output) && stamp.output === digest(readFileSync(output));
}

/** Compiles one variant in a copy of the tree: the build folder of the clone stays as it is. */
function build({ arch, libc, target, file }, { zig, env }, verbose) {
  const directory = mkdtempSync(join(root, 'deps/.prebuild-'));
  try {
    for (const path of SOURCES) cpSync(join(root, path), join(directory, path), { recursive: true });
    for (const path of ['node_modules', 'deps']) symlinkSync(join(root, path), join(directory, path));
    // The paths of this machine are no part of the output.
    const prefixes = [directory, root].map(path => `-ffile-prefix-map=${path.replace(/\/$/, '')}=.`);
    const compileFlags = [...COMPILE_FLAGS, ...prefixes].join(' ');
    const variant = ['--arch', arch, '--libc', libc, '--tag-libc', libc];
    const { status, error, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/prebuildify/bin.js'), ...OPTIONS, ...variant],
      {
        cwd: directory,
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
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`${stdout ?? ''}${stderr ?? ''}\n${file} could not be built`);
    mkdirSync(dirname(join(root, file)), { recursive: true });
    renameSync(join(directory, file), join(root, file));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Puts the licences of all that is linked into the files beside them. */
function copyLicenses({ licenses }) {
  const directory = join(root, 'prebuilds/licenses');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const linked = {
    ...licenses,
    libseccomp: join(libseccompSource().directory, 'LICENSE'),
    'node-addon-api': join(buildTool('node-addon-api'), 'LICENSE.md'),
  };
  for (const [name, path] of Object.entries(linked)) copyFileSync(path, join(directory, `${name}.txt`));
}

/** Package managers run node-gyp by themselves where a package has binding.gyp at its root. scripts/build-native.mjs puts it back. */
const hideBuildFile = () => copyFileSync(join(root, 'binding.gyp'), join(root, 'prebuilds/binding.gyp'));

/** Builds the named variants, unless nothing changed. Throws with the log when one fails. */
export async function prebuild(names = [], { force = false, verbose = false, built = () => {} } = {}) {
  const variants = variantsNamed(names);
  await fetchLibseccomp();
  const tools = toolchain();
  const inputs = inputsDigest();
  for (const variant of variants) {
    if (!force && isUpToDate(variant, inputs)) continue;
    const started = Date.now();
    build(variant, tools, verbose);
    const output = digest(readFileSync(join(root, variant.file)));
    writeFileSync(stamps, JSON.stringify({ ...readStamps(), [variant.name]: { inputs, output } }, null, 2));
    built(variant, (Date.now() - started) / 1000);
  }
  copyLicenses(tools);
  hideBuildFile();
}

if (import.meta.filename === process.argv[1]) {
  const options = ['--force', '--verbose'];
  const given = process.argv.slice(2);
  try {
    await prebuild(
      given.filter(argument => !options.includes(argument)),
      {
        force: given.includes('--force'),
        verbose: given.includes('--verbose'),
        built: ({ file }, seconds) => console.log(`${file} (${seconds.toFixed(1)} s)`),
      },
    );
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
