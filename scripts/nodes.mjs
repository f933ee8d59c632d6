// Other versions of Node, from npm packages that hold the official binaries, so that tests and measurements can use them.
// Usage: node scripts/nodes.mjs MAJOR...   prints their paths; what is missing in deps/nodes is installed first
import { join } from 'node:path';
import { npmPackages } from './npm-packages.mjs';

/** The binary of the newest Node of a major version that was there when it was first asked for. */
export function nodeBinary(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const name = `node-linux-${process.arch}`;
  return join(npmPackages(`nodes/${major}`, { [name]: `${major}` }), name, 'bin/node');
}

if (import.meta.filename === process.argv[1]) {
  for (const major of process.argv.slice(2)) console.log(nodeBinary(Number(major)));
}
