// The maximum cost of hostile programs and profiles: every analysis of each, in a separate process with a small heap.
// `node scripts/bench/hostile.mjs [programs|profiles] [TEXT]`, after a build with tests; TEXT is part of a name.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const HEAP = 256;
const self = fileURLToPath(import.meta.url);
const [kind, only] = process.argv.slice(2);

if (kind === 'one') {
  const { subjects } = await import('../../out/test/support/hostile-analyses.js');
  const [, , , subject, analysis] = process.argv;
  const run = subjects().get(subject)?.get(analysis);
  if (run === undefined) throw new Error(`no analysis ${analysis} of ${subject}`);
  const start = performance.now();
  let outcome = 'a result';
  try {
    run();
  } catch (error) {
    outcome = error.code ?? `${error.name}: ${error.message}`;
  }
  const seconds = (performance.now() - start) / 1000;
  const { maxRSS } = process.resourceUsage();
  console.log(JSON.stringify({ outcome, seconds, megabytes: maxRSS / 1024 }));
} else {
  const { subjects } = await import('../../out/test/support/hostile-analyses.js');
  const rows = [];
  for (const [subject, analyses] of subjects(kind)) {
    if (only !== undefined && !subject.includes(only)) continue;
    for (const analysis of analyses.keys()) {
      const child = spawnSync(
        process.execPath,
        [`--max-old-space-size=${HEAP}`, self, 'one', subject, analysis],
        { encoding: 'utf8', timeout: 600_000 },
      );
      const row =
        child.status === 0
          ? JSON.parse(child.stdout)
          : { outcome: `ended by ${child.signal ?? child.status}`, seconds: NaN, megabytes: NaN };
      rows.push({ subject, analysis, ...row });
      if (row.seconds > 1 || Number.isNaN(row.seconds) || row.megabytes > 400 || only !== undefined)
        console.log(
          `${subject}: ${analysis}: ${row.outcome}, ${row.seconds.toFixed(2)} s, ${row.megabytes.toFixed(0)} MB`,
        );
    }
  }
  const slowest = rows.reduce((a, b) => (b.seconds > a.seconds ? b : a));
  const largest = rows.reduce((a, b) => (b.megabytes > a.megabytes ? b : a));
  const failed = rows.filter(({ outcome }) => /^ended by|: /.test(outcome));
  console.log(`${rows.length} analyses, ${failed.length} without a result or a code`);
  console.log(`longest: ${slowest.seconds.toFixed(1)} s, ${slowest.analysis} of ${slowest.subject}`);
  console.log(`largest: ${largest.megabytes.toFixed(0)} MB, ${largest.analysis} of ${largest.subject}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
