// Joins the compiled modules to a few files, since Node spends more on finding seventy modules than on running them.
// Usage: node scripts/bundle.mjs
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What is imported or run, by the name of its bundle. What several of them use is in files that they share. */
const ENTRIES = {
  index: 'dist/index.js',
  apply: 'dist/apply.js',
  load: 'dist/load.js',
  cli: 'dist/cli/main.js',
  // Imported by the Node processes that `fork` starts.
  preload: 'dist/process/children/preload.js',
  // Run by the processes of SandboxedWorker.
  'sandboxed-worker-relay': 'dist/process/sandboxed-worker/sandboxed-worker-relay.js',
};
/** Packages that become part of the bundles; of all others, each is imported where it is needed. */
const INLINED = ['fastest-levenshtein', 'jsonc-parser'];

/** Writes bundle/, anew. */
export async function bundle() {
  const outdir = join(root, 'bundle');
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: ['commander', 'picocolors'],
    logLevel: 'error',
    metafile: true,
  });
  for (const path of Object.keys(metafile.outputs)) dropBareImports(join(root, path));
  for (const name of INLINED)
    copyFileSync(join(root, 'node_modules', name, 'LICENSE.md'), join(outdir, `${name}.LICENSE.md`));
}

/**
 * Drops the imports that stand for nothing but the order in which shared files run: none does anything but define, and
 * each import is a file for Node to look for. Files with nothing in them go.
 */
function dropBareImports(path) {
  const text = readFileSync(path, 'utf8').replaceAll(/^import "\.\/chunk-\w+\.js";\n/gm, '');
  if (text === '') rmSync(path);
  else writeFileSync(path, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
