// Groups of calls by purpose, such as `@network`, which can be written instead of names of calls.
import { didYouMean, quote } from '../../util/suggest.js';
import { UsageError } from '../../util/errors.js';
import { dataLines } from '../data-file.js';

/** A group of calls with one purpose. */
export interface CallGroup {
  /** The name of the group, e.g. `@network`. */
  readonly name: `@${string}`;
  /** One sentence about what the calls do. */
  readonly description: string;
  /** Names of calls on all architectures, in alphabetical order. */
  readonly calls: readonly string[];
}

interface Table {
  /** In the order of the file. */
  readonly groups: ReadonlyMap<string, CallGroup>;
  /** The groups of each call, its purpose first. */
  readonly byCall: ReadonlyMap<string, readonly CallGroup[]>;
}

/** A group as in the file: its members may be groups. */
interface Entry {
  readonly description: string;
  readonly members: string[];
}

let table: Table | undefined;
const load = (): Table => (table ??= read());

/**
 * Reads data/call-groups.txt. A line is a name, a colon and a description; the indented lines below it are its members: calls,
 * or groups that it contains. Purposes come first, so that the first group with a call is the call's purpose.
 */
function read(): Table {
  const entries = new Map<string, Entry>();
  let last: Entry | undefined;
  for (const line of dataLines('call-groups.txt')) {
    if (line.startsWith('#') || line === '') continue;
    if (line.startsWith(' ')) last?.members.push(...line.trim().split(' '));
    else {
      const [name = '', ...rest] = line.split(': ');
      last = { description: rest.join(': '), members: [] };
      entries.set(`@${name}`, last);
    }
  }
  const callsOf = (name: string): readonly string[] =>
    (entries.get(name)?.members ?? []).flatMap(member => (isGroupName(member) ? callsOf(member) : [member]));
  const groups = new Map<string, CallGroup>();
  const byCall = new Map<string, CallGroup[]>();
  for (const [name, { description }] of entries) {
    const calls = [...new Set(callsOf(name))].sort();
    const group = Object.freeze({
      name: name as CallGroup['name'],
      description,
      calls: Object.freeze(calls),
    });
    groups.set(name, group);
    for (const call of calls) byCall.set(call, [...(byCall.get(call) ?? []), group]);
  }
  return { groups, byCall };
}

/** Whether a name is that of a group, that is, begins with `@`. */
export const isGroupName = (name: string): name is CallGroup['name'] => name.startsWith('@');

/** Returns all groups: first the purposes, of which each call has exactly one, then subsets and groups that span purposes. */
export const callGroups = (): readonly CallGroup[] => [...load().groups.values()];

/** The group with this name, e.g. `@network`; undefined if there is none. */
export const findGroup = (name: string): CallGroup | undefined => load().groups.get(name);

/** The message for the name of a group that does not exist. */
export const noSuchGroup = (name: string): string => `there is no group of calls ${quote(name)}`;

/** The remedy for an unknown group: suggests the closest group, or lists all of them. */
export function didYouMeanGroup(name: string): string | undefined {
  const all = [...load().groups.keys()];
  return didYouMean(name, all, `There are ${all.join(', ')}`);
}

/** Finds a group. Throws UsageError (`unknown-group`). */
function groupNamed(name: string): CallGroup {
  const group = findGroup(name);
  if (group !== undefined) return group;
  throw new UsageError('unknown-group', noSuchGroup(name), didYouMeanGroup(name));
}

/**
 * The calls that a name stands for: those of a group such as `@network`, otherwise the name itself, even if no such
 * call exists. Throws UsageError (`unknown-group`).
 */
export const callsNamed = (name: string): readonly string[] =>
  isGroupName(name) ? groupNamed(name).calls : [name];

/** Returns the groups that contain a call, its purpose first; empty for a name that is not a call. */
export const groupsOf = (syscall: string): readonly CallGroup[] => load().byCall.get(syscall) ?? [];

/** The purposes in the order for reports: files first. */
export const purposes = (): readonly CallGroup['name'][] => [
  ...new Set([...load().byCall.values()].flatMap(([first]) => (first === undefined ? [] : [first.name]))),
];
