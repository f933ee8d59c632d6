// Reads the name of a group of calls where the name of a call may stand.
import { callGroups, didYouMeanGroup, type CallGroup } from '../../kernel/calls/call-groups.js';
import { quote } from '../../util/suggest.js';
import type { Findings } from '../findings.js';
import { locate } from '../json.js';
import type { Named } from './values.js';

/** The group that is named, or undefined; a name like that of a group which there is not is reported. */
export function readGroup(item: Named, findings: Findings): CallGroup | undefined {
  const { value: name } = item;
  const group = callGroups().find(each => each.name === name);
  if (group !== undefined) return group;
  findings.error('unknown-group', locate(item), `there is no group of calls ${quote(name)}`, () =>
    didYouMeanGroup(name),
  );
  return undefined;
}
