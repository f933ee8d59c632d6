// Runs every fuzzer and every property suite for some time, and reports the results.
// Usage: node scripts/nightly.mjs [--seconds N] [--record] [NAME...]: an hour for each property and fuzzer unless given.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS } from '../.ci/checks.mjs';
import { commandLine } from './command-line.mjs';
import { inRoot, readJson, root } from './files.mjs';
import { buildFuzzers, fuzz, fuzzTargets } from './fuzz.mjs';
import { nodeBinary } from './nodes.mjs';
import { record } from './record.mjs';

const kept = inRoot('build/nightly');

/** Runs mocha without time limits. */
function suite(files, env, node = process.execPath) {
  const { status, stdout, stderr } = spawnSync(
    node,
    [inRoot('node_modules/mocha/bin/mocha.js'), '--timeout', '0', '--reporter', 'spec', ...files],
    { cwd: root, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 30 },
  );
  const count = what => Number(new RegExp(`^\\s*(\\d+) ${what}`, 'm').exec(stdout)?.[1] ?? 0);
  return {
    settings: Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .join(', '),
    passed: count('passing'),
    failing: count('failing'),
    failed: status !== 0,
    report: `${stdout}${stderr}`,
  };
}

/** Runs the checks that `.ci/run` runs only by name, except those of other Node versions, for which more tests run here. */
function checks() {
  const names = Object.keys(CHECKS).filter(
    name => CHECKS[name].lane === undefined && !name.startsWith('node-'),
  );
  const file = join(kept, 'checks.json');
  rmSync(file, { force: true });
  const { status, stdout, stderr } = spawnSync(inRoot('.ci/run'), names, {
    cwd: root,
    env: { ...process.env, CHECKS_TOTALS: file },
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  const { passed, failed: failing } = existsSync(file) ? readJson(file) : { passed: 0, failed: 0 };
  return {
    settings: names.join(', '),
    passed,
    failing,
    failed: status !== 0,
    report: `${stdout}${stderr}`,
  };
}

const properties = name => seconds =>
  suite([`out/test/properties/${name}.test.js`], { PROPERTY_SECONDS: seconds });

const minutes = took => `${(took / 60).toFixed(1)} min`;

/** Describes the work of a job that passed. */
const what = ({ passed, settings, executions, edges, features }) =>
  executions === undefined
    ? `${passed} tests with ${settings}`
    : `${executions} inputs; the corpus reaches ${edges} edges, ${features} features`;

/** The tests that depend on the version of Node. */
const LIVE = ['native', 'process', 'attacks', 'cli', 'examples'].map(part => `out/test/${part}/**/*.test.js`);

/** The jobs, by name. */
const JOBS = {
  policies: () => suite(['out/test/filter/*.test.js'], { POLICIES: '100000' }),
  // The checks of a change run only a part of these tests.
  ...Object.fromEntries(
    [22, 24, 26].map(major => [`node-${major}`, () => suite(LIVE, { RING_LOADS: '50' }, nodeBinary(major))]),
  ),
  checks,
  bounds: () => suite(['out/test/filter/bounds.test.js'], { HOSTILE: 'all' }),
  stress: () => suite(['out/test/stress/*.test.js'], { STRESS: '1', CHILD_MINUTES: '10' }),
  leaks: () => suite(['out/test/leaks/*.test.js'], { CYCLES: '100000', CHILD_MINUTES: '600' }),
  'properties-profile': properties('profile'),
  'properties-compile': properties('compile'),
  'properties-program': properties('program'),
  ...Object.fromEntries(fuzzTargets().map(name => [`fuzz-${name}`, seconds => fuzz(name, seconds)])),
};

const known = Object.keys(JOBS);
const { operands, values } = commandLine(
  `npm run test:nightly -- [--seconds N] [--record] [${known.join('|')}]...`,
  {
    options: { seconds: { type: 'string', default: '3600' }, record: { type: 'boolean' } },
    count: [0, Infinity],
    known,
  },
);
const seconds = Number(values.seconds);
if (!(seconds > 0)) {
  console.error(`--seconds ${values.seconds}: must be a number greater than 0`);
  process.exit(2);
}
const names = operands.length === 0 ? known : operands;
if (names.some(name => name.startsWith('fuzz-'))) buildFuzzers();
mkdirSync(kept, { recursive: true });
const failed = [];
for (const name of names) {
  const start = Date.now();
  const { report, ...result } = JOBS[name](seconds);
  const took = Math.round((Date.now() - start) / 1000);
  console.log(JSON.stringify({ name, took, ...result }));
  if (!result.failed) {
    if (values.record) record('nights', name, [minutes(took), what(result)]);
    continue;
  }
  failed.push(name);
  writeFileSync(join(kept, `${name}.log`), report);
  console.error(`${name} failed: see build/nightly/${name}.log`);
}
console.log(JSON.stringify({ run: names.length, failed }));
process.exitCode = failed.length === 0 ? 0 : 1;
