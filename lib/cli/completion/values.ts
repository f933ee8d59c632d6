// The kinds of values of arguments and options, by their names in --help, and the words that shells offer for them.
import { ABIS, syscallsOf } from '../../kernel/abi.js';
import { architectureNames } from '../../kernel/architectures.js';
import { CAPABILITIES } from '../../kernel/capabilities.js';
import { constantsOf } from '../../kernel/arguments/named-values.js';
import { parametersOf } from '../../kernel/arguments/signatures.js';
import { callGroups } from '../../kernel/calls/call-groups.js';
import { groupBy } from '../../util/collections.js';
import { shippedProfiles } from '../../util/host/read-text.js';

/**
 * Kinds of values. `profile`: the name of a profile that ships, or a file; `filter`: a profile or a process; `calls`: system
 * calls and groups; `list`: the same, separated by commas; `event`: a system call and its arguments; `command`: another
 * command and its arguments; `any`: no completion.
 */
export type ValueKind =
  | 'file'
  | 'directory'
  | 'profile'
  | 'filter'
  | 'calls'
  | 'list'
  | 'event'
  | 'capability'
  | 'architecture'
  | 'process'
  | 'command'
  | 'any';

/** The kind of value by the name of the argument or option. Those with choices are completed with these. */
export const VALUE_KINDS: Readonly<Record<string, ValueKind>> = {
  a: 'filter',
  arch: 'architecture',
  b: 'filter',
  base: 'profile',
  call: 'event',
  calls: 'list',
  capability: 'capability',
  category: 'any',
  cgroup: 'directory',
  command: 'command',
  directory: 'directory',
  file: 'file',
  first: 'profile',
  filter: 'filter',
  id: 'any',
  n: 'any',
  name: 'any',
  number: 'any',
  others: 'profile',
  path: 'file',
  pid: 'process',
  profile: 'profile',
  recording: 'file',
  release: 'any',
  seconds: 'any',
  syscall: 'calls',
  text: 'any',
  version: 'any',
};

/** The words that are offered. None contains a character that is special in a shell. */
export interface CompletionWords {
  readonly profiles: readonly string[];
  readonly syscalls: readonly string[];
  readonly groups: readonly string[];
  readonly capabilities: readonly string[];
  readonly architectures: readonly string[];
  /** The prefixes of calls of other ABIs, as in `x86:socket`. */
  readonly abis: readonly string[];
  /** Constants with the arguments that take them, each as `socket 0`. */
  readonly constants: readonly { readonly places: readonly string[]; readonly names: readonly string[] }[];
}

/** Collects the words. */
export function completionWords(): CompletionWords {
  const abis = Object.values(ABIS).map(({ name }) => name);
  const syscalls = [...new Set(abis.flatMap(abi => [...syscallsOf(abi).keys()]))].sort();
  const places = syscalls.flatMap(syscall =>
    [0, 1, 2, 3, 4, 5].flatMap(index => {
      const groups = abis.flatMap(abi => parametersOf(abi, syscall)?.[index]?.constants ?? []);
      return groups.length === 0 ? [] : [{ place: `${syscall} ${index}`, groups: [...new Set(groups)] }];
    }),
  );
  const constants = [...groupBy(places, ({ groups }) => groups.join(' ')).values()].map(same => {
    const names = (same[0]?.groups ?? []).flatMap(group =>
      abis.flatMap(abi => [...constantsOf(abi, group).keys()]),
    );
    return { places: same.map(({ place }) => place), names: [...new Set(names)].filter(isPlain) };
  });
  return {
    profiles: shippedProfiles().filter(isPlain),
    syscalls,
    groups: callGroups().map(({ name }) => name),
    capabilities: ['ALL', ...CAPABILITIES],
    architectures: architectureNames(),
    abis,
    constants,
  };
}

/** Whether a word needs no quotes in any shell. */
const isPlain = (word: string): boolean => /^[\w@][\w@-]*$/.test(word);
