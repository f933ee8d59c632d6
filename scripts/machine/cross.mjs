// What the tests need compiled, compiled for arm64 on another machine.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const TRIPLET = 'aarch64-linux-gnu';

/** Debian's package of the compiler, by its command. */
export const COMPILER = { [`${TRIPLET}-g++`]: `g++-${TRIPLET}` };

const modified = path => (existsSync(path) ? statSync(path).mtimeMs : 0);

const newestUnder = directory =>
  Math.max(
    ...readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => modified(join(entry.parentPath, entry.name))),
  );

/** The add-on: the prebuilt file when it is newer than its sources, else one built apart from the build of this machine. */
export function addon(root, cache) {
  const newest = Math.max(newestUnder(join(root, 'native')), modified(join(root, 'binding.gyp')));
  const prebuilt = join(root, 'prebuilds/linux-arm64/seccomp.glibc.node');
  const own = join(cache, 'seccomp.node');
  for (const path of [prebuilt, own]) if (modified(path) > newest) return path;
  const scratch = mkdtempSync(join(cache, '.addon-'));
  try {
    for (const part of ['native', 'scripts', 'binding.gyp', 'package.json'])
      cpSync(join(root, part), join(scratch, part), { recursive: true });
    for (const part of ['deps', 'node_modules']) symlinkSync(join(root, part), join(scratch, part));
    const tools = { CC: `${TRIPLET}-gcc`, CXX: `${TRIPLET}-g++`, AR: `${TRIPLET}-ar` };
    execFileSync(process.execPath, ['scripts/build-native.mjs'], {
      cwd: scratch,
      env: { ...process.env, ...tools },
      stdio: 'inherit',
    });
    renameSync(join(scratch, 'build/Release/seccomp.node'), own);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return own;
}

/** The programs and the add-on of the tests, by their names in out/. */
export function probes(root, cache) {
  const headers = join(root, 'node_modules/node-api-headers/include');
  const flags = {
    'kernel-probe': ['-static'],
    'stack-probe': ['-static'],
    scenes: ['-static'],
    'caller.node': ['-shared', '-fPIC', '-isystem', headers],
  };
  return Object.entries(flags).map(([name, kind]) => {
    const source = join(root, 'test/native', `${name.replace('.node', '')}.cc`);
    const binary = join(cache, 'probes', name);
    if (modified(binary) < modified(source)) {
      mkdirSync(dirname(binary), { recursive: true });
      execFileSync(
        `${TRIPLET}-g++`,
        ['-std=c++20', '-O1', '-pthread', '-Wall', '-Wextra', '-Werror', ...kind, '-o', binary, source],
        { stdio: 'inherit' },
      );
    }
    return { name, binary };
  });
}
