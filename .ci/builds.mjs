// Builds of the add-on that only checks need, and the checks of the C++ sources that use them.
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { inRoot, readJson, root } from '../scripts/files.mjs';
import { configureFuzzers } from '../scripts/fuzz.mjs';
import { run } from '../scripts/run.mjs';
import { toolchain } from '../scripts/toolchain.mjs';
import { MOCHA, NATIVE_SUITE, STRESS_SUITE, suite } from './suite.mjs';

/** The compilers of `sanitizedBuild`, with Debian's packages of them. */
export const SANITIZED = { cmake: 'cmake', 'g++': 'g++', make: 'make' };

/** The files of the repository that match, new ones too. */
export const filesOf = patterns =>
  run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...patterns])
    .split('\n')
    .filter(path => path !== '' && existsSync(inRoot(path)));

/**
 * A copy of the tree with what was compiled from TypeScript, for a build of the add-on of its own.
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

/** Builds with the sanitizers, where clang-tidy also finds how every file is compiled. */
function sanitizedBuild({ scratch }) {
  const directory = join(scratch, 'cmake');
  if (!existsSync(join(directory, 'Release/seccomp.node'))) {
    const options = [
      '--CDSECCOMP_SANITIZE=address,undefined',
      '--CDCMAKE_CXX_COMPILER=g++',
      '--CDCMAKE_C_COMPILER=gcc',
    ];
    run(process.execPath, [inRoot('node_modules/.bin/cmake-js'), 'build', '--out', directory, ...options]);
  }
  return directory;
}

/** The static analyzer and all the rest of what .clang-tidy asks for, as changes of its list of checks. */
export const ANALYZED = '-*,clang-analyzer-*';
export const NOT_ANALYZED = '-clang-analyzer-*';

/** Runs checks of clang-tidy on every source, as its build compiles it. The fuzzers are built by clang alone. */
export function clangTidy(context, checks) {
  /** @type {[build: string, sources: string[]][]} */
  const builds = [
    [sanitizedBuild(context), ['native/*.cc', ':!native/fuzz']],
    [configureFuzzers(), ['native/fuzz/*.cc']],
  ];
  for (const [build, sources] of builds) {
    const input = filesOf(sources).join('\n');
    run('xargs', ['-P2', '-n3', 'clang-tidy', '--quiet', `--checks=${checks}`, '-p', build], { input });
  }
}

/**
 * Runs the native and the stress suite with the add-on under AddressSanitizer and UndefinedBehaviorSanitizer; with STRESS=1 in
 * full size.
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
      // Node frees little at its end; a test measures memory, which the quarantine would keep.
      ASAN_OPTIONS: 'detect_leaks=0:quarantine_size_mb=8',
      UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
    },
  });
}

/** Of the options of a compiler, those that do not depend on the C library. */
const FOR_ANY_LIBC = /(?<= )(?:-isystem \S+|-[IDW]\S+|-std=\S+|-fno-(?:exceptions|rtti))(?= )/g;

/** Compiles every source for musl: to make the add-ons takes minutes, to find that the sources are fit for it seconds. */
export function musl(context) {
  const { zig, env } = toolchain();
  const built = readJson(join(sanitizedBuild(context), 'compile_commands.json'));
  const calls = built
    .filter(({ file }) => /\/native\/(?!launcher\/|tracer\/)/.test(file))
    .map(({ command, file }, index) => {
      const output = join(context.scratch, `musl-${index}.o`);
      return [...command.match(FOR_ANY_LIBC), file, '-o', output].join(' ');
    });
  const options = ['-P2', '-L1', zig, 'c++', '-target', 'x86_64-linux-musl', '-c'];
  run('xargs', options, { env: { ...process.env, ...env }, input: calls.join('\n') });
}
