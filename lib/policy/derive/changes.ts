// Reads changes to the calls of a policy or a profile, by name and by group.
import { i386Multiplexer, isCallNumber, isKnownSyscall, namesNumbered } from '../../kernel/abi.js';
import { callsNamed, isGroupName, type CallGroup } from '../../kernel/calls/call-groups.js';
import type { SyscallName } from '../../kernel/calls/call-names.js';
import { didYouMeanCall } from '../../kernel/calls/suggest-call.js';
import { UsageError } from '../../util/errors.js';
import { badArgument } from '../../util/failures.js';
import { optionError, badOption, ownOptions } from '../../util/options.js';
import { ownElements } from '../../util/own-elements.js';
import { show } from '../../util/show.js';
import { quote } from '../../util/suggest.js';

/** A call by its name, or the calls of a group, such as `@network`. */
export type CallOrGroup = SyscallName | CallGroup['name'];

/**
 * Changes to the action of calls. If a call is in several lists, its name takes precedence over a group that contains
 * it; otherwise `deny` takes precedence over `allow`, and `allow` over `only`.
 */
export interface Changes {
  /** Calls to allow, with any arguments. */
  readonly allow?: readonly CallOrGroup[];
  /**
   * Calls to refuse, also through i386's multiplexers (socketcall, ipc). Calls that the base already refuses keep their
   * action; the others get its default action, or EPERM if that permits calls.
   */
  readonly deny?: readonly CallOrGroup[];
  /** Calls that keep their action, while all others are refused as with `deny`. The default action of the base must refuse calls. */
  readonly only?: readonly CallOrGroup[];
}

/** The lists of changes, in order of precedence. */
export const CHANGE_LISTS = ['deny', 'allow', 'only'] as const;

/** The change to a call; `keep` changes nothing. */
export type Decision = 'allow' | 'deny' | 'keep';

/** Changes that have been read and checked. */
export interface ReadChanges {
  /** The lists as they were given. */
  readonly lists: Readonly<Record<(typeof CHANGE_LISTS)[number], readonly string[]>>;
  /** Whether `only` was given, so that calls in no list are refused. */
  readonly closed: boolean;
  /** Every call that `allow` or `deny` decides, in the order of the lists. */
  readonly decided: ReadonlyMap<string, 'allow' | 'deny'>;
  /** Returns the decision for a call, by name or by number in digits. */
  readonly decisionOf: (name: string) => Decision;
}

/** Reads changes. Throws UsageError (`bad-option`, `unknown-group`, `unknown-syscall`). */
export function readChanges(changes: Changes): ReadChanges {
  if ((changes as unknown) === undefined)
    throw badArgument('changes', changes, 'Pass an object with allow, deny or only');
  const given = ownOptions(changes, [...CHANGE_LISTS]);
  const lists = {
    deny: listOf('deny', given.deny),
    allow: listOf('allow', given.allow),
    only: listOf('only', given.only),
  };
  const closed = given.only !== undefined;
  const decisions = new Map<string, Decision>();
  // Lists with lower precedence come first.
  for (const byName of [false, true]) {
    for (const list of CHANGE_LISTS.toReversed()) {
      for (const name of lists[list]) {
        if (isGroupName(name) === byName) continue;
        for (const call of callsNamed(name)) decisions.set(call, list === 'only' ? 'keep' : list);
      }
    }
  }
  // On i386, the multiplexer would still make a denied call. Calls that stay allowed have rules of their own on it.
  for (const [call, decision] of [...decisions]) {
    const multiplexer = decision === 'deny' ? i386Multiplexer(call)?.syscall : undefined;
    if (multiplexer !== undefined && !decisions.has(multiplexer)) decisions.set(multiplexer, 'deny');
  }
  const rest: Decision = closed ? 'deny' : 'keep';
  const byName = (name: string): Decision => decisions.get(name) ?? rest;
  const decided = [...decisions].filter((entry): entry is [string, 'allow' | 'deny'] => entry[1] !== 'keep');
  return {
    lists,
    closed,
    decided: new Map(decided),
    decisionOf: name => (isCallNumber(name) ? byNumber(name, byName, decisions) : byName(name)),
  };
}

/**
 * A number may stand for different calls on different ABIs: it is refused if one of these is, unless a list contains
 * the number itself.
 */
function byNumber(
  digits: string,
  byName: (name: string) => Decision,
  decisions: ReadonlyMap<string, Decision>,
): Decision {
  if (decisions.has(digits)) return byName(digits);
  const names = namesNumbered(digits);
  if (names.length === 0) return byName(digits);
  return names.some(name => byName(name) === 'deny') ? 'deny' : 'keep';
}

function listOf(option: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw badOption(option, value, 'Pass a list of names of calls and groups');
  return ownElements<unknown>(value).map(name => {
    if (typeof name !== 'string')
      throw optionError(`${option} cannot have ${show(name)}`, 'Pass names of calls and groups');
    if (isGroupName(name)) callsNamed(name);
    else if (!isKnownSyscall(name) && !isCallNumber(name))
      throw new UsageError(
        'unknown-syscall',
        `${option} names ${quote(name)}, and no architecture has such a call`,
        didYouMeanCall(name),
      );
    return name;
  });
}
