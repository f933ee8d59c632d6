// Runs checks and adds up their counts: one after the other, or in parallel lanes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages, missingPackages, NotInstallable } from '../scripts/debian-packages.mjs';
import { readJson, root } from '../scripts/files.mjs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Totals
 * @typedef {{ totals: Totals, scratch: string }} Context the totals to which a check adds its tests, and a scratch folder
 *
 * @typedef {object} Check
 * @property {'live' | 'built'} [lane] the lane whose earlier checks it waits for; without one it runs only by name
 * @property {Record<string, string>} [needs] required commands and files, with their Debian packages
 * @property {Record<string, string>} [uses] optional commands and files, without which it runs fewer tests
 * @property {(context: Context) => unknown} run throws if the check fails
 */

/** A check cannot run on this machine; the message says why. */
export class Skip extends Error {}

/** Installs the packages of `needs` that are missing. */
function install(needs) {
  try {
    installPackages(missingPackages(needs));
  } catch (error) {
    throw error instanceof NotInstallable ? new Skip(error.message) : error;
  }
}

/** Installs optional packages, or prints why tests will be skipped. A failed installation counts as a failure. */
function installOptional(uses, totals) {
  try {
    install(uses);
  } catch (error) {
    if (!(error instanceof Skip)) totals.failed += 1;
    console.log(`some tests will be skipped: ${error.message}`);
  }
}

/**
 * Runs a check, counts it, and prints its result.
 * @param {string} name
 * @param {Check} check
 * @param {Context} context
 */
export function perform(name, check, context) {
  const { totals } = context;
  const started = Date.now();
  const failedBefore = totals.failed;
  let outcome;
  try {
    install(check.needs ?? {});
    installOptional(check.uses ?? {}, totals);
    check.run(context);
    if (totals.failed === failedBefore) {
      totals.passed += 1;
      outcome = 'passed';
    } else {
      outcome = 'FAILED';
    }
  } catch (error) {
    totals[error instanceof Skip ? 'skipped' : 'failed'] += 1;
    outcome = error instanceof Skip ? `skipped: ${error.message}` : `FAILED\n${error.message}`;
  }
  console.log(`${name}: ${outcome} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** Runs a lane in a separate process and adds its counts. The output of the first lane appears at once. */
async function runLane(names, index, { totals, scratch }) {
  const file = join(scratch, `lane-${index}.json`);
  const shown = index === 0 ? 'inherit' : 'pipe';
  const lane = spawn(process.execPath, [fileURLToPath(new URL('main.mjs', import.meta.url)), ...names], {
    cwd: root,
    env: { ...process.env, CHECKS_TOTALS: file },
    stdio: ['ignore', shown, shown],
  });
  const said = [];
  for (const stream of [lane.stdout, lane.stderr]) stream?.on('data', chunk => said.push(chunk));
  const [status, signal] = await once(lane, 'close');
  process.stdout.write(Buffer.concat(said));
  if (!existsSync(file)) throw new Error(`lane ${index} ended with ${signal ?? `exit ${status}`}`);
  const counts = readJson(file);
  for (const name of Object.keys(totals)) totals[name] += counts[name];
}

/**
 * Runs all checks: the lanes in parallel, each in the order of the table.
 * @param {Record<string, Check>} checks
 * @param {Context} context
 */
export async function runAll(checks, context) {
  // Two lanes cannot install at once. A failure here happens again in the check that needs the package, which reports it.
  try {
    install(Object.assign({}, ...Object.values(checks).map(({ needs, uses }) => ({ ...needs, ...uses }))));
  } catch {
    console.log('not all packages could be installed');
  }
  const namesIn = lane => Object.keys(checks).filter(name => checks[name].lane === lane);
  await Promise.all(['live', 'built'].map((lane, index) => runLane(namesIn(lane), index, context)));
}
