// Makes V8's code cache for the Node that runs this: what the package compiles when it is used is kept beside its files.
// Usage: node scripts/code-cache.mjs
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
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
function start() {
  const { applyProfile } = require('seccomp/apply');
  const { load } = require('seccomp/load');
  applyProfile('docker-default', { dryRun: true });
  withScratch(`${folder}-programs-`, cache => {
    applyProfile(own, { dryRun: true, cache });
    // From the cache of programs now.
    const { filter } = applyProfile(own, { dryRun: true, cache });
    if (filter !== undefined) load(filter.bpf, { dryRun: true });
  });
}

function inspect() {
  const { compile, diff, explain, lint } = require('seccomp');
  const filter = compile(own);
  explain(filter, 'socket');
  lint(own);
  diff(filter, compile('docker-default'));
}

/** Gives, by file, the functions that ran until a use ended: those of a start are not made slower to load by others. */
function compiled() {
  const kept = new Map();
  for (const use of [start, inspect]) {
    use();
    if (loaded.size === 0)
      throw new Error('Script of node:vm has been replaced: run this without what does that');
    for (const [file, { script }] of loaded) if (!kept.has(file)) kept.set(file, script.createCachedData());
  }
  return kept;
}

function write(kept) {
  mkdirSync(folder);
  try {
    for (const [file, code] of kept) writeFileSync(join(folder, `${file}.bin`), codeTwice(code));
    writeFileSync(join(folder, BUILD_FILE), nodeBuild());
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
}

commandLine('node scripts/code-cache.mjs', { options: {} });
loadHere();
try {
  mkdirSync(dirname(folder), { recursive: true });
  // What is there would be loaded, and kept if the rest failed.
  rmSync(folder, { recursive: true, force: true });
  write(compiled());
} catch (error) {
  if (error.syscall === undefined) throw error;
  console.error(`the code cache cannot be written: ${error.message}`);
  process.exitCode = 1;
}
