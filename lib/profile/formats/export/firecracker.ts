// Writes a policy as a filter of Firecracker's seccompiler: one ABI, one action for every rule.

import { syscallName, type Abi } from '../../../kernel/abi.js';
import { actionData, actionKind, actionName, type Action } from '../../../kernel/action.js';
import { SCMP_ACT_ERRNO, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRACE } from '../../../kernel/constants.js';
import type { Condition, Policy } from '../../../policy/policy.js';
import { PLAIN_ACTIONS, PLAIN_OPERATORS } from '../firecracker/schema.js';
import { objectText } from '../../object-text.js';
import { notExpressible } from '../../../util/failures.js';

const DWORD = 0xffff_ffffn;

/**
 * The JSON text of a file with one category, for a plain policy.
 *
 * Conditions of 32 bits are written as `dword` only with `eq` and `masked_eq`, which mean the same in all versions.
 * Throws ConversionError (`not-expressible`). Source: docs/seccompiler.md of Firecracker.
 */
export function firecrackerText(policy: Policy, category: string): string {
  const [{ abi, syscalls, enosysAbove }, ...others] = policy.abis;
  const [other] = others;
  if (other !== undefined)
    throw notExpressible(
      `the policy covers ${other.abi.name} in addition to ${abi.name}, but a Firecracker filter is for one ABI`,
      'Leave the other architectures out of the profile',
    );
  if (enosysAbove !== undefined)
    throw notExpressible(
      `numbers above ${enosysAbove} get ENOSYS, but Firecracker's format has no rule for newer calls`,
      "Resolve the profile with unknownSyscalls: 'default' (--unknown-syscalls default)",
    );
  if (policy.badArch !== SCMP_ACT_KILL_THREAD)
    throw notExpressible(
      `other architectures get ${actionName(policy.badArch)}, but under Firecracker KILL_THREAD`,
    );
  const rules = [...syscalls].flatMap(([number, part]) =>
    (part.rules.length > 0 ? part.rules : [{ conditions: [], action: part.otherwise }]).map(
      ({ conditions, action }) => ({ syscall: nameOf(abi, number), conditions, action }),
    ),
  );
  const filterAction = rules[0]?.action ?? oppositeOf(policy.defaultAction);
  const different = rules.find(({ action }) => action !== filterAction);
  if (different !== undefined) {
    throw notExpressible(
      `${rules[0]?.syscall ?? ''} gets ${actionName(filterAction)} and ${different.syscall} ${actionName(different.action)}, ` +
        `but a Firecracker filter has one action in addition to the default ${actionName(policy.defaultAction)}`,
    );
  }
  return `${objectText({
    [category]: {
      default_action: actionWord(policy.defaultAction),
      filter_action: actionWord(filterAction),
      filter: rules.map(({ syscall, conditions }) => ({
        syscall,
        ...(conditions.length > 0 && { args: conditions.map(argument) }),
      })),
    },
  })}\n`;
}

/** The format requires a second action even if no rule has it. */
const oppositeOf = (action: Action): Action =>
  action === SCMP_ACT_KILL_THREAD ? SCMP_ACT_ERRNO(1) : SCMP_ACT_KILL_THREAD;

function nameOf(abi: Abi, number: number): string {
  const name = syscallName(abi.name, number);
  if (name !== undefined) return name;
  throw notExpressible(`call number ${number} of ${abi.name} has no name`);
}

function actionWord(action: Action): string | Readonly<Record<string, number>> {
  const kind = actionKind(action);
  if (kind === SCMP_ACT_ERRNO(0)) return { errno: actionData(action) };
  if (kind === SCMP_ACT_TRACE(0)) return { trace: actionData(action) };
  const name = wordFor(PLAIN_ACTIONS, action);
  if (name !== undefined) return name;
  throw notExpressible(`Firecracker's format has no action ${actionName(action)}`);
}

function argument(condition: Condition): object {
  const { arg: index, op, value } = condition;
  if (op === 'SCMP_CMP_MASKED_EQ') {
    const { mask } = condition;
    const type = mask <= DWORD ? 'dword' : 'qword';
    return { index, type, op: mask === DWORD ? 'eq' : { masked_eq: mask }, val: value };
  }
  const name = wordFor(PLAIN_OPERATORS, op);
  return { index, type: 'qword', op: name, val: value };
}

const wordFor = <Value>(table: Readonly<Record<string, Value>>, value: Value): string | undefined =>
  Object.entries(table).find(([, item]) => item === value)?.[0];
