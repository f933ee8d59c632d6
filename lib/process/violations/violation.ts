// Describes a refused call for listeners: by name, with the rule that refused it and the change that would allow it.
import { errnoName } from '../../kernel/errno.js';
import { placeText } from '../../util/place.js';
import type { Location } from '../../util/errors.js';
import type { RefusedCall } from '../../native.js';
import { abiOf, syscallName } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { actionKind } from '../../kernel/action.js';
import { SCMP_ACT_TRAP } from '../../kernel/constants.js';
import { namedArguments, type NamedArgument } from '../../kernel/arguments/named-arguments.js';
import { decidingRule, evaluate, outcome } from '../../policy/evaluate.js';
import type { CheckedEvent } from '../../kernel/event.js';
import type { Policy } from '../../policy/policy.js';
import { printable } from '../../util/printable.js';
import { describeRemedy, remedyFor, type Remedy } from '../../policy/remedy.js';
import { requireResult } from '../../util/failures.js';
import { own, owned } from '../../util/own.js';

/** A call that a filter refused, or several equal ones in quick succession. */
export interface Violation {
  /** The name of the call; undefined for a number that is in no table. */
  readonly syscall: string | undefined;
  /** Its number as the kernel sees it. */
  readonly number: number;
  /** The ABI of the call; undefined for one that this package does not know. */
  readonly abi: AbiName | undefined;
  /** `AUDIT_ARCH_*` of the ABI. */
  readonly arch: number;
  /** Its six registers, including those that the call does not use. Memory behind pointers is not read. */
  readonly args: readonly bigint[];
  /** The arguments of the call, with their names and the names of constants; undefined if they are unknown. */
  readonly arguments: readonly NamedArgument[] | undefined;
  /** The errno of the call, positive. */
  readonly errno: number;
  /** Its name, e.g. `EPERM`. */
  readonly errnoName: string;
  /** The calling thread: its id and name in the kernel. */
  readonly thread: {
    /** The id in the PID namespace of the process. */
    readonly id: number;
    /** The name, at most 15 bytes. */
    readonly name: string;
  };
  /** The address of the instruction after the call. */
  readonly instructionPointer: bigint;
  /** The number of calls: this one, and later ones of the same thread at the same instruction. */
  readonly count: number;
  /** The position of the filter that refused it in the chain: 1 for the first; undefined if it is unknown. */
  readonly layer: number | undefined;
  /** The position in the profile; undefined if its default action refuses the call, or the filter is unknown. */
  readonly at: Location | undefined;
  /** The change that would allow it, if the filter is known. */
  readonly remedy: Remedy | undefined;
}

/** A loaded filter: its position in the chain and its policy. */
export interface KnownLayer {
  readonly layer: number | undefined;
  readonly policy: Policy;
}

/** Describes a call from the handler's record. `layers` are the known filters, the oldest first. */
export function describeCall(call: RefusedCall, layers: readonly KnownLayer[]): Violation {
  // Among filters with equal actions, the kernel uses the data of the newest.
  const refusing = layers.findLast(
    ({ policy }) => actionKind(evaluate(policy, eventOf(call))) === SCMP_ACT_TRAP,
  );
  return describeRefusal(call, refusing);
}

const eventOf = ({ arch, syscall, args, instructionPointer }: RefusedCall): CheckedEvent => ({
  arch,
  syscall,
  args,
  instructionPointer,
});

/** Describes a refused call. `refusing` is the filter that refused it, if it is known. */
export function describeRefusal(call: RefusedCall, refusing: KnownLayer | undefined): Violation {
  const { arch, syscall: number, args, errno, instructionPointer, count } = call;
  const abi = abiOf(arch, number);
  const syscall = abi && syscallName(abi.name, number);
  const event = eventOf(call);
  return {
    syscall,
    number,
    abi: abi?.name,
    arch,
    args,
    arguments: abi && syscall !== undefined ? namedArguments(abi.name, syscall, args) : undefined,
    errno,
    errnoName: errno === 0 ? '' : errnoName(errno),
    thread: { id: call.threadId, name: call.threadName },
    instructionPointer,
    count,
    layer: refusing?.layer,
    at: refusing && placeOf(event, refusing.policy),
    remedy: refusing && remedyFor(event, refusing.policy),
  };
}

/** The position in a policy that decides about a call. */
function placeOf({ arch, syscall, args }: CheckedEvent, policy: Policy): Location | undefined {
  const { rules, at } = owned(outcome(policy, arch, syscall));
  const rule = decidingRule(rules, args);
  return rule === undefined ? at : own(rule, 'at');
}

/**
 * Formats a violation as one line: the call, the errno, the position in the profile, and the change that would allow the call.
 * Throws UsageError (`bad-argument`).
 */
export function formatViolation(violation: Violation): string {
  requireViolation(violation);
  const { errnoName, thread } = violation;
  return sentence(violation, `failed with ${errnoName} in thread ${thread.id} (${printable(thread.name)})`);
}

/** Throws UsageError (`bad-argument`) if the value is not a violation. */
export const requireViolation = (violation: Violation): void => {
  requireResult('a violation', violation, 'thread', 'Pass what a listener for violations got');
};

/** Formats a violation with another text for the outcome, which must be printable. */
export function sentence(violation: Violation, outcome: string): string {
  const { syscall, number, abi, count, at, remedy } = violation;
  const name = syscall ?? `call ${number}`;
  const times = count === 1 ? '' : `, ${count} times`;
  const place = at === undefined ? '' : `, by ${placeText(at)}`;
  const advice = remedy === undefined ? '' : `. To allow it, ${printable(describeRemedy(remedy))}`;
  return `${name}(${argumentList(violation)}) on ${abi ?? `architecture ${hex(violation.arch)}`} ${outcome}${times}${place}${advice}`;
}

/** `domain=AF_ALG, type=SOCK_SEQPACKET, protocol=0x0`, or six registers. */
const argumentList = ({ arguments: named, args }: Violation): string =>
  (named?.map(({ name, value, words }) => `${name}=${words ?? hex(value)}`) ?? args.map(hex)).join(', ');

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
