// Updates every table that is generated from the kernel to the newest Linux of Debian unstable: fetches its headers, its
// source and the manual pages, and runs the generators. With --check, compares instead, and reuses earlier downloads.
// Usage: node scripts/refresh-kernel.mjs [--check]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from './command-line.mjs';
import { inRoot } from './files.mjs';
import { firstVersions } from './generate-first-versions.mjs';
import { Stale, Undecided } from './generated-file.mjs';
import { namedValues } from './generate-named-values.mjs';
import { signatures } from './generate-signatures.mjs';
import { syscallTable } from './generate-syscall-table.mjs';
import { ABI_NAMES } from './kernel-abis.mjs';
import { callsOf, versionOf } from './kernel-calls.mjs';
import { kernelSources, Unavailable } from './kernel-sources.mjs';
import { libseccompSource } from './libseccomp.mjs';

export { Unavailable };

/** The inputs and the tables are of different kernel versions. */
export class OtherKernel extends Error {}

/**
 * Compares every table with its inputs, and the numbers with libseccomp's. Throws Stale if a generator would write a
 * different table, OtherKernel if Debian has a newer kernel than the tables, after comparing the calls that both have, and
 * Unavailable if the inputs cannot be fetched: then the only check was that the generators load.
 */
export function checkKernelTables() {
  compareWithLibseccomp();
  const { headers, manual, source } = kernelSources();
  const [ours, theirs] = [tableVersion(), Object.values(versionOf(headers)).join('.')];
  if (ours !== theirs) {
    compareKnown(headers);
    throw new OtherKernel(
      `the tables are of Linux ${ours} and Debian unstable has ${theirs}, which numbers every call of ours alike: refresh with node scripts/refresh-kernel.mjs`,
    );
  }
  generateAll({ headers, manual, source }, true);
}

function generateAll({ headers, manual, source }, check) {
  syscallTable(headers, check);
  firstVersions(headers, manual, check);
  signatures(source, headers, check);
  namedValues(headers, check);
}

const tableText = () => readFileSync(inRoot('lib/kernel/calls/syscall-table.ts'), 'utf8');

function tableVersion() {
  const [, major, minor] = /major: (\d+), minor: (\d+)/.exec(tableText()) ?? [];
  return `${major}.${minor}`;
}

/** Parses the generated table of an ABI. */
function tableOf(abi) {
  const [, words = ''] = new RegExp(`\\n  ${abi}: \`([^\`]*)\``).exec(tableText()) ?? [];
  const calls = new Map();
  let next = 0;
  for (const word of words.trim().split(/\s+/)) {
    if (/^\d/.test(word)) next = Number(word);
    else calls.set(word, next++);
  }
  return calls;
}

/** Throws Stale if headers number a call of the tables differently. Newer headers may lack some calls and have others. */
function compareKnown(headers) {
  for (const abi of ABI_NAMES) {
    const theirs = callsOf(headers, abi) ?? new Map();
    for (const [name, number] of tableOf(abi)) {
      if (theirs.has(name) && theirs.get(name) !== number)
        throw new Stale(`${abi}: ${name} is ${theirs.get(name)} in ${headers}, and ${number} in the table`);
    }
  }
}

/** Throws if the pinned libseccomp has a call that the tables lack, or another number for a call. */
function compareWithLibseccomp() {
  const csv = readFileSync(join(libseccompSource().directory, 'src/syscalls.csv'), 'utf8').trim().split('\n');
  const [header, ...rows] = csv.map(line => line.split(','));
  for (const abi of ABI_NAMES) {
    const [calls, column] = [tableOf(abi), header.indexOf(abi)];
    for (const { 0: name, [column]: cell } of rows) {
      if (/^\d+$/.test(cell) && calls.get(name) !== Number(cell))
        throw new Stale(`${abi}: libseccomp has ${name} as ${cell}, the table as ${calls.get(name)}`);
    }
  }
}

if (import.meta.filename === process.argv[1]) {
  const { values } = commandLine('node scripts/refresh-kernel.mjs [--check]', {
    options: { check: { type: 'boolean' } },
  });
  try {
    if (values.check) checkKernelTables();
    else {
      generateAll(kernelSources({ newest: true }), false);
      compareWithLibseccomp();
    }
  } catch (error) {
    if (![Stale, Undecided, OtherKernel, Unavailable].some(kind => error instanceof kind)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
