// Lists the C and C++ sources of a build target, one per line, for binding.gyp and CMakeLists.txt.
// Usage: node scripts/native-sources.mjs addon|core|fuzz|launcher|libseccomp|libseccomp-include|node-addon-api-include|perf|tracer
import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { buildTool } from './build-tools.mjs';
import { inRoot, root } from './files.mjs';
import { libseccompSource } from './libseccomp.mjs';

const list = (directory, extension) =>
  readdirSync(inRoot(directory))
    .filter(name => name.endsWith(extension))
    .sort()
    .map(name => `${directory}/${name}`);

/** A separate program, which prints the table. */
const NOT_IN_LIBRARY = 'arch-syscall-dump.c';

const libseccomp = () => `deps/libseccomp-${libseccompSource().version}`;

const targets = {
  addon: () => list('native', '.cc'),
  core: () => list('native/core', '.cc'),
  fuzz: () => list('native/fuzz', '.cc'),
  launcher: () => list('native/launcher', '.cc'),
  libseccomp: () => list(`${libseccomp()}/src`, '.c').filter(path => !path.endsWith(`/${NOT_IN_LIBRARY}`)),
  'libseccomp-include': () => [`${libseccomp()}/include`],
  'node-addon-api-include': () => [relative(root, buildTool('node-addon-api'))],
  perf: () => list('native/perf', '.cc'),
  tracer: () => list('native/tracer', '.cc'),
};

const target = targets[process.argv[2]];
if (target === undefined) {
  console.error(`usage: node scripts/native-sources.mjs ${Object.keys(targets).join('|')}`);
  process.exit(2);
}
console.log(target().join('\n'));
