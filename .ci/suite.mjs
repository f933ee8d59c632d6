// Runs mocha and adds its counts to the totals.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, readJson, root } from '../scripts/files.mjs';

export const MOCHA = inRoot('node_modules/mocha/bin/mocha.js');
const REPORTER = inRoot('.ci/reporter.cjs');

/**
 * Runs mocha by a command, prints its output, and adds its counts. A run without counts has failed.
 * @param {import('./runner.mjs').Context} context
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string }} [options]
 */
export function suite({ totals, scratch }, command, args, { env = {}, cwd = root } = {}) {
  const file = join(mkdtempSync(join(scratch, 'totals-')), 'totals.json');
  const { status, signal } = spawnSync(command, [...args, '--reporter', REPORTER], {
    cwd,
    env: { ...process.env, ...env, MOCHA_TOTALS: file },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 2_400_000,
  });
  const { passes, failures, pending, milliseconds } = existsSync(file)
    ? readJson(file)
    : { passes: 0, failures: 0, pending: 0, milliseconds: {} };
  totals.passed += passes;
  totals.failed += failures;
  totals.skipped += pending;
  /** @type {[file: string, took: number][]} */
  const slowest = Object.entries(milliseconds);
  for (const [name, took] of slowest.sort(([, one], [, other]) => other - one).slice(0, 5))
    console.log(`  ${(took / 1000).toFixed(0)} s ${name}`);
  if ((status !== 0 && failures === 0) || passes === 0) {
    throw new Error(`mocha ended with ${signal ?? `exit ${status}`} after ${passes} tests that passed`);
  }
}

const tests = names => names.map(name => `out/test/${name}.test.js`);

export const NATIVE_SUITE = ['out/test/native/**/*.test.js'];
/** The tests that use functions of libseccomp, for any version of it. */
export const LIBSECCOMP_SUITE = tests(
  ['addon', 'compile-table', 'context', 'context-rules', 'library', 'load'].map(name => `native/${name}`),
);
/** Tests with many concurrent operations, which take longer under sanitizers. */
export const STRESS_SUITE = ['out/test/stress/**/*.test.js'];

/** The live tests that also run on arm64 for every change. */
export const ARM64_SUITE = tests(['load', 'notify', 'compat', 'features'].map(name => `process/${name}`));

/** The tests of features that depend on Node's internals: its rings, workers, channels and ways to start processes. */
export const NODE_SUITE = tests([
  ...['native/addon', 'native/load', 'cli/run'],
  ...['apply-profile', 'features', 'fork', 'load'].map(name => `process/${name}`),
  ...['rings', 'sandboxed-worker', 'spawn'].map(name => `process/${name}`),
  ...['debugger', 'rings', 'sandboxed-worker', 'starters'].map(name => `attacks/${name}`),
  ...['worker-lifetime', 'worker-messages'].map(name => `attacks/${name}`),
]);

/** The tests that show that a binary of the add-on works; its source has been tested already. */
export const ADDON_SUITE = tests(['native/addon', 'native/load', 'process/apply-profile']);
