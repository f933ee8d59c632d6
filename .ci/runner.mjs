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
 * @typedef {{ totals: Totals, scratch: string }} Context what a check adds its tests to, and a folder for its files
 *
 * @typedef {object} Check
 * @property {'live' | 'built'} [lane] the checks that it waits for; without one it is made only where it is named
 * @property {Record<string, string>} [needs] commands and files, with the Debian packages of them
 * @property {Record<string, string>} [uses] the same, of what it runs without, with fewer tests
 * @property {(context: Context) => unknown} run throws where the check fails
 */

/** Why a check cannot be made on this machine. */
export class Skip extends Error {}

/** Installs the packages of `needs` that are missing. */
function install(needs) {
  try {
    installPackages(missingPackages(needs));
  } catch (error) {
    throw error instanceof NotInstallable ? new Skip(error.message) : error;
  }
}

/** Installs what a check can run without, or says why tests will be skipped. An installation that fails is a failure. */
function installOptional(uses, totals) {
  try {
    install(uses);
  } catch (error) {
    if (!(error instanceof Skip)) totals.failed += 1;
    console.log(`some tests will be skipped: ${error.message}`);
  }
}

/**
 * Makes a check, counts it, and prints its line.
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

/** Runs a lane in a process of its own and adds what it counted. The first one shows what it does as it does it. */
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
 * Makes all checks, each lane in the order of the table, the lanes at the same time.
 * @param {Record<string, Check>} checks
 * @param {Context} context
 */
export async function runAll(checks, context) {
  // Two lanes cannot install at once. What fails here fails again where it is needed, and is reported there.
  try {
    install(Object.assign({}, ...Object.values(checks).map(({ needs, uses }) => ({ ...needs, ...uses }))));
  } catch {
    console.log('not all packages could be installed');
  }
  const namesIn = lane => Object.keys(checks).filter(name => checks[name].lane === lane);
  await Promise.all(['live', 'built'].map((lane, index) => runLane(namesIn(lane), index, context)));
}
