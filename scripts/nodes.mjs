// Other versions of Node for tests and measurements, from npm packages with the official binaries.
// Usage: node scripts/nodes.mjs MAJOR...   installs missing versions into deps/nodes and prints their paths
import { join } from 'node:path';
import { npmPackages } from './npm-packages.mjs';

/** The binary of a major version of Node: its newest release when the version was first installed. */
export function nodeBinary(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const name = `node-linux-${process.arch}`;
  return join(npmPackages(`nodes/${major}`, { [name]: `${major}` }), name, 'bin/node');
}

if (import.meta.filename === process.argv[1]) {
  for (const major of process.argv.slice(2)) console.log(nodeBinary(Number(major)));
}
