// Replaces calls in lists by the names of groups.
import { callGroups } from '../../kernel/calls/call-groups.js';

/** The minimum number of calls in a group. */
const MIN_CALLS = 3;

/**
 * Replaces the calls of each group that the names contain completely by the group's name: the largest groups first, then the
 * remaining names. `exists` says which calls count, because groups have those of every architecture.
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
