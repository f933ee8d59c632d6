// Reads one entry of `args`: an argument, an operator and one or two numbers.
import { OPERATORS, type Operator } from '../../policy/policy.js';
import type { Findings } from '../findings.js';
import { ABIS } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { parseValue } from '../../kernel/arguments/named-values.js';
import { UsageError } from '../../util/errors.js';
import { locate, type JsonString, type JsonValue } from '../json.js';
import type { ProfileCondition } from '../profile.js';
import { quote } from '../../util/suggest.js';
import { fieldsOf } from './fields.js';
import { readObject, readString, readUnsigned, wrongType } from './values.js';
import { attempt, reasonOf } from '../../util/failures.js';

const MAX_U64 = 0xffff_ffff_ffff_ffffn;

/** A condition, or undefined if an error was reported. A missing `index` or `value` is 0, as in Go, with a warning. */
export function readCondition(item: JsonValue, findings: Findings): ProfileCondition | undefined {
  const object = readObject(item, 'an item of "args"', findings);
  if (object === undefined) return undefined;
  const fields = fieldsOf(object, ['index', 'value', 'valueTwo', 'op'], findings);
  const at = locate(object);

  const number = (field: 'index' | 'value' | 'valueTwo', max: bigint, limit: string): bigint | undefined => {
    const value = fields.get(field);
    if (value?.kind === 'string' && field !== 'index') return readNamedValue(value, `"${field}"`, findings);
    if (value !== undefined) return readUnsigned(value, `"${field}"`, max, limit, findings);
    if (field !== 'valueTwo') {
      findings.warning(
        `missing-${field}`,
        at,
        `the "${field}" of a condition defaults to 0`,
        `Write "${field}": 0`,
      );
    }
    return 0n;
  };
  const index = number('index', 5n, 'A system call has the arguments 0 to 5');
  const value = number('value', MAX_U64, 'Values are unsigned 64-bit numbers');
  const second = number('valueTwo', MAX_U64, 'Values are unsigned 64-bit numbers');
  const op = readOperator(fields.get('op'), at, findings);
  if (index === undefined || value === undefined || second === undefined || op === undefined)
    return undefined;

  const arg = Number(index);
  if (op === 'SCMP_CMP_MASKED_EQ') {
    if ((second & ~value) !== 0n) {
      findings.warning(
        'bits-outside-mask',
        at,
        `"valueTwo" ${hex(second)} has bits outside of the mask ${hex(value)}, which libseccomp clears`,
        `Write ${second & value}: "value" is the mask and "valueTwo" what the masked argument equals`,
      );
    }
    return Object.freeze({ op, arg, mask: value, value: second, at });
  }
  if (second !== 0n) {
    findings.warning(
      'value-two-ignored',
      at,
      `"valueTwo" has no effect with ${op}`,
      'Only SCMP_CMP_MASKED_EQ uses it',
    );
  }
  return Object.freeze({ op, arg, value, at });
}

/**
 * The value of a name, or of several joined as in `CLONE_NEWUSER|CLONE_NEWNS`: an extension of this package. A name must have the
 * same value on every ABI, and not a negative one, because one condition applies to all of them.
 */
function readNamedValue(node: JsonString, what: string, findings: Findings): bigint | undefined {
  if (!CONSTANTS.test(node.value)) return wrongType(node, what, 'a number, or names of constants', findings);
  const values = new Map<bigint, AbiName>();
  let problem: UsageError | undefined;
  for (const abi of ABI_NAMES) {
    const value = attempt(
      () => parseValue(node.value, undefined, abi),
      UsageError,
      error => error,
    );
    if (value instanceof UsageError) problem ??= value;
    else if (!values.has(value)) values.set(value, abi);
  }
  if (problem !== undefined && values.size === 0)
    return findings.error(problem.code, locate(node), reasonOf(problem), problem.remedy);
  const [[value] = [0n], other] = values;
  if (other === undefined && problem === undefined) return value;
  return findings.error(
    'ambiguous-number',
    locate(node),
    `${what} is ${quote(node.value)}, whose value differs between ABIs`,
    'Write the number in a rule for one architecture ("includes": { "arches": […] }), or use the words format',
  );
}

/** Names joined with `|`, as in profile.schema.json; a number in quotes is a mistake. */
const CONSTANTS = /^[A-Z]\w*(?:\|[A-Z]\w*)*$/;

const ABI_NAMES = Object.keys(ABIS) as AbiName[];

const hex = (value: bigint): string => `0x${value.toString(16)}`;

function readOperator(
  value: JsonValue | undefined,
  at: ProfileCondition['at'],
  findings: Findings,
): Operator | undefined {
  if (value === undefined)
    return findings.error(
      'missing-operator',
      at,
      'a condition needs an "op"',
      'Write "op": "SCMP_CMP_EQ" or another comparison',
    );
  const name = readString(value, '"op"', findings);
  if (name === undefined) return undefined;
  const op = OPERATORS.find(candidate => candidate === name);
  if (op === undefined) findings.unknown('unknown-operator', locate(value), name, OPERATORS);
  return op;
}
