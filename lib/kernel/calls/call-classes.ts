// Equivalent calls: which calls of a target do the same as another, and other names of calls.
import { syscallNumber } from '../abi.js';
import type { AbiName } from '../architectures.js';
import { dataLines } from '../data-file.js';

/** Calls that reach the same end. */
export interface CallClass {
  /** The one that is recommended first. Names that several groups have are in each. */
  readonly calls: readonly string[];
  /**
   * The same calls; those that differ only in their name or the width of an argument, such as chown and chown32, are
   * in one group.
   */
  readonly twins: readonly (readonly string[])[];
  /** Also in what their arguments decide, so that a condition on one is evaded by another. */
  readonly arguments: boolean;
  /** C libraries choose among them, so that a program cannot know which one it makes. */
  readonly interchangeable: boolean;
  /**
   * `same`: each does the work of each. `related`: each reaches some end of another. `directed`: the others do the work of
   * the first, which stands for many. `part`: with some arguments the others do work of the first, and not the other way round:
   * sendto with MSG_FASTOPEN connects, clock_adjtime with ADJ_SETOFFSET sets the clock.
   */
  readonly kind: 'same' | 'related' | 'directed' | 'part';
}

interface Table {
  readonly classes: readonly CallClass[];
  /** The classes of a call that say what does its work. */
  readonly byCall: ReadonlyMap<string, readonly CallClass[]>;
  readonly alone: ReadonlySet<string>;
  /** The calls for a name of the C library or the kernel's source. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

let table: Table | undefined;

/**
 * Reads data/call-classes.txt. A line is a name with flags, a colon, and calls with the best one first; `=` joins twins.
 * Flags: `a` arguments, `l` libc chooses, `r` related, `d` directed, `p` part. `alone` has calls whose work no other does;
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

/** The names of calls that no architecture has, with the calls. */
export const callAliases = (): ReadonlyMap<string, readonly string[]> => load().aliases;

/** What does the work of a call on an ABI. */
interface Substitutes {
  /** Calls of the ABI, the best one first. */
  readonly calls: readonly string[];
  /** Those among them that are the same call by another name, or one of the many that a multiplexer stands for. */
  readonly twins: readonly string[];
}

/** The calls of an ABI that do the work of another call, which the ABI may lack. */
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
