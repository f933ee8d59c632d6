// Writes what a whole run has said into docs/testing.md, between the marks of its machine.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

/** Replaces the line of a machine, or adds it. */
export async function record(root, { arch, release }, summary) {
  const path = join(root, 'docs/testing.md');
  const text = readFileSync(path, 'utf8');
  const [before, rest] = text.split('<!-- runs -->\n');
  const [table, after] = (rest ?? '').split('<!-- end of runs -->');
  if (after === undefined)
    throw new Error(`${path} has no place for runs: put <!-- runs --> and <!-- end of runs -->`);
  const { linux, machine, node, passed, skipped, failed, seconds } = summary;
  const date = new Date().toISOString().slice(0, 10);
  const name = `${arch}:${release}`;
  const cells = [
    name,
    linux,
    machine,
    node,
    passed,
    skipped,
    failed,
    `${Math.round(seconds / 60)} min`,
    date,
  ];
  const rows = table
    .trim()
    .split('\n')
    .filter(row => !row.startsWith(`| ${name} `));
  const runs = [...rows, `| ${cells.join(' | ')} |`].join('\n');
  const written = `${before}<!-- runs -->\n\n${runs}\n\n<!-- end of runs -->${after}`;
  writeFileSync(path, await format(written, { ...(await resolveConfig(path)), filepath: path }));
}
