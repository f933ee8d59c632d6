// Reads the entries of `syscalls`.
import { isCallNumber, isKnownSyscall, syscallName } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { permits, type Action } from '../../kernel/action.js';
import { SCMP_ACT_NOTIFY } from '../../kernel/constants.js';
import type { Findings } from '../findings.js';
import { locate, type JsonObject, type JsonValue } from '../json.js';
import { alternatives, type NamedSyscall, type Profile, type ProfileRule } from '../profile.js';
import { isGroupName, type CallGroup } from '../../kernel/calls/call-groups.js';
import { didYouMeanCall, noSuchCall } from '../../kernel/calls/suggest-call.js';
import type { Location } from '../../util/errors.js';
import { quote } from '../../util/suggest.js';
import { readAction } from './action.js';
import { readCondition } from './argument.js';
import { own } from '../../util/own.js';
import { fieldsOf } from './fields.js';
import { readGroup } from './group.js';
import { readRestriction } from './restriction.js';
import { readList, readObject, readString, readUnsigned, wrongType, type Named } from './values.js';

const FIELDS = [
  'names',
  'name',
  'action',
  'errnoRet',
  'errno',
  'args',
  'comment',
  'includes',
  'excludes',
] as const;
type Fields = ReadonlyMap<(typeof FIELDS)[number], JsonValue>;

/**
 * The maximum number of calls that the groups of a profile stand for, so that a short text does not fill memory. Linux
 * has about 600.
 */
const MAX_GROUP_CALLS = 100_000;

/** The number of calls that are left. */
interface GroupBudget {
  calls: number;
}

/** The rules of `syscalls`, without those whose action is invalid; errors are in `findings`. Advice names calls of `abis`. */
export function readRules(
  value: JsonValue | undefined,
  format: Profile['format'],
  abis: readonly AbiName[],
  findings: Findings,
): readonly ProfileRule[] {
  const budget: GroupBudget = { calls: MAX_GROUP_CALLS };
  return readList(value, '"syscalls"', findings)
    .map(item => readRule(item, format, abis, budget, findings))
    .filter(rule => rule !== undefined);
}

function readRule(
  item: JsonValue,
  format: Profile['format'],
  abis: readonly AbiName[],
  budget: GroupBudget,
  findings: Findings,
): ProfileRule | undefined {
  const object = readObject(item, 'an item of "syscalls"', findings);
  if (object === undefined) return undefined;
  const fields = fieldsOf(object, FIELDS, findings);
  if (format !== 'docker') refuseDockerFields(fields, ['name', 'includes', 'excludes'], findings);
  if (!fields.has('action')) {
    findings.error(
      'missing-action',
      locate(object),
      'a rule needs an "action"',
      'Write "action": "SCMP_ACT_ALLOW" or another one',
    );
  }
  const action = readAction(fields, ['action', 'errnoRet', 'errno'], findings);
  const names = readNames(fields, object, action, abis, budget, findings);
  const conditions = readList(fields.get('args'), '"args"', findings)
    .map(arg => readCondition(arg, findings))
    .filter(condition => condition !== undefined);
  if (alternatives(conditions).length > 1) {
    findings.warning(
      'repeated-argument',
      locate(fields.get('args') ?? object),
      'an argument is tested twice, so any one of these conditions is enough, instead of all together',
      'Write one condition for each argument, or separate rules',
    );
  }
  const includes = readRestriction(fields.get('includes'), '"includes"', findings);
  const excludes = readRestriction(fields.get('excludes'), '"excludes"', findings);
  const remark = fields.get('comment');
  const comment = remark?.kind === 'string' ? remark.value : '';
  if (action === undefined) return undefined;
  return Object.freeze({
    names,
    action,
    conditions: Object.freeze(conditions),
    includes,
    excludes,
    ...(comment !== '' && { comment }),
    at: locate(object),
  });
}

/** Reports keys of Docker's dialect in a config.json, which OCI runtimes ignore. */
export function refuseDockerFields<Field extends string>(
  fields: ReadonlyMap<Field, JsonValue>,
  refused: readonly Field[],
  findings: Findings,
): void {
  for (const field of refused) {
    const value = fields.get(field);
    if (value === undefined) continue;
    findings.error(
      'not-in-oci',
      locate(value),
      `only Docker knows "${field}": OCI runtimes ignore it in a config.json`,
      'Pass only the object under linux.seccomp to have it read as in Docker',
    );
  }
}

function readNames(
  fields: Fields,
  object: JsonObject,
  action: Action | undefined,
  abis: readonly AbiName[],
  budget: GroupBudget,
  findings: Findings,
): readonly NamedSyscall[] {
  const names = readNamesAndNumbers(fields.get('names'), findings);
  const single = fields.get('name');
  const name = single && readString(single, '"name"', findings);
  if (single !== undefined && name !== undefined && name !== '' && names.length > 0) {
    findings.error(
      'name-and-names',
      locate(single),
      '"name" and "names" cannot be combined',
      'Move the name into "names"',
    );
  }
  if (names.length === 0 && (name ?? '') === '' && !isMalformed(fields)) {
    findings.error(
      'empty-names',
      locate(fields.get('names') ?? object),
      'a rule needs the names of system calls',
      'List them in "names"',
    );
  }
  const all: readonly NameOrNumber[] = single?.kind === 'string' && name !== '' ? [...names, single] : names;
  const calls: NamedSyscall[] = [];
  for (const item of all) {
    const at = locate(item);
    if (isGroupName(item.value)) {
      const group = readGroup(item, findings);
      if (group === undefined || !spend(budget, group, at, findings)) continue;
      for (const name of group.calls) {
        checkName({ ...item, value: name }, action, abis, findings, group.name);
        calls.push(Object.freeze({ name, at, group: group.name }));
      }
    } else {
      checkName(item, action, abis, findings);
      calls.push(Object.freeze({ name: nameOf(item.value), at }));
    }
  }
  return Object.freeze(calls);
}

/** Whether the calls of one more group are within the limit. Reports once if they are not. */
function spend(budget: GroupBudget, { calls }: CallGroup, at: Location, findings: Findings): boolean {
  if (budget.calls < 0) return false;
  budget.calls -= calls.length;
  if (budget.calls >= 0) return true;
  findings.error(
    'too-many-values',
    at,
    `the groups in the rules name more than ${MAX_GROUP_CALLS} calls`,
    'Name each group once',
  );
  return false;
}

/** The largest call number on all ABIs: x32 marks its calls with the next bit. */
const MAX_CALL = 0x3fffffffn;

/** A name, or a number without quotes. */
type NameOrNumber = Named & { readonly isNumber?: true };

/** The strings of the list, and its numbers as strings of digits. */
function readNamesAndNumbers(value: JsonValue | undefined, findings: Findings): readonly NameOrNumber[] {
  const names: NameOrNumber[] = [];
  readList(value, '"names"', findings).forEach(item => {
    if (item.kind === 'string') names.push(item);
    else if (item.kind === 'number') {
      const limit = `A call has a number from 0 to ${MAX_CALL}`;
      const number = readUnsigned(item, 'the number of a call', MAX_CALL, limit, findings);
      if (number !== undefined)
        names.push({ ...item, kind: 'string', value: number.toString(), isNumber: true });
    } else wrongType(item, 'an item of "names"', 'a string, or the number of a call', findings);
  });
  return names;
}

/** From this number on, calls have one number on all architectures. Source: syscall.tbl, "common" since Linux 5.1. */
const FIRST_COMMON_NUMBER = 424;

/** The name of a call that is written as a number, if all architectures agree on it. */
const nameOf = (name: string): string =>
  isCallNumber(name) && Number(name) >= FIRST_COMMON_NUMBER
    ? (syscallName('x86_64', Number(name)) ?? String(Number(name)))
    : name;

/** Whether a wrong type was already reported, so that missing names need no report. */
const isMalformed = (fields: Fields): boolean => {
  const [names, name] = [fields.get('names'), fields.get('name')];
  return (
    (names !== undefined && (names.kind !== 'array' || names.items.length > 0)) ||
    (name !== undefined && name.kind !== 'string')
  );
};

function checkName(
  item: NameOrNumber,
  action: Action | undefined,
  abis: readonly AbiName[],
  findings: Findings,
  group?: CallGroup['name'],
): void {
  const { value: name } = item;
  if (name === '') {
    findings.error('empty-names', locate(item), 'a system call has an empty name', 'Remove it');
  } else if (isCallNumber(name)) {
    checkNumber(item, findings);
  } else if (!isKnownSyscall(name)) {
    const remedy = () =>
      name.includes('*')
        ? 'Write the names: a profile has no patterns; a group such as "@network" stands for many calls'
        : didYouMeanCall(name, abis, 'Remove it');
    if (action !== undefined && !permits(action)) {
      findings.error(
        'unknown-syscall',
        locate(item),
        `${noSuchCall(name)}: denying it has no effect`,
        remedy,
      );
    } else {
      findings.warning('unknown-syscall', locate(item), `${noSuchCall(name)}: it is ignored`, remedy);
    }
  } else if (name === 'write' && action === SCMP_ACT_NOTIFY) {
    findings.error(
      'notify-write',
      locate(item),
      'SCMP_ACT_NOTIFY cannot be used for write, which the runtime itself uses for the listener',
      group === undefined ? 'Remove it from this rule' : `Name the other calls of ${group} instead`,
    );
  }
}

/** Checks a number. Docker takes a number in quotes for a name. */
function checkNumber(item: NameOrNumber, findings: Findings): void {
  if (BigInt(item.value) > MAX_CALL) {
    findings.error(
      'out-of-range',
      locate(item),
      `the number of a call is ${quote(item.value)}`,
      `A call has a number from 0 to ${MAX_CALL}`,
    );
  } else if (own(item, 'isNumber') !== true) {
    findings.warning(
      'quoted-number',
      locate(item),
      `Docker reads ${quote(item.value)} as an unknown name, and ignores it`,
      'Write the number without quotes, which Docker rejects, or the name',
    );
  }
}
