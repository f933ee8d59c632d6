// The checks of a change: what each runs, which Debian packages it needs, and which checks it waits for.
import { join } from 'node:path';
import { inRoot } from '../scripts/files.mjs';
import { buildFuzzers, fuzz, fuzzTargets, NEEDS as FUZZING } from '../scripts/fuzz.mjs';
import { toolsFor } from '../scripts/machine/architectures.mjs';
import { nodeBinary } from '../scripts/nodes.mjs';
import { checkKernelTables, OtherKernel, Unavailable } from '../scripts/refresh-kernel.mjs';
import { run } from '../scripts/run.mjs';
import { clangTidy, clangTidyByFile, copyTree, filesOf, musl, SANITIZED, sanitizers } from './builds.mjs';
import { checkContents, checkPacked, checkPrebuilt } from './package.mjs';
import { Skip } from './runner.mjs';
import { ARM64_SUITE, LIBSECCOMP_SUITE, MOCHA, NODE_SUITE, suite } from './suite.mjs';

/** Seconds for each fuzzer, in addition to the time for the corpus. */
const FUZZ_SECONDS = 5;

const bin = (name, ...args) => run(inRoot('node_modules/.bin', name), args);
const script = (name, ...args) => run(process.execPath, [`scripts/${name}.mjs`, ...args]);

const onX64 = (check, reason) => context => {
  if (process.arch !== 'x64') throw new Skip(reason);
  return check(context);
};
const ONLY_ON_X64 = 'the compiler of the prebuilt files needs an x64 processor';

const nodeSuite = major => context => suite(context, nodeBinary(major), [MOCHA, ...NODE_SUITE]);

/**
 * The checks by name. The checks of a lane run in this order and use the results of earlier ones. Tests of live processes are
 * in one lane, so that they run one after the other. Checks without a lane take too long for every change: run them for a
 * change to what they check, and every night.
 * @type {Record<string, import('./runner.mjs').Check>}
 */
export const CHECKS = {
  test: {
    lane: 'live',
    uses: {
      ...{ chromium: 'chromium', '/usr/sbin/runc': 'runc', '/usr/bin/crun': 'crun', cc: 'gcc' },
      ...{ script: 'bsdutils', zsh: 'zsh', fish: 'fish' },
    },
    run: context => suite(context, 'npm', ['test', '--silent', '--']),
  },
  'system-libseccomp': {
    needs: { '/usr/include/seccomp.h': 'libseccomp-dev', 'pkg-config': 'pkg-config' },
    run(context) {
      const cwd = copyTree(join(context.scratch, 'system'));
      run(process.execPath, ['scripts/build-native.mjs', '--system-libseccomp'], { cwd });
      suite(context, process.execPath, [MOCHA, ...LIBSECCOMP_SUITE], { cwd });
    },
  },
  'base-calls': {
    needs: { strace: 'strace', script: 'bsdutils' },
    run: onX64(() => script('measure-base-calls', '--quick'), 'the lists of calls were measured on x64'),
  },

  types: {
    lane: 'built',
    run() {
      bin('tsc', '-b');
      bin('tsc', '-p', 'tsconfig.scripts.json');
    },
  },
  eslint: { lane: 'built', run: () => bin('eslint', '.', '--max-warnings=0') },
  prettier: { lane: 'built', run: () => bin('prettier', '--check', '--log-level=warn', '.') },
  'kernel-tables': {
    run() {
      try {
        checkKernelTables();
      } catch (error) {
        if (error instanceof OtherKernel || error instanceof Unavailable) throw new Skip(error.message);
        throw error;
      }
    },
  },
  'profile-schema': { lane: 'built', run: () => script('generate-profile-schema', '--check') },
  'recording-schema': { lane: 'built', run: () => script('generate-recording-schema', '--check') },
  'output-schema': { lane: 'built', run: () => script('generate-output-schema', '--check') },
  'man-pages': {
    lane: 'built',
    needs: { man: 'man-db', mandoc: 'mandoc' },
    run() {
      script('generate-man-pages', '--check');
      const pages = filesOf(['man/*.1']);
      run('mandoc', ['-T', 'lint', ...pages]);
      const env = { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80', MAN_KEEP_STDERR: '1' };
      const said = pages.map(page =>
        run('sh', ['-c', 'man --warnings -Tutf8 -l "$0" 2>&1 >/dev/null', page], { env }),
      );
      if (said.join('') !== '') throw new Error(said.join(''));
    },
  },
  'api-table': { lane: 'built', run: () => script('generate-api-table', '--check') },
  // Fails if an export or one of its members has no comment, and on broken links; typedoc.json has the rules.
  typedoc: { lane: 'built', run: () => bin('typedoc', '--emit', 'none') },
  'clang-format': {
    lane: 'built',
    needs: { 'clang-format': 'clang-format' },
    run: () => run('clang-format', ['--dry-run', '-Werror', ...filesOf(['*.cc', '*.h'])]),
  },
  'clang-tidy': {
    lane: 'built',
    needs: { 'clang-tidy': 'clang-tidy', ...SANITIZED },
    run: clangTidy,
  },
  // Takes ten times as long.
  'clang-tidy-by-file': {
    needs: { 'clang-tidy': 'clang-tidy', ...SANITIZED, ...FUZZING },
    run: clangTidyByFile,
  },
  musl: { needs: SANITIZED, run: onX64(musl, ONLY_ON_X64) },
  sanitizers: { lane: 'built', needs: SANITIZED, run: sanitizers },
  fuzz: {
    lane: 'built',
    needs: FUZZING,
    run() {
      buildFuzzers();
      for (const target of fuzzTargets()) {
        const { report, ...result } = fuzz(target, FUZZ_SECONDS);
        console.log(JSON.stringify(result));
        if (result.failed) throw new Error(report);
      }
    },
  },
  prebuilds: { lane: 'built', needs: { readelf: 'binutils' }, run: onX64(checkPrebuilt, ONLY_ON_X64) },
  package: { lane: 'built', run: checkContents },
  packed: { lane: 'built', run: checkPacked },
  managers: { run: () => script('check-managers') },
  // Only checks that every benchmark works, with few rounds: docs/performance.md has the measurements.
  bench: { needs: { strace: 'strace', gcc: 'gcc' }, run: () => script('bench/run', '--quick') },
  bundlers: { lane: 'built', run: () => script('check-bundlers') },
  arm64: {
    lane: 'built',
    needs: toolsFor('arm64'),
    run({ totals }) {
      // All live tests take most of an hour in an emulated machine: npm run test:arm64.
      const said = script('test-machine', 'arm64', ...ARM64_SUITE);
      const [, reason] = /^skipped: (.*)$/m.exec(said) ?? [];
      if (reason !== undefined) throw new Skip(reason);
      const summary = said.trim().split('\n').at(-1) ?? '';
      console.log(summary);
      const { passed, skipped } = JSON.parse(summary);
      totals.passed += passed;
      totals.skipped += skipped;
    },
  },
  // The oldest Node runs all tests, the newest runs these. The nightly run has the live tests on each (scripts/nightly.mjs).
  'node-26': { lane: 'built', run: nodeSuite(26) },
  'node-24': { run: nodeSuite(24) },
  'node-22': { run: nodeSuite(22) },
};
