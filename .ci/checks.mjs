// Runs the suites and the checks and adds them up. Usage: .ci/run [NAME...], one after the other; all of them by default,
// in two lanes at once.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages, missingPackages, NotInstallable } from '../scripts/debian-packages.mjs';
import { buildFuzzers, configureFuzzers, fuzz, fuzzTargets, NEEDS as FUZZING } from '../scripts/fuzz.mjs';
import { libseccompSource } from '../scripts/libseccomp.mjs';
import { toolsFor } from '../scripts/machine/architectures.mjs';
import { nodeBinary } from '../scripts/nodes.mjs';
import { pack } from '../scripts/pack.mjs';
import { brokenLinks } from '../scripts/package-links.mjs';
import { checkKernelTables, OtherKernel, Unavailable } from '../scripts/refresh-kernel.mjs';
import { toolchain } from '../scripts/toolchain.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'seccomp-ci-'));
// Tests run programs of it as another user.
chmodSync(scratch, 0o755);
const MOCHA = join(root, 'node_modules/mocha/bin/mocha.js');
const REPORTER = join(root, '.ci/reporter.cjs');
const NATIVE_SUITE = ['out/test/native/**/*.test.js'];
/** Everything much and at once, which takes longer where memory is checked. */
const STRESS_SUITE = ['out/test/stress/**/*.test.js'];
/** For each fuzzer, beyond what the corpus takes. */
const FUZZ_SECONDS = 5;

/** The part of it that also runs on arm64 every time. */
const ARM64_SUITE = ['load', 'notify', 'compat', 'features'];

const totals = { passed: 0, failed: 0, skipped: 0 };

/** Why a check cannot be made on this machine. */
class Skip extends Error {}

/** Runs a command and throws with everything it said when it fails. */
function run(command, args, { env = {}, cwd = root, input = '' } = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    input,
    maxBuffer: 256 * 1024 * 1024,
    timeout: 1_500_000,
  });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${stdout}${stderr}\n${command} ${args.join(' ')}: ${signal ?? `exit ${status}`}`);
  return stdout;
}

/** Runs mocha, shows what it shows, and adds its counts. A run that gives none has failed. */
function suite(command, args, { env = {}, cwd = root } = {}) {
  const file = join(mkdtempSync(join(scratch, 'totals-')), 'totals.json');
  const { status, signal } = spawnSync(command, [...args, '--reporter', REPORTER], {
    cwd,
    env: { ...process.env, ...env, MOCHA_TOTALS: file },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 1_500_000,
  });
  const { passes, failures, pending, milliseconds } = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { passes: 0, failures: 0, pending: 0, milliseconds: {} };
  totals.passed += passes;
  totals.failed += failures;
  totals.skipped += pending;
  const slowest = Object.entries(milliseconds).sort(([, one], [, other]) => other - one);
  for (const [name, took] of slowest.slice(0, 5)) console.log(`  ${(took / 1000).toFixed(0)} s ${name}`);
  if ((status !== 0 && failures === 0) || passes === 0) {
    throw new Error(`mocha ended with ${signal ?? `exit ${status}`} after ${passes} tests that passed`);
  }
}

/** Installs Debian packages unless their commands are there. */
function need(packages) {
  try {
    installPackages(missingPackages(packages));
  } catch (error) {
    throw error instanceof NotInstallable ? new Skip(error.message) : error;
  }
}

const filesOf = pattern =>
  run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...pattern])
    .split('\n')
    .filter(path => existsSync(join(root, path)) && path !== '');

/** A copy of the tree with what was compiled from TypeScript, for a build of the add-on of its own. */
function copyOfTree(name) {
  const copy = join(scratch, name);
  const apart = ['.git', 'build', 'deps', 'node_modules', 'prebuilds'];
  cpSync(root, copy, {
    recursive: true,
    filter: path => !apart.includes(relative(root, path).split(sep)[0]),
  });
  for (const shared of ['deps', 'node_modules']) symlinkSync(join(root, shared), join(copy, shared));
  return copy;
}

const bin = name => join(root, 'node_modules/.bin', name);
const CC = ['*.cc', '*.h'];

/** Builds with the sanitizers, where clang-tidy also finds how every file is compiled. */
function sanitizedBuild() {
  const directory = join(scratch, 'cmake');
  if (!existsSync(join(directory, 'Release/seccomp.node'))) {
    const options = [
      '--CDSECCOMP_SANITIZE=address,undefined',
      '--CDCMAKE_CXX_COMPILER=g++',
      '--CDCMAKE_C_COMPILER=gcc',
    ];
    run(process.execPath, [bin('cmake-js'), 'build', '--out', directory, ...options]);
  }
  return directory;
}

const SANITIZED = { cmake: 'cmake', 'g++': 'g++', make: 'make' };

/** Of the options of a compiler, those that do not depend on the C library. */
const FOR_ANY_LIBC = /(?<= )(?:-isystem \S+|-[IDW]\S+|-std=\S+|-fno-(?:exceptions|rtti))(?= )/g;

/** What checks take of Debian's packages: a command or a file, and what brings it. */
const NEEDS = {
  'clang-format': { 'clang-format': 'clang-format' },
  'clang-tidy': { 'clang-tidy': 'clang-tidy', ...SANITIZED, ...FUZZING },
  fuzz: FUZZING,
  musl: SANITIZED,
  sanitizers: SANITIZED,
  'system-libseccomp': { '/usr/include/seccomp.h': 'libseccomp-dev', 'pkg-config': 'pkg-config' },
  containers: { '/usr/sbin/runc': 'runc', '/usr/bin/crun': 'crun', cc: 'gcc' },
  page: { chromium: 'chromium' },
  'base-calls': { strace: 'strace', script: 'bsdutils' },
  arm64: toolsFor('arm64'),
};

/** What is built on the inside of Node: its rings, workers, channels and ways to start processes. */
const OF_EACH_NODE = [
  ...['addon', 'load'].map(name => `native/${name}`),
  ...[
    'apply-profile',
    'exec-file',
    'features',
    'fork',
    'load',
    'rings',
    'sandboxed-worker',
    'spawn',
    'spawn-sync',
  ].map(name => `process/${name}`),
  ...['debugger', 'rings', 'sandboxed-worker', 'starters', 'worker-lifetime', 'worker-messages'].map(
    name => `attacks/${name}`,
  ),
  'cli/run',
  'examples/examples',
].map(name => `out/test/${name}.test.js`);

/** What the add-on does, once for each of its parts: that it is the same source is known, that the file works is not. */
const OF_THE_ADDON = [
  'native/addon',
  'native/load',
  'process/apply-profile',
  'process/spawn',
  'process/sandboxed-worker',
].map(name => `out/test/${name}.test.js`);

const nodeSuite = major => () => suite(nodeBinary(major), [MOCHA, ...OF_EACH_NODE]);

const CHECKS = {
  test: () => suite('npm', ['test', '--silent', '--']),
  types: () => run(bin('tsc'), ['-b']),
  eslint: () => run(bin('eslint'), ['.', '--max-warnings=0']),
  prettier: () => run(bin('prettier'), ['--check', '--log-level=warn', '.']),
  'kernel-tables'() {
    try {
      checkKernelTables();
    } catch (error) {
      if (error instanceof OtherKernel || error instanceof Unavailable) throw new Skip(error.message);
      throw error;
    }
  },
  'profile-schema': () => run(process.execPath, ['scripts/generate-profile-schema.mjs', '--check']),
  'api-table': () => run(process.execPath, ['scripts/generate-api-table.mjs', '--check']),
  // Fails when an export, or a member of one, has no comment, and on links that lead nowhere; typedoc.json has the rules.
  typedoc: () => run(bin('typedoc'), ['--emit', 'none']),
  prebuilds() {
    if (process.arch !== 'x64') throw new Skip('the compiler of the prebuilt files needs an x64 processor');
    // The file that the package brings for this machine is what is tested. All four are made, and checked, by prepack.
    run(process.execPath, ['scripts/prebuild.mjs', 'x64-glibc']);
    run(process.execPath, ['scripts/check-prebuilds.mjs', 'x64-glibc']);
    const copy = copyOfTree('prebuilt');
    cpSync(join(root, 'prebuilds/linux-x64/seccomp.glibc.node'), join(copy, 'build/Release/seccomp.node'));
    suite(process.execPath, [MOCHA, ...OF_THE_ADDON], { cwd: copy });
  },
  package: checkPackage,
  packed: checkPacked,
  managers: () => run(process.execPath, ['scripts/check-managers.mjs']),
  bundlers: () => run(process.execPath, ['scripts/check-bundlers.mjs']),
  'clang-format'() {
    run('clang-format', ['--dry-run', '-Werror', ...filesOf(CC)]);
  },
  'clang-tidy'() {
    // The fuzzers are built by clang alone.
    const builds = [
      [sanitizedBuild(), ['native/*.cc', ':!native/fuzz']],
      [configureFuzzers(), ['native/fuzz/*.cc']],
    ];
    for (const [build, sources] of builds) {
      run('xargs', ['-P2', '-n3', 'clang-tidy', '--quiet', '-p', build], {
        input: filesOf(sources).join('\n'),
      });
    }
  },
  sanitizers() {
    const built = sanitizedBuild();
    const copy = copyOfTree('sanitized');
    cpSync(join(built, 'Release'), join(copy, 'build/Release'), { recursive: true });
    const runtime = ['libasan.so', 'libubsan.so'].map(name =>
      run('g++', [`-print-file-name=${name}`]).trim(),
    );
    suite(process.execPath, [MOCHA, ...NATIVE_SUITE, ...STRESS_SUITE], {
      cwd: copy,
      env: {
        STRESS: '1',
        CHILD_MINUTES: '10',
        LD_PRELOAD: runtime.join(' '),
        // Node frees little at its end; a test measures memory, which the quarantine would keep.
        ASAN_OPTIONS: 'detect_leaks=0:quarantine_size_mb=8',
        UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
      },
    });
  },
  musl() {
    if (process.arch !== 'x64') throw new Skip('the compiler of the prebuilt files needs an x64 processor');
    // To make the add-ons for musl takes minutes, to find that every source is fit for it seconds.
    const { zig, env } = toolchain();
    const built = JSON.parse(readFileSync(join(sanitizedBuild(), 'compile_commands.json'), 'utf8'));
    const calls = built
      .filter(({ file }) => /\/native\/(?!launcher\/|tracer\/)/.test(file))
      .map(({ command, file }, index) => {
        const output = join(scratch, `musl-${index}.o`);
        return [...command.match(FOR_ANY_LIBC), file, '-o', output].join(' ');
      });
    const options = ['-P2', '-L1', zig, 'c++', '-target', 'x86_64-linux-musl', '-c'];
    run('xargs', options, { env, input: calls.join('\n') });
  },
  fuzz() {
    buildFuzzers();
    for (const target of fuzzTargets()) {
      const { report, ...result } = fuzz(target, FUZZ_SECONDS);
      console.log(JSON.stringify(result));
      if (result.failed) throw new Error(report);
    }
  },
  'system-libseccomp'() {
    const copy = copyOfTree('system');
    run(process.execPath, ['scripts/build-native.mjs', '--system-libseccomp'], { cwd: copy });
    suite(process.execPath, [MOCHA, ...NATIVE_SUITE], { cwd: copy });
  },
  containers() {
    if (process.getuid() !== 0) throw new Skip('containers are started as root');
    suite(process.execPath, [MOCHA, 'out/test/containers/**/*.test.js']);
  },
  arm64() {
    // The whole of the live tests takes an emulated machine the better part of an hour: npm run test:arm64.
    const files = ARM64_SUITE.map(name => `out/test/process/${name}.test.js`);
    const said = run(process.execPath, ['scripts/test-machine.mjs', 'arm64', ...files]);
    const [, reason] = /^skipped: (.*)$/m.exec(said) ?? [];
    if (reason !== undefined) throw new Skip(reason);
    const summary = said.trim().split('\n').pop();
    console.log(summary);
    const { passed, skipped } = JSON.parse(summary);
    totals.passed += passed;
    totals.skipped += skipped;
  },
  page() {
    suite(process.execPath, [MOCHA, 'out/test/report/page.test.js']);
  },
  'base-calls'() {
    if (process.arch !== 'x64') throw new Skip('the lists of calls were measured on x64');
    run(process.execPath, ['scripts/measure-base-calls.mjs', '--quick']);
  },
  // The nightly run has all that lives on each of them (scripts/nightly.mjs).
  'node-22': nodeSuite(22),
  'node-24': nodeSuite(24),
  'node-26': nodeSuite(26),
};

/** What npm would publish has what package.json points to. */
function checkPackage() {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [{ files }] = JSON.parse(run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']));
  const packed = new Set(files.map(({ path }) => path));
  const entries = [
    manifest.main,
    manifest.types,
    ...Object.values(manifest.bin),
    ...Object.values(manifest.exports['.']),
  ];
  const needed = [
    ...entries.map(path => path.replace('./', '')),
    ...['call-classes.txt', 'first-versions.txt', 'named-values.txt', 'signatures.txt'].map(
      name => `data/${name}`,
    ),
    ...['page.css', 'page.js'].map(name => `data/report/${name}`),
    'bundle/report-interpreter.js',
    'prebuilds/linux-x64/seccomp.glibc.node',
    `deps/libseccomp-${libseccompSource().version}.tar.gz`,
    'prebuilds/binding.gyp',
    'prebuilds/licenses/libseccomp.txt',
    'profile.schema.json',
    'profiles/profile.d.cts',
    ...['module/apply.js', 'bundle/preload.mjs', 'bundle/package-files.js', 'types/package.json'],
    'profiles/docker-default.json',
    ...['SECURITY.md', 'CONTRIBUTING.md', 'docs/README.md', 'examples/worker.mjs'],
    'THIRD-PARTY.md',
  ];
  const missing = needed.filter(path => !packed.has(path));
  if (missing.length > 0) throw new Error(`not in the package: ${missing.join(', ')}`);
  const odd = [...packed].filter(path =>
    /^(test|out|deps(?!\/libseccomp-)|build|\.ci|lib)\/|^binding\.gyp$|\.js\.map$|\.tsbuildinfo$/.test(path),
  );
  if (odd.length > 0) throw new Error(`in the package: ${odd.join(', ')}`);
}

/** What npm would publish works where there is nothing else, and tools read its package.json as we mean it. */
function checkPacked() {
  const tarball = pack(scratch);
  run(bin('publint'), ['--strict', tarball]);
  run(bin('attw'), ['--profile', 'node16', tarball]);
  const unpacked = mkdtempSync(join(scratch, 'packed-'));
  run('tar', ['-xzf', tarball, '-C', unpacked]);
  const broken = brokenLinks(join(unpacked, 'package'));
  if (broken.length > 0) throw new Error(`links that lead nowhere in the package:\n${broken.join('\n')}`);
  const versions = ['20', '22', '24', '26'];
  process.stdout.write(
    run(process.execPath, ['scripts/check-package.mjs', '--tarball', tarball, ...versions]),
  );
}

function perform(name, check) {
  const started = Date.now();
  const failedBefore = totals.failed;
  let outcome;
  try {
    need(NEEDS[name] ?? {});
    check();
    if (totals.failed === failedBefore) {
      totals.passed += 1;
      outcome = 'passed';
    } else {
      outcome = 'FAILED';
    }
  } catch (error) {
    totals[error instanceof Skip ? 'skipped' : 'failed'] += 1;
    outcome = error instanceof Skip ? `skipped: ${error.message}` : `FAILED\n${error.message}`;
  }
  console.log(`${name}: ${outcome} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** Checks that wait for each other: they build on what others made. Tests of live processes are one after the other. */
const LANES = [
  ['test', 'system-libseccomp', 'containers', 'page', 'base-calls', 'node-22'],
  [
    ...[
      'types',
      'eslint',
      'prettier',
      'kernel-tables',
      'profile-schema',
      'api-table',
      'typedoc',
      'clang-format',
    ],
    ...[
      'clang-tidy',
      'musl',
      'sanitizers',
      'fuzz',
      'prebuilds',
      'package',
      'packed',
      'managers',
      'bundlers',
      'arm64',
    ],
    'node-24',
    'node-26',
  ],
];

/** Runs a lane in a process of its own, and adds up what it leaves behind. The first one shows what it does as it does it. */
async function runLane(names, index) {
  const file = join(scratch, `lane-${index}.json`);
  const lane = spawn(process.execPath, [fileURLToPath(import.meta.url), ...names], {
    env: { ...process.env, CHECKS_TOTALS: file },
    stdio: ['ignore', index === 0 ? 'inherit' : 'pipe', index === 0 ? 'inherit' : 'pipe'],
  });
  const said = [];
  for (const stream of [lane.stdout, lane.stderr]) stream?.on('data', chunk => said.push(chunk));
  const [status, signal] = await once(lane, 'close');
  process.stdout.write(Buffer.concat(said));
  if (!existsSync(file)) throw new Error(`lane ${index} ended with ${signal ?? `exit ${status}`}`);
  const counts = JSON.parse(readFileSync(file, 'utf8'));
  for (const name of Object.keys(totals)) totals[name] += counts[name];
}

async function runAll() {
  const left = Object.keys(CHECKS).filter(name => !LANES.flat().includes(name));
  if (left.length > 0) throw new Error(`in no lane: ${left.join(', ')}`);
  // What all of them need.
  const { status } = spawnSync(process.execPath, ['scripts/setup.mjs', '--quiet'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the set-up failed');
  // Two lanes cannot install at once. What fails here fails again where it is needed, and is told there.
  try {
    need(Object.assign({}, ...Object.values(NEEDS)));
  } catch {
    console.log('not all packages could be installed');
  }
  await Promise.all(LANES.map(runLane));
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter(name => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}\nusage: .ci/run [${Object.keys(CHECKS).join('|')}]...`);
  process.exit(2);
}
try {
  if (wanted.length === 0) await runAll();
  else for (const name of wanted) perform(name, CHECKS[name]);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const { CHECKS_TOTALS } = process.env;
if (CHECKS_TOTALS !== undefined) writeFileSync(CHECKS_TOTALS, JSON.stringify(totals));
else console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;
