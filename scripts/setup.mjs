// Prepares a fresh clone for running and testing: compiler, npm packages, libseccomp, add-on, TypeScript. Skips finished
// steps.
// Usage: node scripts/setup.mjs [--quiet]
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { buildNative } from './build-native.mjs';
import { commandLine } from './command-line.mjs';
import { installPackages, missingPackages } from './debian-packages.mjs';
import { filesUnder, inRoot, modified } from './files.mjs';
import { fetchLibseccomp } from './libseccomp.mjs';
import { makeCodeCache } from './make-code-cache.mjs';
import { run } from './run.mjs';

/** The commands that the build runs, with their Debian packages. */
const TOOLS = { 'g++': 'g++', make: 'make', python3: 'python3', tar: 'tar', gzip: 'gzip' };
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

function installTools() {
  const missing = missingPackages(TOOLS);
  if (missing.length === 0) return false;
  if (!existsSync(CERTIFICATES)) missing.push('ca-certificates');
  installPackages(missing);
  return true;
}

function installModules() {
  const installed = modified(inRoot('node_modules/.package-lock.json'));
  if (installed !== 0 && installed >= modified(inRoot('package-lock.json'))) return false;
  run('npm', ['ci', '--no-audit', '--no-fund'], {
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
  });
  return true;
}

const sourcesUnder = directory =>
  !existsSync(inRoot(directory))
    ? []
    : filesUnder(inRoot(directory))
        .filter(path => path.endsWith('.ts') || path.endsWith('tsconfig.json'))
        .map(path => join(directory, path));

/** Compiles and bundles if a source has changed. If one was deleted, rebuilds everything, because its output would remain. */
async function compileTypeScript() {
  const stamp = inRoot('dist/.sources');
  const sources = [
    'scripts/bundle.mjs',
    'tsconfig.base.json',
    'tsconfig.json',
    'tsconfig.lib.json',
    'package.json',
    ...sourcesUnder('lib'),
    ...sourcesUnder('test'),
  ];
  const names = sources.join('\n');
  const known = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  const built = modified(stamp);
  const complete = [
    'dist/native.js',
    'out/test',
    'bundle/cli.js',
    'module/load.js',
    'types/entries/load.d.ts',
  ].every(path => existsSync(inRoot(path)));
  if (complete && known === names && sources.every(path => modified(inRoot(path)) < built)) return false;
  const gone = known.split('\n').some(path => path !== '' && !sources.includes(path));
  if (gone)
    for (const directory of ['dist', 'out']) rmSync(inRoot(directory), { recursive: true, force: true });
  const started = new Date();
  run(process.execPath, [inRoot('node_modules/typescript/bin/tsc'), '-b']);
  const { bundle } = await import('./bundle.mjs');
  await bundle();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, names);
  // A source that was saved while the compiler ran must count as newer.
  utimesSync(stamp, started, started);
  return true;
}

/** @type {[done: string, step: () => boolean | Promise<boolean>][]} */
const STEPS = [
  ['Installed the compiler', installTools],
  ['Installed the npm packages', installModules],
  ['Fetched libseccomp', fetchLibseccomp],
  ['Built the add-on', buildNative],
  ['Compiled the TypeScript', compileTypeScript],
  ['Made the code cache', makeCodeCache],
];

const { values } = commandLine('node scripts/setup.mjs [--quiet]', {
  options: { quiet: { type: 'boolean' } },
});
try {
  for (const [done, step] of STEPS) {
    const started = Date.now();
    if (await step()) console.log(`${done} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  }
  if (!values.quiet) console.log('Ready: npm test, npm start');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
