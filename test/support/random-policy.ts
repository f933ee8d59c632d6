// Random policies of every shape, and the calls that would reveal a wrong program.
import { ABIS, syscallsOf } from '#lib/kernel/abi.js';
import { ARCHITECTURES, abisOf, type AbiName, type Architecture } from '#lib/kernel/architectures.js';
import * as scmp from '#lib/kernel/constants.js';
import { syscallResolveNumArch } from '#lib/libseccomp/context.js';
import type { Witness } from '#lib/util/errors.js';
import {
  OPERATORS,
  type AbiPolicy,
  type Condition,
  type Operator,
  type Policy,
  type Rule,
  type SyscallPolicy,
} from '#lib/policy/policy.js';
import { makeTarget } from '#lib/policy/target.js';
import type { Random } from './random.js';

export interface Shape {
  readonly arch: Architecture;
  readonly abis: readonly AbiName[];
  readonly maxRules: number;
  readonly maxConditions: number;
  readonly operators: readonly Operator[];
  /** Whether values may have more than 32 bits. */
  readonly wide: boolean;
  readonly actions: readonly number[];
}

export const ALL_ACTIONS: readonly number[] = [
  scmp.SCMP_ACT_ALLOW,
  scmp.SCMP_ACT_LOG,
  scmp.SCMP_ACT_TRACE(7),
  scmp.SCMP_ACT_NOTIFY,
  scmp.SCMP_ACT_ERRNO(1),
  scmp.SCMP_ACT_ERRNO(2),
  scmp.SCMP_ACT_TRAP,
  scmp.SCMP_ACT_KILL_THREAD,
  scmp.SCMP_ACT_KILL_PROCESS,
];

const NARROW = [0n, 1n, 2n, 3n, 5n, 8n, 0x10n, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn];
const WIDE = [
  0x100000000n,
  0x100000001n,
  0x200000000n,
  0x200000002n,
  0x700000007n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffff00000000n,
  0xffffffffffffffffn,
];

/** A random shape that every generator must support. */
export function randomShape(random: Random): Shape {
  const arch = random.pick(ARCHITECTURES);
  const others = abisOf(arch).filter(abi => abi !== arch);
  return {
    arch,
    abis: [arch, ...others.filter(() => random.chance(0.4))],
    maxRules: 1 + random.below(6),
    maxConditions: 1 + random.below(4),
    operators: random.chance(0.5)
      ? OPERATORS
      : OPERATORS.filter(() => random.chance(0.4)).concat('SCMP_CMP_EQ'),
    wide: random.chance(0.6),
    actions: random.chance(0.4) ? [scmp.SCMP_ACT_ALLOW] : ALL_ACTIONS,
  };
}

export function randomPolicy(random: Random, shape: Shape): Policy {
  const defaultAction = random.pick([
    scmp.SCMP_ACT_ERRNO(1),
    scmp.SCMP_ACT_ERRNO(1),
    scmp.SCMP_ACT_ALLOW,
    scmp.SCMP_ACT_KILL_PROCESS,
  ]);
  const [first, ...rest] = shape.abis.map(name => randomAbi(random, shape, name, defaultAction));
  if (first === undefined) throw new RangeError('a policy has an ABI');
  return {
    target: makeTarget({ arch: shape.arch }),
    defaultAction,
    badArch: scmp.SCMP_ACT_KILL_THREAD,
    abis: [first, ...rest],
    flags: [],
    warnings: [],
  };
}

/** The calls that the pinned libseccomp knows, so that both generators support policies for them. */
const KNOWN_TO_BOTH = new Map(
  Object.values(ABIS).map(({ name, token }): [AbiName, readonly number[]] => [
    name,
    [...syscallsOf(name).values()].filter(number => syscallResolveNumArch(token, number) !== undefined),
  ]),
);

function randomAbi(random: Random, shape: Shape, name: AbiName, defaultAction: number): AbiPolicy {
  const numbers = KNOWN_TO_BOTH.get(name) ?? [];
  const syscalls = new Map<number, SyscallPolicy>();
  for (let count = 1 + random.below(12); count > 0; count--) {
    const number = random.pick(numbers);
    const action = random.pick(shape.actions);
    syscalls.set(
      number,
      random.chance(0.5) ? { rules: [], otherwise: action } : randomCall(random, shape, name, defaultAction),
    );
  }
  const enosysAbove = random.chance(0.5) ? Math.max(...syscalls.keys()) : undefined;
  return { abi: ABIS[name], syscalls, enosysAbove };
}

function randomCall(random: Random, shape: Shape, name: AbiName, defaultAction: number): SyscallPolicy {
  const rules = Array.from({ length: 1 + random.below(shape.maxRules) }, () => ({
    conditions: randomConditions(random, shape, ABIS[name].width),
    action: random.pick(shape.actions),
  }));
  return { rules, otherwise: defaultAction };
}

function randomConditions(random: Random, shape: Shape, width: 32 | 64): readonly Condition[] {
  const args = [0, 1, 2, 3, 4, 5]
    .sort(() => (random.chance(0.5) ? 1 : -1))
    .slice(0, 1 + random.below(shape.maxConditions));
  return args.map(arg => randomCondition(random, shape, random.chance(0.7) ? arg % 3 : arg, width));
}

function randomCondition(random: Random, shape: Shape, arg: number, width: 32 | 64): Condition {
  const number = (): bigint => {
    const value = shape.wide && random.chance(0.5) ? random.pick(WIDE) : random.pick(NARROW);
    const other = random.chance(0.1) ? random.register() : value;
    return width === 32 ? other & 0xffffffffn : shape.wide ? other : other & 0xffffffffn;
  };
  const op = random.pick(shape.operators);
  if (op !== 'SCMP_CMP_MASKED_EQ') return { op, arg, width, value: number() };
  const mask = number();
  return { op, arg, width, mask, value: number() & mask };
}

/** Values around every constant of the rules, with high and low words varied separately, and some random values. */
export function boundaryArguments(
  random: Random,
  policy: Policy,
  count: number,
): readonly (readonly bigint[])[] {
  const values: bigint[][] = Array.from({ length: 6 }, () => [0n, 0xffffffffffffffffn]);
  for (const { syscalls } of policy.abis) {
    for (const { rules } of syscalls.values()) {
      for (const { conditions } of rules) {
        for (const condition of conditions) {
          const constants =
            condition.op === 'SCMP_CMP_MASKED_EQ'
              ? [condition.value, condition.mask, condition.value | ~condition.mask]
              : [condition.value];
          for (const value of constants)
            values[condition.arg]?.push(
              value - 1n,
              value,
              value + 1n,
              value ^ 0x100000000n,
              value + 0x100000000n,
            );
        }
      }
    }
  }
  return Array.from({ length: count }, () =>
    values.map(choices =>
      random.chance(0.05) ? random.register() : BigInt.asUintN(64, random.pick(choices)),
    ),
  );
}

/** Calls that probe a policy: every named number and its neighbours, and the limits of numbers, with boundary arguments. */
export function* probes(random: Random, policy: Policy, argumentsPerCall: number): Generator<Witness> {
  const archs = [...new Set(policy.abis.map(({ abi }) => abi.audit)), 0x12345678];
  const borders = [
    0, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff,
  ];
  for (const arch of archs) {
    const named = policy.abis
      .filter(({ abi }) => abi.audit === arch)
      .flatMap(part => [...part.syscalls.keys(), part.enosysAbove ?? 0]);
    const numbers = new Set(
      [...borders, ...named.flatMap(number => [number - 1, number, number + 1])].filter(
        number => number >= 0,
      ),
    );
    for (const syscall of numbers) {
      for (const args of boundaryArguments(random, policy, argumentsPerCall)) {
        yield { arch, syscall: syscall >>> 0, args, instructionPointer: random.register() };
      }
    }
  }
}

/** The rules of a policy in one line, for messages. */
export const showRules = (rules: readonly Rule[]): string =>
  rules
    .map(
      ({ conditions, action }) =>
        `${conditions.map(c => `a${c.arg} ${c.op} ${c.op === 'SCMP_CMP_MASKED_EQ' ? `&${c.mask} ` : ''}${c.value}`).join(' and ')} -> 0x${action.toString(16)}`,
    )
    .join('; ');
