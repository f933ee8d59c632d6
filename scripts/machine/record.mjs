// Writes what a whole run has said into the table of docs/testing.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const START = '<!-- runs -->\n';
const END = '<!-- end of runs -->';

/** Replaces the line of a machine, or adds it. */
export function record(root, { arch, release }, summary) {
  const path = join(root, 'docs/testing.md');
  const text = readFileSync(path, 'utf8');
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`${path} has no table of runs between ${START}and ${END}`);
  const name = `${arch}:${release}`;
  const { linux, machine, node, passed, skipped, failed, seconds } = summary;
  const minutes = `${Math.round(seconds / 60)} min`;
  const date = new Date().toISOString().slice(0, 10);
  const row = [name, linux, machine, node, passed, skipped, failed, minutes, date].join(' | ');
  const others = text
    .slice(start + START.length, end)
    .trim()
    .split('\n')
    .filter(line => !line.startsWith(`| ${name} `));
  const table = [...others, `| ${row} |`].join('\n');
  writeFileSync(path, `${text.slice(0, start)}${START}\n${table}\n\n${text.slice(end)}`);
}
