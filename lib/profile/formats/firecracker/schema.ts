// Reads one filter of seccompiler, Firecracker's or rust-vmm's: two actions, and rules by call name.
import { isKnownSyscall } from '../../../kernel/abi.js';
import { actionName, MAX_ERRNO, type Action } from '../../../kernel/action.js';
import * as scmp from '../../../kernel/constants.js';
import type { Condition, Operator } from '../../../policy/policy.js';
import { exactFields } from '../common/exact-fields.js';
import type { Findings } from '../../findings.js';
import { locate, type JsonObject, type JsonValue } from '../../json.js';
import { readList, readObject, readString, readUnsigned, wrongType } from '../../schema/values.js';
import { didYouMeanCall, noSuchCall } from '../../../kernel/calls/suggest-call.js';
import { quote } from '../../../util/suggest.js';
import { DEFAULT_ACTION, FILTER_ACTION } from './detect.js';
import type { FirecrackerFilter, FirecrackerRule } from './filters.js';
import { own } from '../../../util/own.js';

/** Actions without a number, by their names in the format. */
export const PLAIN_ACTIONS: Readonly<Record<string, Action>> = {
  allow: scmp.SCMP_ACT_ALLOW,
  kill_process: scmp.SCMP_ACT_KILL_PROCESS,
  kill_thread: scmp.SCMP_ACT_KILL_THREAD,
  log: scmp.SCMP_ACT_LOG,
  trap: scmp.SCMP_ACT_TRAP,
};
/** Actions of rust-vmm's crate, which has one more. */
const ACTIONS: Readonly<Record<string, Action>> = { ...PLAIN_ACTIONS, user_notif: scmp.SCMP_ACT_NOTIFY };

/** Comparisons without a mask, by their names in the format. */
export const PLAIN_OPERATORS: Readonly<Record<string, Exclude<Operator, 'SCMP_CMP_MASKED_EQ'>>> = {
  eq: 'SCMP_CMP_EQ',
  ge: 'SCMP_CMP_GE',
  gt: 'SCMP_CMP_GT',
  le: 'SCMP_CMP_LE',
  lt: 'SCMP_CMP_LT',
  ne: 'SCMP_CMP_NE',
};

/** A filter; undefined if errors were reported. */
export function readFilter(value: JsonValue, findings: Findings): FirecrackerFilter | undefined {
  const object = readObject(value, 'a filter', findings);
  if (object === undefined) return undefined;
  const [defaultKey, filterKey] = [keyOf(object, DEFAULT_ACTION), keyOf(object, FILTER_ACTION)];
  const dialect = [defaultKey, filterKey].some(key => key.endsWith('match_action'))
    ? 'seccompiler'
    : 'firecracker';
  const fields = exactFields(object, [defaultKey, filterKey, 'filter'], [], findings);
  const defaultAction = readAction(fields.get(defaultKey), findings);
  const filterAction = readAction(fields.get(filterKey), findings);
  const rules = readList(fields.get('filter'), '"filter"', findings)
    .map(item => readRule(item, dialect, findings))
    .filter(rule => rule !== undefined);
  if (defaultAction === undefined || filterAction === undefined) return undefined;
  if (defaultAction === filterAction) {
    findings.error(
      'identical-actions',
      locate(object),
      `calls get ${actionName(defaultAction)} with or without a matching rule`,
      `Make "${defaultKey}" and "${filterKey}" differ`,
    );
  }
  return Object.freeze({
    dialect,
    defaultAction,
    filterAction,
    rules: Object.freeze(rules),
    at: locate(object),
  });
}

/** Which spelling of a key an object uses. If it has both, the second one is an unknown key. */
const keyOf = <Key extends string>(object: JsonObject, [usual, other]: readonly [Key, Key]): Key =>
  object.members.has(usual) || !object.members.has(other) ? usual : other;

function readAction(value: JsonValue | undefined, findings: Findings): Action | undefined {
  if (value === undefined) return undefined;
  if (value.kind === 'string') {
    const plain = own(ACTIONS, value.value);
    if (plain !== undefined) return plain;
    return unknownAction(value, value.value, findings);
  }
  if (value.kind !== 'object')
    return wrongType(value, 'an action', 'a string or an object such as {"errno": 1}', findings);
  const [[name, member] = ['', undefined], ...others] = value.members;
  if (member === undefined || others.length > 0 || (name !== 'errno' && name !== 'trace'))
    return unknownAction(value, name, findings);
  const errno = name === 'errno';
  const limit = errno ? `The largest errno is ${MAX_ERRNO}` : 'A message to the tracer has 16 bits';
  const number = readUnsigned(
    member.value,
    `"${name}"`,
    errno ? BigInt(MAX_ERRNO) : 0xffffn,
    limit,
    findings,
  );
  if (number === undefined) return undefined;
  return errno ? scmp.SCMP_ACT_ERRNO(Number(number)) : scmp.SCMP_ACT_TRACE(Number(number));
}

function unknownAction(value: JsonValue, name: string, findings: Findings): undefined {
  const names = Object.keys(ACTIONS);
  const remedy = `Write one of ${names.join(', ')}, {"errno": …} or {"trace": …}`;
  findings.unknown('unknown-action', locate(value), name, names, remedy);
}

function readRule(
  item: JsonValue,
  dialect: FirecrackerFilter['dialect'],
  findings: Findings,
): FirecrackerRule | undefined {
  const object = readObject(item, 'an item of "filter"', findings);
  if (object === undefined) return undefined;
  const fields = exactFields(object, ['syscall'], ['args', 'comment'], findings);
  checkComment(fields.get('comment'), findings);
  const conditions = readList(fields.get('args'), '"args"', findings)
    .map(arg => readCondition(arg, dialect, findings))
    .filter(condition => condition !== undefined);
  const name = fields.get('syscall');
  const syscall = name && readString(name, '"syscall"', findings);
  if (name === undefined || syscall === undefined) return undefined;
  if (!isKnownSyscall(syscall)) {
    findings.error('unknown-syscall', locate(name), noSuchCall(syscall), () => didYouMeanCall(syscall));
  }
  return Object.freeze({ syscall, conditions: Object.freeze(conditions), at: locate(name) });
}

function checkComment(value: JsonValue | undefined, findings: Findings): void {
  if (value !== undefined) readString(value, '"comment"', findings);
}

function readCondition(
  item: JsonValue,
  dialect: FirecrackerFilter['dialect'],
  findings: Findings,
): Condition | undefined {
  const object = readObject(item, 'an item of "args"', findings);
  if (object === undefined) return undefined;
  const fields = exactFields(object, ['index', 'type', 'op', 'val'], ['comment'], findings);
  checkComment(fields.get('comment'), findings);
  const width = readWidth(fields.get('type'), findings);
  const max = width === 32 ? 0xffff_ffffn : 0xffff_ffff_ffff_ffffn;
  const limit = width === 32 ? 'A dword has 32 bits and no sign' : 'A qword has 64 bits and no sign';
  const number = (value: JsonValue | undefined, what: string): bigint | undefined =>
    value && readUnsigned(value, what, max, limit, findings);
  const index = fields.get('index');
  const arg = index && readUnsigned(index, '"index"', 5n, 'A system call has the arguments 0 to 5', findings);
  const value = number(fields.get('val'), '"val"');
  const op = fields.get('op');
  if (op?.kind === 'object' && op.members.size === 1 && op.members.has('masked_eq')) {
    const mask = number(op.members.get('masked_eq')?.value, '"masked_eq"');
    if (arg === undefined || width === undefined || value === undefined || mask === undefined)
      return undefined;
    if ((value & ~mask) !== 0n) {
      findings.warning(
        'bits-outside-mask',
        locate(object),
        `"val" ${value} has bits outside of the mask ${mask}, which are cleared`,
        `Write ${value & mask}`,
      );
    }
    return Object.freeze({ op: 'SCMP_CMP_MASKED_EQ', arg: Number(arg), width, mask, value: value & mask });
  }
  const operator = op && readOperator(op, findings);
  if (arg === undefined || width === undefined || value === undefined || operator === undefined)
    return undefined;
  if (dialect === 'firecracker' && width === 32 && operator !== 'SCMP_CMP_EQ') {
    findings.warning(
      'dword-order',
      locate(object),
      'a dword is compared by its 32 bits, as documented, yet Firecracker from 1.11 on compares all 64 bits unless "op" is eq or masked_eq',
      'Write eq or masked_eq, or a qword',
    );
  }
  return Object.freeze({ op: operator, arg: Number(arg), width, value });
}

function readWidth(value: JsonValue | undefined, findings: Findings): 32 | 64 | undefined {
  const name = value && readString(value, '"type"', findings);
  if (value === undefined || name === undefined) return undefined;
  if (name === 'dword') return 32;
  if (name === 'qword') return 64;
  return findings.error(
    'unknown-type',
    locate(value),
    `${quote(name)} is not a type`,
    'Write dword or qword',
  );
}

function readOperator(value: JsonValue, findings: Findings): (typeof PLAIN_OPERATORS)[string] | undefined {
  const name =
    value.kind === 'object' ? ([...value.members.keys()][0] ?? '') : readString(value, '"op"', findings);
  if (name === undefined) return undefined;
  const plain = value.kind === 'string' ? own(PLAIN_OPERATORS, name) : undefined;
  if (plain !== undefined) return plain;
  const names = Object.keys(PLAIN_OPERATORS);
  const remedy = `Write one of ${names.join(', ')} or {"masked_eq": …}`;
  return findings.unknown('unknown-operator', locate(value), name, names, remedy);
}
