// Runs the checks and counts them. Usage: .ci/run [NAME...], one after the other; all of them by default, in two parallel lanes.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../scripts/command-line.mjs';
import { run } from '../scripts/run.mjs';
import { CHECKS } from './checks.mjs';
import { perform, runAll } from './runner.mjs';

const known = Object.keys(CHECKS);
const { operands } = commandLine(`.ci/run [${known.join('|')}]...`, { count: [0, Infinity], known });
const totals = { passed: 0, failed: 0, skipped: 0 };
const scratch = mkdtempSync(join(tmpdir(), 'seccomp-ci-'));
// Tests run programs in this folder as another user.
chmodSync(scratch, 0o755);
try {
  if (operands.length > 0) {
    for (const name of operands) perform(name, CHECKS[name], { totals, scratch });
  } else {
    // All checks need this.
    run(process.execPath, ['scripts/setup.mjs', '--quiet'], { stdio: 'inherit' });
    await runAll(CHECKS, { totals, scratch });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const { CHECKS_TOTALS } = process.env;
if (CHECKS_TOTALS !== undefined) writeFileSync(CHECKS_TOTALS, JSON.stringify(totals));
else console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;
