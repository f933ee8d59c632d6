// Gives every fuzzer and every suite of properties its time, and says what came of it.
// Usage: node scripts/nightly.mjs [--seconds N] [--record] [NAME...]: an hour for each property and fuzzer unless given.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildFuzzers, fuzz, fuzzTargets } from './fuzz.mjs';
import { nodeBinary } from './nodes.mjs';
import { record } from './record.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const kept = join(root, 'build/nightly');

/** Runs mocha without limits of time. */
function suite(files, env, node = process.execPath) {
  const { status, stdout, stderr } = spawnSync(
    node,
    [join(root, 'node_modules/mocha/bin/mocha.js'), '--timeout', '0', '--reporter', 'spec', ...files],
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

const properties = name => seconds =>
  suite([`out/test/properties/${name}.test.js`], { PROPERTY_SECONDS: seconds });

const minutes = took => `${(took / 60).toFixed(1)} min`;

/** What a job that passed has done. */
const what = ({ passed, settings, executions, edges, features }) =>
  executions === undefined
    ? `${passed} tests with ${settings}`
    : `${executions} inputs; the corpus reaches ${edges} edges, ${features} features`;

/** What depends on the Node that runs it. */
const LIVE = ['native', 'process', 'attacks', 'cli', 'examples'].map(part => `out/test/${part}/**/*.test.js`);

/** What there is to run, by name. */
const JOBS = {
  policies: () => suite(['out/test/filter/*.test.js'], { POLICIES: '100000' }),
  // A change is tested there by a part of them.
  ...Object.fromEntries(
    [22, 24, 26].map(major => [`node-${major}`, () => suite(LIVE, {}, nodeBinary(major))]),
  ),
  bounds: () => suite(['out/test/filter/bounds.test.js'], { HOSTILE: 'all' }),
  leaks: () => suite(['out/test/leaks/*.test.js'], { CYCLES: '100000', CHILD_MINUTES: '600' }),
  'properties-profile': properties('profile'),
  'properties-compile': properties('compile'),
  'properties-program': properties('program'),
  ...Object.fromEntries(fuzzTargets().map(name => [`fuzz-${name}`, seconds => fuzz(name, seconds)])),
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '3600' }, record: { type: 'boolean', default: false } },
});
const seconds = Number(values.seconds);
if (!(seconds > 0) || positionals.some(name => !Object.hasOwn(JOBS, name))) {
  console.error(
    `usage: npm run test:nightly -- [--seconds N] [--record] [${Object.keys(JOBS).join('|')}]...`,
  );
  process.exit(2);
}
const names = positionals.length === 0 ? Object.keys(JOBS) : positionals;
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
