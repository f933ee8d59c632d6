// Reports groups of calls in profiles, which only this package supports.
import type { Observation } from '../finding.js';
import type { Profile } from '../../profile/profile.js';
import { own } from '../../util/own.js';

/** One observation for each position that names a group. */
export function* lintGroups({ rules, format }: Profile): Generator<Observation> {
  if (format !== 'docker' && format !== 'oci' && format !== 'spo') return;
  for (const { names } of rules) {
    const places = new Map(
      names.flatMap(({ at, ...named }) => {
        const group = own(named, 'group');
        return group === undefined ? [] : [[at.pointer, { group, at }] as const];
      }),
    );
    for (const { group, at } of places.values())
      yield { code: 'group-in-names', message: `container runtimes ignore ${group} as an unknown call`, at };
  }
}
