// systemd's groups for SystemCallFilter=. data/systemd-groups.txt has those of version 252.
import { dataLines } from '../../../kernel/data-file.js';

let groups: ReadonlyMap<string, readonly string[]> | undefined;

function read(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let last: string[] = [];
  for (const line of dataLines('systemd-groups.txt')) {
    if (line.startsWith('#')) continue;
    if (line.startsWith(' ')) last.push(line.slice(1));
    else found.set(`@${line}`, (last = []));
  }
  return found;
}

const table = (): ReadonlyMap<string, readonly string[]> => (groups ??= read());

/** The names of all groups, including the `@`. */
export const systemdGroups = (): readonly string[] => [...table().keys()];

/** The calls of a group, including those of nested groups; undefined if there is no such group. */
export function systemdGroup(name: string): readonly string[] | undefined {
  return table()
    .get(name)
    ?.flatMap(member => (member.startsWith('@') ? (systemdGroup(member) ?? []) : [member]));
}
