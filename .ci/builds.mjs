// Builds of the add-on for checks only, and the checks of the C++ sources that use these builds.
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { inRoot, readJson, root } from '../scripts/files.mjs';
import { configureFuzzers } from '../scripts/fuzz.mjs';
import { run } from '../scripts/run.mjs';
import { toolchain } from '../scripts/toolchain.mjs';
import { MOCHA, NATIVE_SUITE, STRESS_SUITE, suite } from './suite.mjs';

/** The compilers of `sanitizedBuild`, with their Debian packages. */
export const SANITIZED = { cmake: 'cmake', 'g++': 'g++', make: 'make' };

/** The files of the repository that match, including new ones. */
export const filesOf = patterns =>
  run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...patterns])
    .split('\n')
    .filter(path => path !== '' && existsSync(inRoot(path)));

/**
 * Copies the tree with the compiled TypeScript, for another build of the add-on.
 * @param {string} copy
 */
export function copyTree(copy) {
  const apart = ['.git', 'build', 'deps', 'node_modules', 'prebuilds'];
  cpSync(root, copy, {
    recursive: true,
    filter: path => !apart.includes(relative(root, path).split(sep)[0]),
  });
  for (const shared of ['deps', 'node_modules']) symlinkSync(inRoot(shared), join(copy, shared));
  return copy;
}

/** Runs cmake-js for a build with the sanitizers. Returns its folder, which has compile_commands.json. */
function cmake(command, directory, ...options) {
  run(process.execPath, [
    inRoot('node_modules/.bin/cmake-js'),
    command,
    ...['--out', directory],
    '--CDSECCOMP_SANITIZE=address,undefined',
    '--CDCMAKE_CXX_COMPILER=g++',
    '--CDCMAKE_C_COMPILER=gcc',
    ...options,
  ]);
  return directory;
}

/** Builds with the sanitizers. All sources of a target are compiled as one, so that the headers are read once. */
function sanitizedBuild({ scratch }) {
  const directory = join(scratch, 'cmake');
  if (existsSync(join(directory, 'Release/seccomp.node'))) return directory;
  return cmake('build', directory, '--CDCMAKE_UNITY_BUILD=ON', '--CDCMAKE_UNITY_BUILD_BATCH_SIZE=0');
}

/** The C++ files that a build compiles, with their commands; a file may include several sources. */
const compiledFiles = build =>
  readJson(join(build, 'compile_commands.json')).filter(({ file }) => /\.(?:cc|cxx)$/.test(file));

/** Runs clang-tidy on files that a build compiles. */
const runClangTidy = (build, files, ...options) =>
  run('xargs', ['-P2', '-n1', 'clang-tidy', '--quiet', ...options, '-p', build], {
    input: files.map(({ file }) => file).join('\n'),
  });

/**
 * Runs the checks of .clang-tidy, except the static analyzer, on the sources that are compiled as one. Some of these checks
 * find nothing in included files: `clangTidyByFile` is for them.
 */
export function clangTidy(context) {
  const build = sanitizedBuild(context);
  const config = `--config-file=${inRoot('.clang-tidy')}`;
  runClangTidy(
    build,
    compiledFiles(build),
    config,
    '--checks=-clang-analyzer-*,-bugprone-suspicious-include',
  );
}

/** Runs all checks of .clang-tidy on each source by itself, including the fuzzers, which only clang can build. */
export function clangTidyByFile({ scratch }) {
  const build = cmake('configure', join(scratch, 'by-file'));
  runClangTidy(build, compiledFiles(build));
  const fuzzers = configureFuzzers();
  runClangTidy(
    fuzzers,
    compiledFiles(fuzzers).filter(({ file }) => file.includes('/native/fuzz/')),
  );
}

/**
 * Runs the native and the stress suite with the add-on under AddressSanitizer and UndefinedBehaviorSanitizer; with STRESS=1,
 * the full stress suite.
 */
export function sanitizers(context) {
  const built = sanitizedBuild(context);
  const copy = copyTree(join(context.scratch, 'sanitized'));
  cpSync(join(built, 'Release'), join(copy, 'build/Release'), { recursive: true });
  const runtime = ['libasan.so', 'libubsan.so'].map(name => run('g++', [`-print-file-name=${name}`]).trim());
  suite(context, process.execPath, [MOCHA, ...NATIVE_SUITE, ...STRESS_SUITE], {
    cwd: copy,
    env: {
      CHILD_MINUTES: '10',
      LD_PRELOAD: runtime.join(' '),
      // Node frees little at exit. One test measures memory, which a large quarantine would keep.
      ASAN_OPTIONS: 'detect_leaks=0:quarantine_size_mb=8',
      UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
    },
  });
}

/** The compiler options that do not depend on the C library. */
const FOR_ANY_LIBC = /(?<= )(?:-isystem \S+|-[IDW]\S+|-std=\S+|-fno-(?:exceptions|rtti))(?= )/g;

/** Compiles every source for musl: building the add-ons takes minutes, but checking that they compile takes seconds. */
export function musl(context) {
  const { zig, env } = toolchain();
  const calls = compiledFiles(sanitizedBuild(context))
    .filter(({ file }) => /\/seccomp(?:_core)?\.dir\//.test(file))
    .map(({ command, file }, index) => {
      const output = join(context.scratch, `musl-${index}.o`);
      return [...command.match(FOR_ANY_LIBC), file, '-o', output].join(' ');
    });
  const options = ['-P2', '-L1', zig, 'c++', '-target', 'x86_64-linux-musl', '-c'];
  run('xargs', options, { env: { ...process.env, ...env }, input: calls.join('\n') });
}
