// Classes of equivalent calls, and other names of calls.
import { syscallNumber } from '../abi.js';
import type { AbiName } from '../architectures.js';
import { dataLines } from '../data-file.js';

/** Calls with the same effect. */
export interface CallClass {
  /** The preferred call first. */
  readonly calls: readonly string[];
  /**
   * Groups of calls that are the same or differ only in their name or the width of an argument, such as chown and
   * chown32.
   */
  readonly twins: readonly (readonly string[])[];
  /** Whether they are equivalent for the same arguments, so that another call evades a condition on one. */
  readonly arguments: boolean;
  /** Whether C libraries choose among them, so that a program cannot know which one it makes. */
  readonly interchangeable: boolean;
  /**
   * `same`: each does the work of each. `related`: each can do some of another's work. `directed`: the others do the work of
   * the first, a multiplexer. `part`: with some arguments, the others do the work of the first, but not vice versa: sendto with
   * MSG_FASTOPEN connects, clock_adjtime with ADJ_SETOFFSET sets the clock.
   */
  readonly kind: 'same' | 'related' | 'directed' | 'part';
}

interface Table {
  readonly classes: readonly CallClass[];
  /** For each call, the classes with calls that do its work. */
  readonly byCall: ReadonlyMap<string, readonly CallClass[]>;
  readonly alone: ReadonlySet<string>;
  /** The system calls for names from the C library or the kernel's source. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

let table: Table | undefined;

/**
 * Reads data/call-classes.txt. A line is a name with flags, a colon, and calls, the preferred one first; `=` joins twins.
 * Flags: `a` arguments, `l` libc chooses, `r` related, `d` directed, `p` part. `alone` lists calls without equivalents;
 * `alias CALL...: NAME...` has names that no architecture has.
 */
function read(): Table {
  const classes: CallClass[] = [];
  const byCall = new Map<string, CallClass[]>();
  const alone = new Set<string>();
  const aliases = new Map<string, readonly string[]>();
  for (const line of dataLines('call-classes.txt')) {
    if (line.startsWith('#')) continue;
    const [head = '', list = ''] = line.split(': ');
    const [name, ...rest] = head.split(' ');
    const words = list.split(' ');
    if (name === 'alone') {
      for (const call of words) alone.add(call);
    } else if (name === 'alias') {
      for (const word of words) aliases.set(word, rest);
    } else {
      const made = callClass(words, rest[0] ?? '');
      classes.push(made);
      if (made.kind === 'related' || made.kind === 'part') continue;
      for (const call of made.kind === 'directed' ? made.calls.slice(0, 1) : made.calls)
        byCall.set(call, [...(byCall.get(call) ?? []), made]);
    }
  }
  return { classes, byCall, alone, aliases };
}

const KINDS = [
  ['r', 'related'],
  ['d', 'directed'],
  ['p', 'part'],
] as const;

function callClass(words: readonly string[], flags: string): CallClass {
  const twins = words.map(word => word.split('='));
  return {
    calls: twins.flat(),
    twins,
    arguments: flags.includes('a'),
    interchangeable: flags.includes('l'),
    kind: KINDS.find(([flag]) => flags.includes(flag))?.[1] ?? 'same',
  };
}

const load = (): Table => (table ??= read());

/** Every class, in the order of the table. */
export const callClasses = (): readonly CallClass[] => load().classes;

/** The calls whose work no other call does. */
export const callsAlone = (): ReadonlySet<string> => load().alone;

/** The system calls for each name that no architecture has. */
export const callAliases = (): ReadonlyMap<string, readonly string[]> => load().aliases;

/** The calls that can replace a call on an ABI. */
interface Substitutes {
  /** Calls of the ABI, the preferred one first. */
  readonly calls: readonly string[];
  /** Those that are the same call under another name, or are multiplexed by it. */
  readonly twins: readonly string[];
}

/** The calls of an ABI that do the work of a call, which the ABI itself may lack. */
export function substitutesOf(abi: AbiName, syscall: string): Substitutes {
  const classes = load().byCall.get(syscall) ?? [];
  const isThere = (name: string): boolean => name !== syscall && syscallNumber(abi, name) !== undefined;
  const unique = (names: readonly string[]): readonly string[] => [...new Set(names)].filter(isThere);
  return {
    calls: unique(classes.flatMap(({ calls }) => calls)),
    twins: unique(
      classes.flatMap(({ twins, kind }) =>
        (kind === 'directed' ? twins : twins.filter(group => group.includes(syscall))).flat(),
      ),
    ),
  };
}
