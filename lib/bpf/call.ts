// A system call as callers give it, and the words that a program sees of it.
import { UsageError } from '../util/errors.js';
import type { Event } from '../kernel/event.js';
import { seccompData } from './interpret.js';
import { DATA_SIZE, WORD } from './program.js';
import { own } from '../util/own.js';
import { ownElements } from '../util/own-elements.js';

/** A call: an `Event`, or the sixteen 32-bit words of `struct seccomp_data` as a little-endian machine has them. */
export type Call = Event | Uint32Array;

const WORDS = DATA_SIZE / 4;

/** The words of a call; those of an event are written to `into`. Throws UsageError (`bad-event`) for anything that is not a call. */
export function wordsOf(call: Call, into?: Uint32Array): Uint32Array {
  const checked = checkedCall(call);
  return checked instanceof Uint32Array ? checked : seccompData(checked, into);
}

/** A call by its own properties, each read once. Throws UsageError (`bad-event`) for anything that is not a call. */
export function checkedCall(call: Call): Required<Event> | Uint32Array {
  if (call instanceof Uint32Array) {
    if (call.length !== WORDS) throw badEvent(`struct seccomp_data has ${WORDS} words, not ${call.length}`);
    return call;
  }
  if (typeof call !== 'object' || (call as unknown) === null) throw badEvent('it is not an object');
  const [arch, syscall] = [own(call, 'arch'), own(call, 'syscall')];
  const given = own(call, 'args') ?? [];
  const instructionPointer = own(call, 'instructionPointer') ?? 0n;
  if (!isInteger(arch) || !isInteger(syscall)) throw badEvent('arch and syscall are integers');
  if (!Array.isArray(given) || given.length > 6) throw badEvent('args is a list of up to six registers');
  const args = ownElements(given as readonly bigint[]);
  for (const register of args) if (typeof register !== 'bigint') throw badEvent('arguments are bigints');
  if (typeof instructionPointer !== 'bigint') throw badEvent('instructionPointer is a bigint');
  return { arch, syscall, args, instructionPointer };
}

const isInteger = (value: unknown): value is number => Number.isInteger(value);

const badEvent = (reason: string): UsageError =>
  new UsageError(
    'bad-event',
    `this is not a system call: ${reason}`,
    'Pass { arch, syscall, args }, or the words of struct seccomp_data',
  );

/** The call that the words stand for. */
export function eventOf(data: Uint32Array): Required<Event> {
  const register = (low: number): bigint => (BigInt(data[low + 1] ?? 0) << 32n) | BigInt(data[low] ?? 0);
  return {
    arch: data[WORD.arch] ?? 0,
    syscall: data[WORD.nr] ?? 0,
    args: Array.from({ length: 6 }, (_, arg) => register(WORD.low(arg))),
    instructionPointer: register(WORD.ipLow),
  };
}
