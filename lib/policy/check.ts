// Whether a policy is well formed. Those of resolveProfile always are; one made by hand must not be proven to mean nonsense.
import { UsageError } from '../errors.js';
import { ABIS } from './abi.js';
import { isAction } from './action.js';
import { OPERATORS, type AbiPolicy, type Condition, type Policy, type SyscallPolicy } from './policy.js';
import { abisOf } from './target.js';

/**
 * Throws UsageError (`bad-policy`) that names the place of the first thing that is not what the types say: interfaces of
 * another target, actions no kernel knows, numbers, arguments, widths or values out of range.
 */
export function checkPolicy(policy: Policy): void {
  const { target, abis } = policy;
  expect(isAction(policy.defaultAction), 'defaultAction is an action');
  expect(isAction(policy.badArch), 'badArch is an action');
  expect(Array.isArray(policy.flags) && Array.isArray(policy.warnings), 'flags and warnings are lists');
  expect(Array.isArray(abis) && abis.length > 0, 'abis is a list that is not empty');
  const served = abisOf(target.arch);
  expect(abis[0].abi.name === target.arch, 'the first interface is the native one of the target');
  expect(new Set(abis.map(({ abi }) => abi)).size === abis.length, 'no interface is there twice');
  for (const part of abis) {
    expect(
      part.abi === ABIS[part.abi.name] && served.includes(part.abi.name),
      'interfaces are those of the target',
    );
    checkInterface(part);
  }
}

function checkInterface({ abi, syscalls, enosysAbove }: AbiPolicy): void {
  expect(
    enosysAbove === undefined || isUint32(enosysAbove),
    `enosysAbove of ${abi.name} is a number of 32 bits`,
  );
  expect(syscalls instanceof Map, `syscalls of ${abi.name} is a Map`);
  for (const [number, part] of syscalls) {
    expect(isUint32(number), `numbers of ${abi.name} are numbers of 32 bits`);
    checkCall(part, abi.width, `call ${number} of ${abi.name}`);
  }
}

function checkCall({ rules, otherwise }: SyscallPolicy, width: 32 | 64, where: string): void {
  expect(isAction(otherwise), `the action of ${where} is one`);
  for (const { conditions, action } of rules) {
    expect(isAction(action), `the action of each rule of ${where} is one`);
    for (const condition of conditions) checkCondition(condition, width, where);
  }
}

function checkCondition(condition: Condition, width: 32 | 64, where: string): void {
  const { arg, op, value } = condition;
  expect(Number.isInteger(arg) && arg >= 0 && arg <= 5, `arguments of ${where} are 0 to 5`);
  expect(OPERATORS.includes(op), `operators of ${where} are SCMP_CMP_*`);
  expect(
    condition.width === 32 || condition.width === width,
    `conditions of ${where} are at most ${width} bits wide`,
  );
  const fits = (number: unknown): boolean =>
    typeof number === 'bigint' && number >= 0n && number < 1n << BigInt(condition.width);
  expect(fits(value), `values of ${where} are bigints that fit its width`);
  if (condition.op !== 'SCMP_CMP_MASKED_EQ') return;
  expect(fits(condition.mask), `masks of ${where} are bigints that fit its width`);
  expect((value & ~condition.mask) === 0n, `values of ${where} have no bits outside of their masks`);
}

const isUint32 = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff;

function expect(holds: boolean, what: string): void {
  if (holds) return;
  throw new UsageError(
    'bad-policy',
    `not a policy: it does not hold that ${what}`,
    'Make policies with resolveProfile',
  );
}
