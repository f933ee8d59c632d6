// Cross-compiles the test programs for the emulated machine.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesUnder, inRoot, modified, withScratch } from '../files.mjs';
import { compilerFor } from './architectures.mjs';

const newestUnder = directory =>
  Math.max(...filesUnder(directory).map(path => modified(join(directory, path))));

/** The add-on: the prebuilt file if it is newer than its sources, otherwise a separate build. */
export function addon(arch, cache) {
  const newest = Math.max(newestUnder(inRoot('native')), modified(inRoot('binding.gyp')));
  const prebuilt = inRoot(`prebuilds/linux-${arch}/seccomp.glibc.node`);
  const own = join(cache, arch, 'seccomp.node');
  mkdirSync(dirname(own), { recursive: true });
  for (const path of [prebuilt, own]) if (modified(path) > newest) return path;
  withScratch(join(cache, '.addon-'), scratch => {
    for (const part of ['native', 'scripts', 'binding.gyp', 'package.json'])
      cpSync(inRoot(part), join(scratch, part), { recursive: true });
    for (const part of ['deps', 'node_modules']) symlinkSync(inRoot(part), join(scratch, part));
    execFileSync(process.execPath, ['scripts/build-native.mjs'], {
      cwd: scratch,
      env: { ...process.env, ...compilerFor(arch) },
      stdio: 'inherit',
    });
    renameSync(join(scratch, 'build/Release/seccomp.node'), own);
  });
  return own;
}

/** The programs and the add-on of the tests, by their paths in out/. */
export function probes(arch, cache) {
  const { CC, CXX } = compilerFor(arch);
  const headers = inRoot('node_modules/node-api-headers/include');
  const cxx = (name, ...flags) => ({
    source: `test/native/${name}.cc`,
    command: CXX,
    flags: ['-std=c++20', ...flags],
  });
  const recipes = {
    'kernel-probe': cxx('kernel-probe', '-static'),
    'stack-probe': cxx('stack-probe', '-static'),
    scenes: cxx('scenes', '-static'),
    'caller.node': cxx('caller', '-shared', '-fPIC', '-Wl,-z,now', '-isystem', headers),
    'examples/syscall': { source: 'examples/syscall.cc', command: CXX, flags: ['-static'] },
    caller: { source: 'test/support/caller.c', command: CC, flags: ['-static'] },
    reach: { source: 'test/attacks/reach.c', command: CC, flags: ['-static'] },
    ring: { source: 'test/attacks/ring.c', command: CC, flags: ['-static'] },
    'killed-at.so': { source: 'test/support/killed-at.c', command: CC, flags: ['-shared', '-fPIC'] },
  };
  return Object.entries(recipes).map(([name, { source, command, flags }]) => {
    const path = inRoot(source);
    const binary = join(cache, arch, name);
    // The compiler options in this file may have changed, too.
    if (modified(binary) < Math.max(modified(path), modified(fileURLToPath(import.meta.url)))) {
      mkdirSync(dirname(binary), { recursive: true });
      const warnings = ['-Wall', '-Wextra', '-Werror'];
      execFileSync(command, ['-O1', '-pthread', ...warnings, ...flags, '-o', binary, path], {
        stdio: 'inherit',
      });
    }
    return { name, binary };
  });
}
