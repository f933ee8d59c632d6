// Converts recorded values to conditions: sets and masks, and refusals of dangerous values that were not recorded.
import { syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { constantsOf, nameValue } from '../../kernel/arguments/named-values.js';
import { own } from '../../util/own.js';
import type { Condition } from '../../policy/policy.js';
import { recordedParameters, type RecordedParameter } from '../recorded-arguments.js';
import { mergeArguments } from '../merge.js';
import { byValue, type RecordedArgument, type RecordedCall } from '../recording.js';

export const ARGUMENT_MODES = ['none', 'safe', 'all'] as const;
/** Which arguments become conditions. */
export type ArgumentMode = (typeof ARGUMENT_MODES)[number];

/** The recorded arguments of the calls with one name, by the kernel's name of the parameter. */
export type SeenArguments = ReadonlyMap<string, SeenArgument>;

/** The values of one argument, converted to one ABI. */
interface SeenArgument extends RecordedArgument {
  readonly abi: AbiName;
}

/** The conditions of a call: it is allowed if all conditions of at least one list hold. An empty list always holds. */
export type Alternatives = readonly (readonly Condition[])[];

/** The conditions of a call, with a description. */
interface CallConditions {
  readonly alternatives: Alternatives;
  readonly words: readonly string[];
  /** Parameters that get conditions, except for process arguments: calls without them concern the caller. */
  readonly parameters: readonly string[];
  /** Parameters with unknown values, which keep the strict condition. */
  readonly unknown: readonly string[];
}

/** clone's flags for namespaces. CLONE_NEWTIME is not one of these: its bit is part of the signal. */
const NAMESPACES = 0x7e020000n;
const PROT_WRITE = 2n;
const PROT_EXEC = 4n;
const SOCK_TYPE_MASK = 0xfn;
/** The maximum number of rules for one call. Above it, only the arguments of `safe` get conditions. */
const MAX_ALTERNATIVES = 32;

/** The maximum number of values that a comment lists. */
const MAX_NAMED = 8;

/** The few arguments that grant privileges and do not depend on a program's input. */
const SAFE: Readonly<Record<string, 'set' | 'namespaces' | 'writable code' | 'own'>> = {
  'socket.domain': 'set',
  'socketpair.domain': 'set',
  'personality.persona': 'set',
  'unshare.flags': 'set',
  'setns.flags': 'set',
  'bpf.cmd': 'set',
  'keyctl.option': 'set',
  'ptrace.request': 'set',
  'reboot.cmd': 'set',
  'clone.flags': 'namespaces',
  'mmap.prot': 'writable code',
  'mmap2.prot': 'writable code',
  'mprotect.prot': 'writable code',
  'pkey_mprotect.prot': 'writable code',
  'prlimit64.pid': 'own',
};

/** Groups whose constants are ORed. */
const FLAGS: ReadonlySet<string> = new Set(
  'O MAP SECCOMP_FLAG MS UMOUNT OPEN_TREE MOVE_MOUNT MFD USERFAULTFD MODULE_INIT CLONE'.split(' '),
);

interface Restriction {
  readonly parameter: RecordedParameter;
  readonly conditions: readonly Condition[];
  readonly words: string;
  readonly isSafe: boolean;
  readonly isKnown: boolean;
  readonly isOwn: boolean;
}

/**
 * The conditions of a call whose arguments were `seen`; undefined if it is allowed with any arguments. Dangerous
 * values, such as memory that is writable and executable and new namespaces, are only allowed if they were recorded.
 */
export function conditionsOf(
  syscall: string,
  seen: SeenArguments,
  mode: ArgumentMode,
  targets: readonly AbiName[],
): CallConditions | undefined {
  const abi = targets.find(name => syscallNumber(name, syscall) !== undefined);
  if (mode === 'none' || abi === undefined) return undefined;
  const restrictions = recordedParameters(abi, syscall).flatMap(parameter => {
    const made = restrictionOf(syscall, parameter, seen.get(parameter.name), mode, { abi, targets });
    return made === undefined ? [] : [made];
  });
  const kept = within(restrictions);
  if (kept.length === 0) return undefined;
  return {
    alternatives: kept.reduce<Alternatives>(
      (all, { conditions }) => all.flatMap(list => conditions.map(condition => [...list, condition])),
      [[]],
    ),
    words: kept.map(({ words }) => words),
    parameters: kept.filter(({ isOwn }) => !isOwn).map(({ parameter }) => parameter.name),
    unknown: kept.filter(({ isKnown }) => !isKnown).map(({ parameter }) => parameter.name),
  };
}

/**
 * Parameters of `safe` without a condition, because some of their values were not recorded: a filter that refuses these
 * could break the program.
 */
export function unlimitedParameters(
  syscall: string,
  seen: SeenArguments,
  targets: readonly AbiName[],
): readonly string[] {
  const abi = targets.find(name => syscallNumber(name, syscall) !== undefined);
  if (abi === undefined) return [];
  return recordedParameters(abi, syscall)
    .map(({ name }) => name)
    .filter(name => own(SAFE, `${syscall}.${name}`) === 'set' && (seen.get(name)?.unknown ?? true));
}

/**
 * ABIs on which a call has none of these parameters in a register: mmap of x86 has its arguments in memory, which filters cannot
 * read.
 */
export const abisWithout = (
  syscall: string,
  parameters: readonly string[],
  targets: readonly AbiName[],
): readonly AbiName[] =>
  targets.filter(
    target =>
      syscallNumber(target, syscall) !== undefined &&
      parameters.some(name => !recordedParameters(target, syscall).some(each => each.name === name)),
  );

/** The condition of a call that was not recorded, and is added only for calls about the caller itself. */
export const aboutTheCaller = (parameter: ComparedParameter & { readonly name: string }): CallConditions => ({
  alternatives: [[equal(parameter, 0n)]],
  words: [ownWords(parameter.name)],
  parameters: [],
  unknown: [],
});

const ownWords = (name: string): string => `${name} 0, which is the caller`;

/** Drops the arguments with the most values until the product of all is small enough. */
function within(restrictions: readonly Restriction[]): readonly Restriction[] {
  const product = restrictions.reduce((all, { conditions }) => all * conditions.length, 1);
  if (product <= MAX_ALTERNATIVES) return restrictions;
  const [widest] = restrictions
    .filter(({ isSafe }) => !isSafe)
    .toSorted((a, b) => b.conditions.length - a.conditions.length);
  return widest === undefined ? restrictions : within(restrictions.filter(each => each !== widest));
}

interface Place {
  readonly abi: AbiName;
  readonly targets: readonly AbiName[];
}

function restrictionOf(
  syscall: string,
  parameter: RecordedParameter,
  seen: SeenArgument | undefined,
  mode: ArgumentMode,
  place: Place,
): Restriction | undefined {
  const key = `${syscall}.${parameter.name}`;
  const kind = own(SAFE, key);
  const base = {
    parameter,
    isSafe: kind !== undefined,
    isKnown: seen !== undefined && !seen.unknown,
    isOwn: kind === 'own',
  };
  const { name } = parameter;
  if (kind === 'namespaces') {
    const mask = NAMESPACES & ~(seen?.bits ?? 0n);
    if (mask === 0n) return undefined;
    const which =
      mask === NAMESPACES
        ? 'any of CLONE_NEW*'
        : (nameValue(place.abi, syscall, parameter.index, mask, mask) ?? hex(mask));
    return { ...base, conditions: [masked(parameter, mask, 0n)], words: `${name} without ${which}` };
  }
  if (kind === 'writable code') {
    if (mode === 'all' && seen !== undefined && !seen.unknown && (seen.bits & PROT_EXEC) === 0n)
      return { ...base, conditions: [masked(parameter, PROT_EXEC, 0n)], words: `${name} without PROT_EXEC` };
    // The union of the bits does not show whether one call had both.
    const both =
      seen?.values.some(value => (value & (PROT_WRITE | PROT_EXEC)) === (PROT_WRITE | PROT_EXEC)) ?? false;
    if (both) return undefined;
    return {
      ...base,
      conditions: [masked(parameter, PROT_WRITE, 0n), masked(parameter, PROT_EXEC, 0n)],
      words: `${name} never PROT_WRITE with PROT_EXEC`,
    };
  }
  if (kind === 'own') {
    if (seen !== undefined && seen.bits !== 0n) return undefined;
    // It may have been another process, but most programs only make such calls about themselves.
    return { ...base, conditions: [equal(parameter, 0n)], words: ownWords(name) };
  }
  if (seen === undefined || seen.unknown || (mode === 'safe' && kind === undefined)) return undefined;
  return seenOnly(syscall, seen, base, place);
}

/** A condition that allows only the recorded values or flags. */
function seenOnly(
  syscall: string,
  seen: SeenArgument,
  base: Pick<Restriction, 'parameter' | 'isSafe' | 'isKnown' | 'isOwn'>,
  { abi, targets }: Place,
): Restriction | undefined {
  const { parameter } = base;
  const { name } = parameter;
  const constants = own(parameter, 'constants') ?? '';
  if (FLAGS.has(constants) && !base.isSafe) {
    const bits = targets.reduce(
      (all, target) => all | translated(seen.bits, constants, seen.abi, target),
      0n,
    );
    const mask = 0xffffffffn & ~bits;
    if (mask === 0n) return undefined;
    const words = nameValue(abi, syscall, parameter.index, seen.bits) ?? hex(seen.bits);
    return { ...base, conditions: [masked(parameter, mask, 0n)], words: `${name} of ${words}` };
  }
  if (seen.more) {
    // Too many to list: refuses at least bits that no value had.
    const mask = 0xffffffffn & ~seen.bits;
    return mask === 0n
      ? undefined
      : { ...base, conditions: [masked(parameter, mask, 0n)], words: `${name} without ${hex(mask)}` };
  }
  // The type of a socket may include flags, which grant no privileges.
  const mask = constants === 'SOCK' ? SOCK_TYPE_MASK : undefined;
  const values = [...new Set(seen.values.map(value => (mask === undefined ? value : value & mask)))].sort(
    byValue,
  );
  const named = values.map(value => nameValue(abi, syscall, parameter.index, value) ?? hex(value));
  return {
    ...base,
    conditions: values.map(value =>
      mask === undefined ? equal(parameter, value) : masked(parameter, mask, value),
    ),
    words: `${name} ${named.slice(0, MAX_NAMED).join(' or ')}${named.length > MAX_NAMED ? ` or one of ${named.length - MAX_NAMED} more` : ''}`,
  };
}

/** Converts flags from one ABI to another: O_DIRECTORY is a different bit on arm. */
function translated(bits: bigint, group: string, from: AbiName, to: AbiName): bigint {
  if (from === to) return bits;
  const there = constantsOf(to, group);
  let rest = bits;
  let result = 0n;
  for (const [name, value] of constantsOf(from, group)) {
    if (value <= 0n || (bits & value) !== value) continue;
    const other = there.get(name);
    if (other === undefined || other < 0n) continue;
    result |= other;
    rest &= ~value;
  }
  return result | rest;
}

/** The argument of a condition. */
export type ComparedParameter = Pick<RecordedParameter, 'index' | 'width'>;

const masked = ({ index }: ComparedParameter, mask: bigint, value: bigint): Condition => ({
  op: 'SCMP_CMP_MASKED_EQ',
  arg: index,
  width: 64,
  mask,
  value,
});

/** C libraries pass a negative `int` either sign-extended or with zeros, so only its low half is compared. */
const equal = (parameter: ComparedParameter, value: bigint): Condition =>
  parameter.width === 32 && value >= 1n << 31n
    ? masked(parameter, 0xffffffffn, value)
    : { op: 'SCMP_CMP_EQ', arg: parameter.index, width: 64, value };

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/**
 * The arguments of calls by name, merged across ABIs and equivalent calls. A call without a parameter adds nothing for
 * it.
 */
export function seenArguments(
  calls: readonly Pick<RecordedCall, 'abi' | 'syscall' | 'args'>[],
): SeenArguments {
  const all = new Map<string, SeenArgument>();
  for (const { abi, syscall, args } of calls) {
    for (const { name, index } of recordedParameters(abi, syscall)) {
      const mine: SeenArgument = {
        ...(args.find(each => each.index === index) ?? {
          index,
          values: [],
          bits: 0n,
          more: false,
          unknown: true,
        }),
        abi,
      };
      const others = all.get(name);
      all.set(name, others === undefined ? mine : { ...mergeArguments(others, mine), abi: others.abi });
    }
  }
  return all;
}
