// Makes V8's code cache for the Node that runs this: what the package compiles when it is used is kept beside its files.
// Usage: node scripts/code-cache.mjs
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { commandLine } from './command-line.mjs';
import { inRoot, withScratch } from './files.mjs';

const require = createRequire(inRoot('package.json'));
const { BUILD_FILE, codeTwice, folder, loaded, loadHere, nodeBuild } = require(
  inRoot('bundle/code-cache.js'),
);
/** A profile that is not among those that ship. */
const own = JSON.stringify({ ...require('seccomp/profiles/docker-default.json'), comment: 'own' });

/** Does what a start does, in all ways that applyProfile has to find a program, and loads nothing. */
function start(scratch) {
  const { applyProfile } = require('seccomp/apply');
  const { load } = require('seccomp/load');
  applyProfile('docker-default', { dryRun: true });
  const cache = mkdtempSync(join(scratch, 'programs-'));
  applyProfile(own, { dryRun: true, cache });
  // From the cache of programs now.
  const { filter } = applyProfile(own, { dryRun: true, cache });
  if (filter !== undefined) load(filter.bpf, { dryRun: true });
}

function inspect() {
  const { compile, diff, explain, lint } = require('seccomp');
  const filter = compile(own);
  explain(filter, 'socket');
  lint(own);
  diff(filter, compile('docker-default'));
}

/** Gives, by file, the functions that ran until a use ended: those of a start are not made slower to load by others. */
function compiled(scratch) {
  const kept = new Map();
  for (const use of [start, inspect]) {
    use(scratch);
    if (loaded.size === 0)
      throw new Error('Script of node:vm has been replaced: run this without what does that');
    for (const [file, { script }] of loaded) if (!kept.has(file)) kept.set(file, script.createCachedData());
  }
  return kept;
}

/** Writes the files into a folder, and moves it to its place: several runs at the same time leave that of one of them. */
function write(kept, scratch) {
  const made = join(scratch, 'made');
  mkdirSync(made);
  for (const [file, code] of kept) writeFileSync(join(made, `${file}.bin`), codeTwice(code));
  writeFileSync(join(made, BUILD_FILE), nodeBuild());
  while (!isMoved(made)) remove();
}

/** Another run may be putting one there. */
function remove() {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 1 });
}

/** False if another run has put a code cache there. */
function isMoved(made) {
  try {
    renameSync(made, folder);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(error.code)) return false;
    throw error;
  }
}

commandLine('node scripts/code-cache.mjs', { options: {} });
loadHere();
try {
  mkdirSync(dirname(folder), { recursive: true });
  withScratch(`${folder}-`, scratch => {
    // What is there would be loaded, and kept if the rest failed.
    remove();
    write(compiled(scratch), scratch);
  });
} catch (error) {
  if (error.syscall === undefined) throw error;
  console.error(`the code cache cannot be written: ${error.message}`);
  process.exitCode = 1;
}
