// Calls by purpose: the groups, such as `@network`, that can be written instead of names of calls.
import { didYouMean, quote } from '../../util/suggest.js';
import { UsageError } from '../../util/errors.js';
import { dataLines } from '../data-file.js';

/** A group of calls with one purpose. */
export interface CallGroup {
  /** The name of the group, e.g. `@network`. */
  readonly name: `@${string}`;
  /** What the calls do, in a sentence. */
  readonly description: string;
  /** Names of calls, of all architectures, in alphabetical order. */
  readonly calls: readonly string[];
}

interface Table {
  /** In the order of the file. */
  readonly groups: ReadonlyMap<string, CallGroup>;
  /** The groups of each call, its purpose first. */
  readonly byCall: ReadonlyMap<string, readonly CallGroup[]>;
}

/** A group as the file has it: some of its members are groups. */
interface Entry {
  readonly description: string;
  readonly members: string[];
}

let table: Table | undefined;
const load = (): Table => (table ??= read());

/**
 * Reads data/call-groups.txt. A line is a name, a colon and a description; the indented lines below it are its calls, and groups
 * all of whose calls it has. Purposes come first, so that the first group that has a call is what the call is for.
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

/** Whether a name is that of a group: it begins with `@`. */
export const isGroupName = (name: string): name is CallGroup['name'] => name.startsWith('@');

/** Returns all groups: first the purposes, each call being in exactly one of them, then parts of these and groups across them. */
export const callGroups = (): readonly CallGroup[] => [...load().groups.values()];

/** The group with that name, e.g. `@network`; undefined if there is none. */
export const findGroup = (name: string): CallGroup | undefined => load().groups.get(name);

/** The message for the name of a group that does not exist. */
export const noSuchGroup = (name: string): string => `there is no group of calls ${quote(name)}`;

/** The remedy for it: suggests the closest group, or lists all of them. */
export function didYouMeanGroup(name: string): string | undefined {
  const all = [...load().groups.keys()];
  return didYouMean(name, all, `There are ${all.join(', ')}`);
}

/** Throws UsageError (`unknown-group`). */
function groupNamed(name: string): CallGroup {
  const group = findGroup(name);
  if (group !== undefined) return group;
  throw new UsageError('unknown-group', noSuchGroup(name), didYouMeanGroup(name));
}

/**
 * The calls of a name: those of a group for `@network`, otherwise the name itself, even if there is no such call.
 * Throws UsageError (`unknown-group`).
 */
export const callsNamed = (name: string): readonly string[] =>
  isGroupName(name) ? groupNamed(name).calls : [name];

/** Returns the groups that contain a call, its purpose first; an empty list for a name that is not a call. */
export const groupsOf = (syscall: string): readonly CallGroup[] => load().byCall.get(syscall) ?? [];

/** The purposes, in the order in which people read about a program: files first. */
export const purposes = (): readonly CallGroup['name'][] => [
  ...new Set([...load().byCall.values()].flatMap(([first]) => (first === undefined ? [] : [first.name]))),
];
