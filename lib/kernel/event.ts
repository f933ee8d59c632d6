// A system call as data: the content of `struct seccomp_data`.
import { UsageError } from '../util/errors.js';
import { own } from '../util/own.js';
import { show } from '../util/show.js';

/** A system call as the kernel shows it to a filter (`struct seccomp_data`). */
export interface Event {
  /** AUDIT_ARCH_* of the ABI. */
  readonly arch: number;
  /** Unsigned 32 bits. */
  readonly syscall: number;
  /** Up to six registers, unsigned 64 bits; missing ones are 0. A number must be a safe integer. */
  readonly args?: readonly (bigint | number)[];
  /** Default: 0. No policy depends on it. */
  readonly instructionPointer?: bigint | number;
}

/** A checked call, whose registers are all bigints. */
export interface CheckedEvent extends Required<Event> {
  readonly args: readonly bigint[];
  readonly instructionPointer: bigint;
}

/** The indices of the registers, by their count. */
const PLACES = Array.from({ length: 7 }, (_, count) => Array.from({ length: count }, (__, place) => place));

/**
 * Checks and copies a call: own properties only, each read once. Throws UsageError (`bad-event`) for anything that is
 * not a call.
 */
export function checkedEvent(event: Event): CheckedEvent {
  if (typeof event !== 'object' || (event as unknown) === null) throw badEvent('it is not an object');
  const arch = own(event, 'arch');
  const syscall = own(event, 'syscall');
  const given = own(event, 'args') ?? [];
  const instructionPointer = register('instructionPointer', own(event, 'instructionPointer') ?? 0n);
  if (!isInteger(arch)) throw badEvent(`arch must be an AUDIT_ARCH_* number, not ${show(arch)}`);
  if (!isInteger(syscall)) throw badEvent(`syscall must be the number of a call, not ${show(syscall)}`);
  const places = Array.isArray(given) ? PLACES[given.length] : undefined;
  if (places === undefined) throw badEvent('args is a list of up to six registers');
  const args = places.map(place => register(`args[${place}]`, own(given, place)));
  return { arch, syscall, args, instructionPointer };
}

function register(name: string, value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw badEvent(`${name} must be a bigint or a safe integer, not ${show(value)}`);
}

const isInteger = (value: unknown): value is number => Number.isInteger(value);

export const badEvent = (reason: string): UsageError =>
  new UsageError(
    'bad-event',
    `this is not a system call: ${reason}`,
    'Pass { arch, syscall, args }, or the words of struct seccomp_data',
  );
