// Makes V8's code cache for the Node that runs this script: stores the code that V8 compiles when the package is used.
// Usage: node scripts/code-cache.mjs
import { mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { commandLine } from './command-line.mjs';
import { inRoot, withScratch } from './files.mjs';

const require = createRequire(inRoot('package.json'));
const { BUILD_FILE, codeTwice, folder, loaded, loadHere, nodeBuild } = require(
  inRoot('bundle/code-cache.js'),
);
/** A profile that does not ship. */
const own = JSON.stringify({ ...require('seccomp/profiles/docker-default.json'), comment: 'own' });

/** Runs the code of a start without loading a filter, in every way in which applyProfile can get a program. */
function start(scratch) {
  const { applyProfile } = require('seccomp/apply');
  const { load } = require('seccomp/load');
  applyProfile('docker-default', { dryRun: true });
  const cache = mkdtempSync(join(scratch, 'programs-'));
  applyProfile(own, { dryRun: true, cache });
  // Now the program comes from the cache.
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

/** The code cache of each file after the first use that loads it. Later uses do not make files of a start larger. */
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

/** Writes the files into a folder, and renames it to its final path. Of several concurrent runs, one wins. */
function write(kept, scratch) {
  const made = join(scratch, 'made');
  mkdirSync(made);
  for (const [file, code] of kept) writeFileSync(join(made, `${file}.bin`), codeTwice(code));
  writeFileSync(join(made, BUILD_FILE), nodeBuild());
  while (!isMoved(made)) remove(scratch);
}

/** Moves an earlier code cache away as a whole: another run may put its own there while files are removed one by one. */
function remove(scratch) {
  try {
    renameSync(folder, join(mkdtempSync(join(scratch, 'removed-')), 'code-cache'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

/** Moves the folder into place. Returns false if another run has put a code cache there. */
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
    // The old cache would be loaded, and would remain if the rest failed.
    remove(scratch);
    write(compiled(scratch), scratch);
  });
} catch (error) {
  if (error.syscall === undefined) throw error;
  console.error(`the code cache cannot be written: ${error.message}`);
  process.exitCode = 1;
}
