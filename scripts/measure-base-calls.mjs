// Measures which system calls Node itself makes after it loads a filter, because they are not documented.
// Usage: node scripts/measure-base-calls.mjs [--check | --quick]
//   without an option, writes lib/kernel/calls/base-calls.ts and docs/node-base-calls.md: half an hour
//   --check measures again and fails if the lists lack a call
//   --quick only runs each program once under a filter made from the lists, and fails if one does not work: a minute
import { writeFileSync } from 'node:fs';
import { measure } from './base-calls/measure.mjs';
import { PAGE, pageText } from './base-calls/page.mjs';
import { SOURCE, sourceText } from './base-calls/source.mjs';
import { commandLine } from './command-line.mjs';

const { values } = commandLine('node scripts/measure-base-calls.mjs [--check | --quick]', {
  options: { check: { type: 'boolean' }, quick: { type: 'boolean' } },
});
if (values.check) {
  const { missingFromCommitted } = await import('./base-calls/committed.mjs');
  fail(missingFromCommitted(await measure()));
} else if (values.quick) {
  const { failuresUnderLists } = await import('./base-calls/committed.mjs');
  const { runs, failures } = await failuresUnderLists();
  fail(failures);
  console.log(`${runs - failures.length} of ${runs} programs work under the lists`);
} else {
  const measured = await measure();
  writeFileSync(SOURCE, await sourceText(measured));
  writeFileSync(PAGE, pageText(measured));
}

/** Prints the calls that the lists lack, and exits with 1 if there are any. */
function fail(lacking) {
  if (lacking.length === 0) return;
  console.error(`the lists do not suffice; run node scripts/measure-base-calls.mjs\n${lacking.join('\n')}`);
  process.exitCode = 1;
}
