// Compiles test/native/caller.cc, an add-on that makes any system call from Node.
import { fileURLToPath } from 'node:url';
import { built } from './built.js';

const headers = fileURLToPath(new URL('../../../node_modules/node-api-headers/include', import.meta.url));

/** The path of the add-on. */
export const callerAddon = (): string =>
  built({
    name: 'caller.node',
    compiler: 'c++',
    sources: ['test/native/caller.cc'],
    flags: ['-std=c++20', '-shared', '-fPIC', '-pthread', '-Wl,-z,now', '-isystem', headers],
  });
