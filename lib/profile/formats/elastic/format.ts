// Policies of elastic's go-seccomp-bpf, as in the settings of Beats. Source: its filter.go, assembler.go and cmd/sandbox.
import { ABIS, isKnownSyscall, X32_BIT } from '../../../kernel/abi.js';
import type { Action } from '../../../kernel/action.js';
import { didYouMeanCall, noSuchCall } from '../../../kernel/calls/suggest-call.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_TRACE } from '../../../kernel/constants.js';
import { ENOSYS } from '../../../kernel/errno.js';
import { abiPolicy } from '../../../policy/abi-table.js';
import type { AbiPolicy } from '../../../policy/policy.js';
import { own } from '../../../util/own.js';
import { topOf } from '../../../util/place.js';
import { quote } from '../../../util/suggest.js';
import { Findings } from '../../findings.js';
import { locate, type JsonObject, type JsonValue } from '../../json.js';
import { readList, readObject, readString, readStrings, readUnsigned } from '../../schema/values.js';
import { exactFields } from '../common/exact-fields.js';
import type { Comparison, Expression } from '../common/expression.js';
import { failAt } from '../common/scanner.js';
import { resolveStatements, type CallStatement } from '../common/statements.js';
import { readYaml } from '../common/yaml.js';
import { PLAIN_ACTIONS } from '../firecracker/schema.js';
import type { TextFormat } from '../text-format.js';

const ACTIONS: Readonly<Record<string, Action>> = {
  ...PLAIN_ACTIONS,
  errno: SCMP_ACT_ERRNO(1),
  trace: SCMP_ACT_TRACE(0),
};

/** Operations; their case is ignored. The last two test whether one of the value's bits is set, or none. */
const OPERATIONS: Readonly<Record<string, Comparison | 'set' | 'clear'>> = {
  Equal: '==',
  NotEqual: '!=',
  GreaterThan: '>',
  LessThan: '<',
  GreaterOrEqual: '>=',
  LessOrEqual: '<=',
  BitsSet: 'set',
  BitsNotSet: 'clear',
};

const MAX_VALUE = 0xffff_ffff_ffff_ffffn;

/** The object that contains the policy. Throws ProfileError (`several-profiles`, `unknown-key`). */
function sectionOf(text: string, file: string, findings: Findings): JsonObject | undefined {
  const [document, second] = readYaml(text, file);
  if (second !== undefined)
    failAt(
      locate(second),
      'several-profiles',
      'the text has several documents, but only one is read',
      'Put the profile that you need into its own file',
    );
  const root = readObject(document, 'a policy', findings);
  if (root === undefined) return undefined;
  for (const { key } of root.members.values())
    if (String(key.key).startsWith('seccomp.'))
      failAt(
        locate(key),
        'unknown-key',
        `${quote(String(key.key))} is written with a dot, which is not supported`,
        'Write it in a line below "seccomp:"',
      );
  const section = root.members.get('seccomp');
  return section === undefined ? root : readObject(section.value, '"seccomp"', findings);
}

function readAction(value: JsonValue | undefined, what: string, findings: Findings): Action | undefined {
  const name = value && readString(value, what, findings);
  if (value === undefined || name === undefined) return undefined;
  const action = own(ACTIONS, name.toLowerCase());
  if (action === undefined) findings.unknown('unknown-action', locate(value), name, Object.keys(ACTIONS));
  return action;
}

/** The statements of one group, in the order of the text. */
function readGroup(item: JsonValue, findings: Findings): readonly CallStatement[] {
  const object = readObject(item, 'an item of "syscalls"', findings);
  if (object === undefined) return [];
  const fields = exactFields(object, ['action'], ['names', 'names_with_args'], findings);
  const action = readAction(fields.get('action'), '"action"', findings);
  const statement = (value: JsonValue, name: string, when: Expression): readonly CallStatement[] => {
    const at = locate(value);
    if (!isKnownSyscall(name))
      findings.error('unknown-syscall', at, noSuchCall(name), () => didYouMeanCall(name));
    return action === undefined ? [] : [{ name, at, cases: [{ action, when, at }] }];
  };
  const statements = [
    ...readStrings(fields.get('names'), '"names"', findings).flatMap(name =>
      statement(name, name.value, { kind: 'always' }),
    ),
    ...readList(fields.get('names_with_args'), '"names_with_args"', findings).flatMap(entry => {
      const call = readObject(entry, 'an item of "names_with_args"', findings);
      if (call === undefined) return [];
      const parts = exactFields(call, ['name', 'arguments'], [], findings);
      const [value, list] = [parts.get('name'), parts.get('arguments')];
      const name = value && readString(value, '"name"', findings);
      const of = readList(list, '"arguments"', findings).flatMap(one => readCondition(one, findings));
      if (list?.kind === 'array' && list.items.length === 0)
        findings.error(
          'missing-key',
          locate(list),
          '"arguments" has no condition',
          'Write the call into "names"',
        );
      return value === undefined || name === undefined ? [] : statement(value, name, { kind: 'and', of });
    }),
  ];
  const unconditional = new Set<string>();
  for (const { name, at, cases } of statements) {
    if (unconditional.has(name))
      findings.error(
        'duplicate-statement',
        at,
        `the group already has ${quote(name)} without conditions`,
        'Keep one of them',
      );
    if (cases.some(({ when }) => when.kind === 'always')) unconditional.add(name);
  }
  return statements;
}

function readCondition(item: JsonValue, findings: Findings): readonly Expression[] {
  const object = readObject(item, 'an item of "arguments"', findings);
  if (object === undefined) return [];
  // Programs that read policies differently from Beats call the argument "position".
  const key = object.members.has('position') ? 'position' : 'argument';
  const fields = exactFields(object, ['operation'], [key, 'value'], findings);
  const number = (
    field: 'argument' | 'position' | 'value',
    max: bigint,
    limit: string,
  ): bigint | undefined => {
    const value = fields.get(field);
    return value === undefined ? 0n : readUnsigned(value, `"${field}"`, max, limit, findings);
  };
  const argument = number(key, 5n, 'A system call has the arguments 0 to 5');
  const value = number('value', MAX_VALUE, 'A value has 64 bits and no sign');
  const name = fields.get('operation');
  const word = name && readString(name, '"operation"', findings);
  if (name === undefined || word === undefined || argument === undefined || value === undefined) return [];
  const [, operation] =
    Object.entries(OPERATIONS).find(([each]) => each.toLowerCase() === word.toLowerCase()) ?? [];
  if (operation === undefined) {
    findings.unknown('unknown-operator', locate(name), word, Object.keys(OPERATIONS));
    return [];
  }
  const common = { kind: 'compare', argument: Number(argument), at: locate(object) } as const;
  const number64 = { kind: 'number', value } as const;
  if (operation !== 'set' && operation !== 'clear')
    return [{ ...common, comparison: operation, value: number64 }];
  const comparison = operation === 'set' ? '!=' : '==';
  return [{ ...common, comparison, mask: number64, value: { kind: 'number', value: 0n } }];
}

/** Policies of elastic's go-seccomp-bpf. */
export const ELASTIC: TextFormat = {
  format: 'elastic',
  name: 'a policy of go-seccomp-bpf',
  is: text => /^[ \t]*default_action[ \t]*:/m.test(text),
  read(text, file) {
    const findings = new Findings();
    const section = sectionOf(text, file, findings);
    const fields =
      section && exactFields(section, ['default_action', 'syscalls'], ['enabled', 'no_new_privs'], findings);
    const enabled = fields?.get('enabled');
    // Readers treat "no", "off" and "0" differently.
    if (enabled !== undefined && !(enabled.kind === 'boolean' && enabled.value))
      findings.error(
        'no-seccomp-section',
        locate(enabled),
        'these settings disable the filter, or may do so',
        'Write enabled: true',
      );
    const defaultAction =
      readAction(fields?.get('default_action'), '"default_action"', findings) ?? SCMP_ACT_ALLOW;
    const statements = readList(fields?.get('syscalls'), '"syscalls"', findings).flatMap(item =>
      readGroup(item, findings),
    );
    findings.conclude(false);
    return {
      defaultAction,
      architectures: { kind: 'native' },
      policy(context) {
        const policy = resolveStatements(
          {
            defaultAction,
            badArch: defaultAction,
            covers: arch => [arch],
            wins: 'first',
            width: 'register',
            missing: 'error',
            statements,
            at: topOf(file),
          },
          context,
        );
        return context.target.arch === 'x86_64'
          ? { ...policy, abis: Object.freeze([...policy.abis, withoutX32(defaultAction)] as const) }
          : policy;
      },
    };
  },
};

/** Adds ENOSYS for every call of x32. */
const withoutX32 = (defaultAction: Action): AbiPolicy => {
  const answer = SCMP_ACT_ERRNO(ENOSYS);
  const part = Object.freeze({ rules: Object.freeze([]), otherwise: answer });
  const run = { low: X32_BIT, high: 2 * X32_BIT - 1, answer };
  return abiPolicy({ abi: ABIS.x32, runs: [run] }, defaultAction, () => part);
};
