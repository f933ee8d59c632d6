// Writes the results of a run to a table in the documentation, with the date of the run.
import { readFileSync, writeFileSync } from 'node:fs';
import { inRoot } from './files.mjs';

/**
 * Replaces or adds the row of a name in the table between `<!-- KIND -->` and `<!-- end of KIND -->` of a page. The last cell
 * is the date.
 */
export function record(kind, name, cells, page = 'testing.md') {
  const path = inRoot('docs', page);
  const [opening, closing] = [`<!-- ${kind} -->\n`, `<!-- end of ${kind} -->`];
  const text = readFileSync(path, 'utf8');
  const [start, end] = [text.indexOf(opening), text.indexOf(closing)];
  if (start < 0 || end < start) throw new Error(`${path} has no table between ${opening}and ${closing}`);
  const date = new Date().toISOString().slice(0, 10);
  const others = text
    .slice(start + opening.length, end)
    .trim()
    .split('\n')
    .filter(line => !line.startsWith(`| ${name} `));
  const table = [...others, `| ${[name, ...cells, date].join(' | ')} |`].join('\n');
  writeFileSync(path, `${text.slice(0, start)}${opening}\n${table}\n\n${text.slice(end)}`);
}

/** Records the results of the attacks on a kernel: a row for each user, from findings that test/support/findings.ts printed. */
export function recordIsolation({ machine }, findings) {
  for (const { linux, landlock, user, parts, environment, mounts } of findings) {
    const found = ['memory', 'signals', 'abstract-sockets', 'descriptors', 'terminal', 'limits'];
    const cells = [landlock, user, ...found.map(part => parts[part]), environment, mounts];
    record('isolation', `${linux} ${machine}, ${user}`, cells.toSpliced(1, 1), 'children.md');
  }
}
