// Measures the package and libseccomp in one run, and writes docs/performance.md.
// Usage: node scripts/bench/run.mjs [--quick] [--only NAME]   --quick: few rounds; with either, nothing is written
import { writeFileSync } from 'node:fs';
import { commandLine } from '../command-line.mjs';
import { inRoot } from '../files.mjs';
import * as callCost from './call-cost.mjs';
import * as compile from './compile.mjs';
import { blocks, table } from './format.mjs';
import * as loading from './loading.mjs';
import { describeMachine } from './machine.mjs';
import * as logs from './logs.mjs';
import * as programs from './programs.mjs';
import * as recording from './record.mjs';
import * as recordPerf from './record-perf.mjs';
import * as reportOnly from './report-only.mjs';
import * as scaling from './scaling.mjs';
import * as simulate from './simulate.mjs';
import * as spawning from './spawn.mjs';
import * as startup from './startup.mjs';
import * as supervising from './supervise.mjs';

const MEASUREMENTS = {
  programs,
  compile,
  scaling,
  startup,
  loading,
  spawn: spawning,
  supervise: supervising,
  'report-only': reportOnly,
  record: recording,
  'record-perf': recordPerf,
  calls: callCost,
  simulate,
  logs,
};

const introduction = () =>
  blocks(
    '# Performance',
    `\`npm run bench\` wrote this page; do not edit. It compares this package ("ours") with libseccomp and strace. The profile is \`docker-default\`
without capabilities. Alternatives are measured in turn, A B C A B C …, so that other load of the machine affects all alike. Figures are
medians with the quartiles in parentheses. Ratios are the median of the ratios in each round.`,
    table(['Machine', ''], Object.entries(describeMachine())),
  );

const show = text => console.log(`${text}\n`);

const { values } = commandLine('node scripts/bench/run.mjs [--quick] [--only NAME]', {
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const { quick, only } = values;
if (only !== undefined && !Object.hasOwn(MEASUREMENTS, only)) {
  console.error(`--only ${only}: must be one of ${Object.keys(MEASUREMENTS).join(', ')}`);
  process.exit(2);
}
try {
  const parts = [introduction()];
  show(parts[0]);
  for (const [name, { title, measure, render }] of Object.entries(MEASUREMENTS)) {
    if (only !== undefined && name !== only) continue;
    const part = blocks(`## ${title}`, render(await measure({ quick })));
    show(part);
    parts.push(part);
  }
  if (!quick && only === undefined) writeFileSync(inRoot('docs/performance.md'), `${blocks(...parts)}\n`);
} catch (error) {
  console.error(error.stack);
  // Helpers that still run end when their input ends.
  process.exit(1);
}
