// Compiles test/native/caller.cc, an add-on that makes any system call from inside of Node.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../../test/native/caller.cc', import.meta.url));
const headers = fileURLToPath(new URL('../../../node_modules/node-api-headers/include', import.meta.url));
const addon = fileURLToPath(new URL('../../caller.node', import.meta.url));

/** Path of the add-on, compiled when its source is newer. */
export function callerAddon(): string {
  if (!existsSync(addon) || statSync(addon).mtimeMs < statSync(source).mtimeMs) {
    const warnings = ['-Wall', '-Wextra', '-Werror'];
    const kind = ['-std=c++20', '-O1', '-shared', '-fPIC', '-pthread', '-Wl,-z,now'];
    execFileSync('c++', [...kind, ...warnings, '-isystem', headers, '-o', addon, source]);
  }
  return addon;
}
