// Changes the actions of calls in a policy, whatever their arguments.
import { callText, syscallNumber, syscallsOf } from '../../kernel/abi.js';
import { latitude, type Action } from '../../kernel/action.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO } from '../../kernel/constants.js';
import { ENOSYS, EPERM } from '../../kernel/errno.js';
import { readChanges, type Changes, type ReadChanges } from './changes.js';
import { checkedPolicy } from '../check.js';
import { markPolicy } from '../own-policy.js';
import { nativeFirst, type AbiPolicy, type Policy, type SyscallPolicy } from '../policy.js';
import { optionError } from '../../util/options.js';

/** Throws UsageError (`bad-option`) if `only` is given but the default action permits calls. */
export function checkClosed({ closed }: ReadChanges, defaultAction: Action): void {
  if (!closed || latitude(defaultAction) === 0) return;
  throw optionError(
    'only needs a base whose default action refuses calls',
    'List the calls to refuse in deny',
  );
}

/**
 * The policy with some calls allowed and others refused; all other calls keep their actions. Throws UsageError
 * (`bad-option`, `unknown-group`, `unknown-syscall`, and those of `checkedPolicy`).
 */
export function derivePolicy(source: Policy, changes: Changes): Policy {
  const policy = checkedPolicy(source);
  const read = readChanges(changes);
  checkClosed(read, policy.defaultAction);
  const abis = nativeFirst(policy.abis.map(part => derivedAbi(part, policy.defaultAction, read)));
  return markPolicy(Object.freeze({ ...policy, abis }));
}

const ALLOWED: SyscallPolicy = Object.freeze({ rules: Object.freeze([]), otherwise: SCMP_ACT_ALLOW });

function derivedAbi(part: AbiPolicy, defaultAction: Action, { decided, decisionOf }: ReadChanges): AbiPolicy {
  const { abi } = part;
  const refusal = latitude(defaultAction) === 0 ? defaultAction : SCMP_ACT_ERRNO(EPERM);
  const syscalls = new Map<number, SyscallPolicy>();
  const change = (number: number, name: string, call: SyscallPolicy): void => {
    const decision = decisionOf(name);
    syscalls.set(
      number,
      decision === 'keep' ? call : decision === 'allow' ? ALLOWED : refused(call, refusal),
    );
  };
  for (const [number, call] of part.syscalls) change(number, callText(abi.name, number), call);
  const named = [...decided].flatMap(([name, decision]) => {
    const number = syscallNumber(abi.name, name);
    return number === undefined || syscalls.has(number) ? [] : [{ name, number, decision }];
  });
  const newest = Math.max(...named.flatMap(({ number, decision }) => (decision === 'allow' ? number : [])));
  const { enosysAbove: border = Infinity } = part;
  // Known calls between the old highest number and the new one still count as newer than the profile.
  for (const number of syscallsOf(abi.name).values())
    if (number > border && number < newest && !syscalls.has(number)) syscalls.set(number, NEWER);
  for (const { name, number, decision } of named)
    if (decision === 'allow' || (refusal !== defaultAction && number <= border))
      change(number, name, { rules: [], otherwise: defaultAction });
  const enosysAbove = newest > border ? newest : part.enosysAbove;
  return Object.freeze({ abi, syscalls, enosysAbove });
}

const NEWER: SyscallPolicy = Object.freeze({ rules: Object.freeze([]), otherwise: SCMP_ACT_ERRNO(ENOSYS) });

/** Refuses a call with any arguments; existing refusals stay. */
const refused = (call: SyscallPolicy, refusal: Action): SyscallPolicy =>
  Object.freeze({
    ...call,
    rules: Object.freeze(call.rules.filter(({ action }) => latitude(action) === 0)),
    otherwise: latitude(call.otherwise) === 0 ? call.otherwise : refusal,
  });
