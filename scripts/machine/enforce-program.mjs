// Inside the virtual machine: starts the workloads of a program without a filter, under its profile, and under a profile of
// only the recorded names, and prints a line of JSON for each.
//   node scripts/machine/enforce-program.mjs PROGRAM PROFILE NAMES
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAMS } from '../measured-programs.mjs';
import { isThere } from '../debian-packages.mjs';
import { perform, reportedCalls, seccomp } from '../perform-workload.mjs';

const [name = '', profile = '', names = ''] = process.argv.slice(2);
const program = PROGRAMS.find(each => each.name === name);
if (program === undefined) throw new Error(`no program ${name}`);
const missing = program.needs.filter(need => !isThere(need));
if (missing.length > 0) throw new Error(`${missing.join(', ')} is not there`);
const reports = mkdtempSync(join(tmpdir(), 'seccomp-reports-'));
chmodSync(reports, 0o777);

for (const [index, workload] of program.workloads.entries()) {
  const plain = await perform(program, workload);
  const under = await perform(program, workload, seccomp('run', profile));
  const report = join(reports, String(index));
  const reportOnly = seccomp('run', '--report-only', '--json', '--report-file', report, profile);
  await perform(program, workload, reportOnly);
  const byNames = await perform(program, workload, seccomp('run', names));
  const works = under.outcome === plain.outcome;
  const entry = {
    program: name,
    why: workload.why ?? 'the recorded workload',
    works,
    refused: reportedCalls(report),
    namesWork: byNames.outcome === plain.outcome,
    plain: plain.outcome,
    ...(!works && { under: under.outcome, errors: under.errors.slice(-2000) }),
  };
  console.log(`@enforced ${JSON.stringify(entry)}`);
}
