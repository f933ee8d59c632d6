// Reads a profile that says what to change in another one: `{ "extends": "docker-default", "deny": ["@network"] }`.
import { paths } from '../../util/builtins.js';
import type { Location } from '../../util/errors.js';
import { isCallNumber, isKnownSyscall } from '../../kernel/abi.js';
import { ARCHITECTURES } from '../../kernel/architectures.js';
import { callGroups, isGroupName } from '../../kernel/calls/call-groups.js';
import { didYouMeanCall } from '../../kernel/calls/suggest-call.js';
import { CHANGE_LISTS, type CallOrGroup, type Changes } from '../../policy/derive/changes.js';
import { didYouMean, quote } from '../../util/suggest.js';
import type { Findings } from '../findings.js';
import { locate, type JsonObject } from '../json.js';
import type { ProfileRule } from '../profile.js';
import { readSource, type SourceText } from '../read-source.js';
import { fieldsOf, peek } from '../schema/fields.js';
import { readRule } from '../schema/rule.js';
import { readList, readString, readStrings, type Named } from '../schema/values.js';

/** What such a profile says. */
export interface Extends {
  readonly base: SourceText;
  readonly changes: Changes;
  /** Its own rules, beside those that are left of the base. */
  readonly rules: readonly ProfileRule[];
  /** Where it names its base. */
  readonly at: Location;
}

/** Profiles that extend each other, before they are taken for a circle. */
const MAX_DEPTH = 8;
/** Keys of a profile that stands for itself. */
const WHOLE = ['defaultAction', 'architectures', 'archMap', 'flags', 'linux'];

/**
 * What the object says; undefined where errors were reported: `bad-extends`, `unknown-group`, `unknown-syscall`, and those of
 * values. Throws as readSource does for the base. Names without a dot or a slash are those of profiles that ship; others are
 * paths, from the folder of the file.
 */
export function readExtends(
  root: JsonObject,
  file: string,
  depth: number,
  findings: Findings,
): Extends | undefined {
  for (const key of WHOLE) {
    const value = peek(root, key);
    if (value !== undefined)
      findings.error(
        'bad-extends',
        locate(value),
        `"${key}" stands beside "extends"`,
        'A profile that extends another has "allow", "deny", "only" and "syscalls": say the rest in the other one',
      );
  }
  const fields = fieldsOf(root, ['extends', ...CHANGE_LISTS, 'syscalls', ...WHOLE], findings);
  const changes: { -readonly [List in keyof Changes]: Changes[List] } = {};
  for (const list of CHANGE_LISTS) {
    const value = fields.get(list);
    if (value === undefined) continue;
    const names = readStrings(value, `"${list}"`, findings);
    for (const name of names) checkName(name, findings);
    changes[list] = names.map(name => name.value as CallOrGroup);
  }
  const rules = readList(fields.get('syscalls'), '"syscalls"', findings)
    .map(item => readRule(item, 'docker', ARCHITECTURES, findings))
    .filter(rule => rule !== undefined);
  const value = fields.get('extends');
  const name = value && readString(value, '"extends"', findings);
  if (value === undefined || name === undefined) return undefined;
  const at = locate(value);
  const isPath = /[./\\]/.test(name);
  if (depth >= MAX_DEPTH) {
    findings.error(
      'bad-extends',
      at,
      `more than ${MAX_DEPTH} profiles extend each other`,
      'Perhaps in a circle',
    );
    return undefined;
  }
  if (name === '' || (isPath && file.startsWith('<')) || /^\s*[{[]/.test(name)) {
    findings.error(
      'bad-extends',
      at,
      `${quote(name)} cannot be extended by ${file}`,
      'Name a profile that ships; a path counts from the folder of a file',
    );
    return undefined;
  }
  return {
    base: readSource(isPath ? paths().resolve(paths().dirname(file), name) : name),
    changes,
    rules,
    at,
  };
}

function checkName(item: Named, findings: Findings): void {
  const name = item.value;
  if (isGroupName(name)) {
    const groups = callGroups().map(group => group.name);
    if (!groups.includes(name))
      findings.error('unknown-group', locate(item), `there is no group of calls ${quote(name)}`, () =>
        didYouMean(name, groups, 'docs/composition.md lists all groups'),
      );
  } else if (!isKnownSyscall(name) && !isCallNumber(name)) {
    findings.error('unknown-syscall', locate(item), `no architecture has a system call ${quote(name)}`, () =>
      didYouMeanCall(name, ARCHITECTURES),
    );
  }
}
