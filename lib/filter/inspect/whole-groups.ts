// Lists of calls in which names of groups replace all their calls.
import { callGroups } from '../../kernel/calls/call-groups.js';

/** The minimum number of calls for which a group is named. */
const MIN_CALLS = 3;

/**
 * The names, where all calls of a group are among them the group's in their place: the largest groups first, then what no group has.
 * `exists` says which calls count, as groups have those of every architecture.
 */
export function withWholeGroups(
  names: readonly string[],
  exists: (call: string) => boolean,
): readonly string[] {
  const listed = new Set(names);
  const left = new Set(names);
  const whole = callGroups()
    .map(({ name, calls }) => ({ name, calls: calls.filter(exists) }))
    .filter(({ calls }) => calls.every(call => listed.has(call)))
    .sort((a, b) => b.calls.length - a.calls.length);
  const groups: string[] = [];
  for (const { name, calls } of whole) {
    if (calls.filter(call => left.has(call)).length < MIN_CALLS) continue;
    groups.push(name);
    for (const call of calls) left.delete(call);
  }
  return [...groups.sort(), ...names.filter(name => left.has(name))];
}
