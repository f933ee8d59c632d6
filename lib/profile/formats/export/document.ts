// Converts a policy to the document that container runtimes share: names, actions and 64-bit comparisons.

import { isMultiplexer, syscallName, type Abi } from '../../../kernel/abi.js';
import {
  actionData,
  actionKind,
  actionName,
  ACTIONS,
  MAX_ERRNO,
  type Action,
  type ActionName,
} from '../../../kernel/action.js';
import {
  SCMP_ACT_ERRNO,
  SCMP_ACT_KILL_THREAD,
  SCMP_ACT_NOTIFY,
  SCMP_ACT_TRACE,
} from '../../../kernel/constants.js';
import type { Condition, Operator, Policy, Rule, SyscallPolicy } from '../../../policy/policy.js';
import { own, owned } from '../../../util/own.js';
import { notExpressible } from '../../../util/failures.js';

/** An entry of `args`. For SCMP_CMP_MASKED_EQ `value` is the mask. */
interface DocumentArgument {
  readonly index: number;
  readonly value: bigint;
  readonly valueTwo?: bigint;
  readonly op: Operator;
}

/** An entry of `syscalls`. */
export interface DocumentRule {
  readonly names: readonly string[];
  readonly action: ActionName;
  readonly errnoRet?: number;
  readonly args?: readonly DocumentArgument[];
}

/** The part that the formats of Docker, OCI and the Security Profiles Operator share. Source: runtime-spec, config-linux.md. */
export interface SeccompDocument {
  readonly defaultAction: ActionName;
  readonly defaultErrnoRet?: number;
  /** `SCMP_ARCH_*`, the native one first. */
  readonly architectures: readonly string[];
  readonly flags: readonly string[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls: readonly DocumentRule[];
}

interface DocumentOptions {
  /**
   * Whether to write conditions on i386's `socketcall` and `ipc`. Every reader derives them from `socket`, `semop` and
   * the like; they are needed if the policy differs from that.
   */
  readonly multiplexers: boolean;
}

/**
 * Whether every rule can be written directly: the formats combine conditions on one argument with OR, compare whole
 * registers, apply the default action if no condition of a call holds, and do not define which of two actions wins.
 */
export const isPlain = ({ abis, defaultAction }: Policy): boolean =>
  abis.every(({ abi, syscalls }) =>
    [...syscalls.values()].every(
      ({ rules, otherwise }) =>
        rules.length === 0 ||
        (otherwise === defaultAction &&
          rules.every(
            ({ conditions, action }) =>
              action === rules[0]?.action &&
              conditions.every(({ width }) => width === abi.width) &&
              new Set(conditions.map(({ arg }) => arg)).size === conditions.length,
          )),
    ),
  );

/**
 * The document of a plain policy. It names each call once, with the rules of the first ABI that has it. If the rule for
 * newer calls needs them, it adds names with the default action, because the rule starts above the highest number named.
 *
 * Throws ConversionError (`not-expressible`) for anything that these formats cannot express. The caller must read the
 * document again and compare: ABIs may differ in the rules for one name.
 */
export function documentOf(policy: Policy, options: DocumentOptions): SeccompDocument {
  const { defaultAction, badArch, abis, flags } = policy;
  const listener = own(policy, 'listener');
  const metadata = own(listener, 'metadata');
  if (badArch !== SCMP_ACT_KILL_THREAD) {
    throw notExpressible(`other architectures get ${actionName(badArch)}, but in this format KILL_THREAD`);
  }
  if (defaultAction === SCMP_ACT_NOTIFY)
    throw notExpressible('NOTIFY cannot be the default action in this format');
  const calls = new Map<string, SyscallPolicy>();
  for (const { abi, syscalls } of abis) {
    for (const [number, part] of syscalls) {
      const name = nameOf(abi, number, part);
      if (!options.multiplexers && part.rules.length > 0 && isMultiplexer(name)) continue;
      if (!calls.has(name)) calls.set(name, part);
    }
  }
  const unlisted = new Set<string>();
  for (const { abi, enosysAbove } of abis) {
    if (enosysAbove === undefined) continue;
    const name = syscallName(abi.name, enosysAbove);
    if (name === undefined) {
      throw notExpressible(
        `numbers above ${enosysAbove} of ${abi.name} get ENOSYS, but in this format the rule starts above a call with a name`,
      );
    }
    if (!calls.has(name)) unlisted.add(name);
  }
  const { name, data } = owned(actionWords(defaultAction));
  return {
    defaultAction: name,
    ...(data !== undefined && { defaultErrnoRet: data }),
    architectures: abis.map(({ abi }) => abi.scmpName),
    flags,
    ...(listener !== undefined && {
      listenerPath: listener.path,
      ...(metadata !== undefined && { listenerMetadata: metadata }),
    }),
    syscalls: [
      ...grouped(calls),
      ...(unlisted.size > 0 ? [entry([...unlisted], { conditions: [], action: defaultAction })] : []),
    ],
  };
}

function nameOf(abi: Abi, number: number, part: SyscallPolicy): string {
  const name = syscallName(abi.name, number);
  // Readers have other tables than this one, and ignore names that their table lacks.
  if (name !== undefined) return name;
  throw notExpressible(
    `call number ${number} of ${abi.name}, which gets ${actionName(part.rules[0]?.action ?? part.otherwise)}, has no name`,
  );
}

/**
 * One entry for all names with the same action and conditions, those with fewer conditions first: runtimes reject a rule
 * whose conditions an earlier rule extends with another action. Conditions on argument 0 do not count, because i386's
 * socketcall loses them.
 */
function grouped(calls: ReadonlyMap<string, SyscallPolicy>): readonly DocumentRule[] {
  const groups = new Map<string, { readonly names: string[]; readonly rule: Rule }>();
  for (const [name, { rules, otherwise }] of calls) {
    for (const rule of rules.length > 0 ? rules : [{ conditions: [], action: otherwise }]) {
      const key = identity(rule);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { names: [name], rule });
      else group.names.push(name);
    }
  }
  const all = [...groups.values()].map(({ names, rule }) => entry(names, rule));
  const args = (rule: DocumentRule): readonly DocumentArgument[] => own(rule, 'args') ?? [];
  const kept = (rule: DocumentRule): number => args(rule).filter(({ index }) => index > 0).length;
  const count = (rule: DocumentRule): number => args(rule).length;
  return all.toSorted((a, b) => kept(a) - kept(b) || count(a) - count(b));
}

const identity = ({ conditions, action }: Rule): string =>
  `${action} ${conditions.map(condition => `${condition.arg} ${condition.op} ${maskOf(condition) ?? ''} ${condition.value}`).join(', ')}`;

const maskOf = (condition: Condition): bigint | undefined =>
  condition.op === 'SCMP_CMP_MASKED_EQ' ? condition.mask : undefined;

function entry(names: readonly string[], { conditions, action }: Rule): DocumentRule {
  const { name, data } = owned(actionWords(action));
  return {
    names: [...names].sort(),
    action: name,
    ...(data !== undefined && { errnoRet: data }),
    ...(conditions.length > 0 && { args: conditions.map(argument) }),
  };
}

function argument(condition: Condition): DocumentArgument {
  const { arg, op, value } = condition;
  const mask = maskOf(condition);
  return mask === undefined ? { index: arg, value, op } : { index: arg, value: mask, valueTwo: value, op };
}

const NAMES = new Map<Action, ActionName>([
  ...(Object.keys(ACTIONS) as ActionName[]).map((name): [Action, ActionName] => [ACTIONS[name], name]),
]);

/** The name of an action, with the number of ERRNO and TRACE. */
function actionWords(action: Action): { readonly name: ActionName; readonly data?: number } {
  const [kind, data] = [actionKind(action), actionData(action)];
  const name = NAMES.get(kind);
  const carriesData = kind === SCMP_ACT_ERRNO(0) || kind === SCMP_ACT_TRACE(0);
  if (name === undefined || (carriesData ? kind === SCMP_ACT_ERRNO(0) && data > MAX_ERRNO : data !== 0)) {
    throw notExpressible(`the format has no action ${actionName(action)}`);
  }
  return carriesData ? { name, data } : { name };
}
