// Reads a profile that extends another one: `{ "extends": "docker-default", "deny": ["@network"] }`.
import type { Location } from '../../util/errors.js';
import { isCallNumber, isKnownSyscall } from '../../kernel/abi.js';
import { ARCHITECTURES } from '../../kernel/architectures.js';
import { isGroupName } from '../../kernel/calls/call-groups.js';
import { didYouMeanCall, noSuchCall } from '../../kernel/calls/suggest-call.js';
import { CHANGE_LISTS, type CallOrGroup, type Changes } from '../../policy/derive/changes.js';
import { quote } from '../../util/suggest.js';
import type { Findings } from '../findings.js';
import { locate, type JsonObject } from '../json.js';
import type { ProfileRule } from '../profile.js';
import { fieldsOf, peek } from '../schema/fields.js';
import { readGroup } from '../schema/group.js';
import { readRules } from '../schema/rule.js';
import { readString, readStrings, type Named } from '../schema/values.js';

/** The content of such a profile. */
export interface Extends {
  /** The name of a profile that ships, or a path relative to the file's folder. */
  readonly name: string;
  readonly changes: Changes;
  /** Rules in addition to the remaining rules of the base. */
  readonly rules: readonly ProfileRule[];
  /** The position of the base's name. */
  readonly at: Location;
}

/** Keys that a profile with `extends` cannot have. */
const WHOLE = ['defaultAction', 'architectures', 'archMap', 'flags', 'linux'];

/**
 * The content of the object; undefined if errors were reported: `bad-extends`, `unknown-key`, `unknown-group`,
 * `unknown-syscall`, and those of values.
 */
export function readExtends(root: JsonObject, findings: Findings): Extends | undefined {
  for (const key of WHOLE) {
    const value = peek(root, key);
    if (value !== undefined)
      findings.error(
        'bad-extends',
        locate(value),
        `"${key}" cannot be combined with "extends"`,
        'A profile that extends another can have "allow", "deny", "only" and "syscalls"; put other keys into the other profile',
      );
  }
  const fields = fieldsOf(root, ['extends', ...CHANGE_LISTS, 'syscalls', ...WHOLE], findings, 'error');
  const changes: { -readonly [List in keyof Changes]: Changes[List] } = {};
  for (const list of CHANGE_LISTS) {
    const value = fields.get(list);
    if (value === undefined) continue;
    const names = readStrings(value, `"${list}"`, findings);
    for (const name of names) checkName(name, findings);
    changes[list] = names.map(name => name.value as CallOrGroup);
  }
  const rules = readRules(fields.get('syscalls'), 'docker', ARCHITECTURES, findings);
  const value = fields.get('extends');
  const name = value && readString(value, '"extends"', findings);
  if (value === undefined || name === undefined) return undefined;
  const at = locate(value);
  // Only names and paths are allowed, not the other kinds of sources.
  if (!/[./\\]|^[\w-]+$/.test(name))
    return findings.error(
      'bad-extends',
      at,
      `${quote(name)} is not the name of a profile`,
      'Name one that ships, or a file in the folder of this one: ./NAME',
    );
  return { name, changes, rules, at };
}

function checkName(item: Named, findings: Findings): void {
  const name = item.value;
  if (isGroupName(name)) readGroup(item, findings);
  else if (!isKnownSyscall(name) && !isCallNumber(name)) {
    findings.error('unknown-syscall', locate(item), noSuchCall(name), () => didYouMeanCall(name));
  }
}
