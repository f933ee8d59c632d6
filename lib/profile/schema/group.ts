// Reads group names in places where names of calls are allowed.
import { didYouMeanGroup, findGroup, noSuchGroup, type CallGroup } from '../../kernel/calls/call-groups.js';
import type { Findings } from '../findings.js';
import { locate } from '../json.js';
import type { Named } from './values.js';

/** The group with this name. If there is none, reports an error and returns undefined. */
export function readGroup(item: Named, findings: Findings): CallGroup | undefined {
  const { value: name } = item;
  const group = findGroup(name);
  if (group === undefined)
    findings.error('unknown-group', locate(item), noSuchGroup(name), () => didYouMeanGroup(name));
  return group;
}
