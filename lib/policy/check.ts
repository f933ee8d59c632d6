// Checks whether a policy is well formed. The results of resolveProfile always are; others are checked before they are
// compiled.
import { UsageError } from '../util/errors.js';
import { ABIS } from '../kernel/abi.js';
import { isAction } from '../kernel/action.js';
import { OPERATORS, type AbiPolicy, type Condition, type Policy, type SyscallPolicy } from './policy.js';
import { abisOf } from '../kernel/architectures.js';
import { ownPolicy } from './own-policy.js';

/**
 * Checks a policy. A policy made by hand is copied, each of its own properties read once, so that the checked policy is
 * the one that is compiled.
 *
 * Throws UsageError (`bad-policy`) at the first violation of the types: ABIs of another target, actions that no kernel
 * knows, numbers, arguments, widths or values out of range.
 */
export function checkedPolicy(source: Policy): Policy {
  const policy = ownPolicy(source);
  const { target, abis } = policy;
  expect(isAction(policy.defaultAction), 'defaultAction must be an action');
  expect(isAction(policy.badArch), 'badArch must be an action');
  expect(Array.isArray(policy.flags) && Array.isArray(policy.warnings), 'flags and warnings must be lists');
  expect(Array.isArray(abis) && abis.length > 0, 'abis must be a non-empty list');
  const served = abisOf(target.arch);
  expect(abis[0].abi.name === target.arch, 'the first ABI must be the native one of the target');
  expect(new Set(abis.map(({ abi }) => abi)).size === abis.length, 'ABIs must be unique');
  for (const part of abis) {
    expect(
      part.abi === ABIS[part.abi.name] && served.includes(part.abi.name),
      'ABIs must be those of the target',
    );
    checkAbi(part);
  }
  return policy;
}

function checkAbi({ abi, syscalls, enosysAbove }: AbiPolicy): void {
  expect(
    enosysAbove === undefined || isUint32(enosysAbove),
    `enosysAbove of ${abi.name} must be a number of 32 bits`,
  );
  expect(syscalls instanceof Map, `syscalls of ${abi.name} must be a Map`);
  syscalls.forEach((part, number) => {
    const required = isUint32(number) ? broken(part, abi.width) : 'numbers must have 32 bits';
    // Formatted only for an error, because a policy has a thousand calls.
    if (required !== undefined) refuse(`${required}, in call ${number} of ${abi.name}`);
  });
}

/** The first requirement that a call violates. */
function broken({ rules, otherwise }: SyscallPolicy, width: 32 | 64): string | undefined {
  if (!isAction(otherwise)) return 'the action for other arguments must be an action';
  if (rules.length === 0) return undefined;
  for (const { conditions, action } of rules) {
    if (!isAction(action)) return 'the action of each rule must be an action';
    for (const condition of conditions) {
      const required = brokenBy(condition, width);
      if (required !== undefined) return required;
    }
  }
  return undefined;
}

function brokenBy(condition: Condition, width: 32 | 64): string | undefined {
  const { arg, op, value } = condition;
  if (!Number.isInteger(arg) || arg < 0 || arg > 5) return 'arguments must be 0 to 5';
  if (!OPERATORS.includes(op)) return 'operators must be SCMP_CMP_*';
  if (condition.width !== 32 && condition.width !== width)
    return `conditions must be 32 bits wide, or ${width} as the registers`;
  const fits = (number: unknown): boolean =>
    typeof number === 'bigint' && number >= 0n && number < 1n << BigInt(condition.width);
  if (!fits(value)) return 'values must be bigints that fit the width of their condition';
  if (condition.op !== 'SCMP_CMP_MASKED_EQ') return undefined;
  if (!fits(condition.mask)) return 'masks must be bigints that fit the width of their condition';
  return (value & ~condition.mask) === 0n ? undefined : 'values must have no bits outside of their masks';
}

const isUint32 = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff;

function expect(holds: boolean, what: string): void {
  if (!holds) refuse(what);
}

function refuse(required: string): never {
  throw new UsageError('bad-policy', `invalid policy: ${required}`, 'Create policies with resolveProfile');
}
