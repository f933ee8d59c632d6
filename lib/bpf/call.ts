// A system call as callers pass it, and the words that a program sees.
import { badEvent, checkedEvent, type CheckedEvent, type Event } from '../kernel/event.js';
import { writeWords } from './interpret.js';
import { DATA_SIZE, WORD } from './program.js';

/** A call: an `Event`, or the sixteen 32-bit words of `struct seccomp_data` on a little-endian machine. */
export type Call = Event | Uint32Array;

const WORDS = DATA_SIZE / 4;

/**
 * The words of a call; those of an event are written to `into`. Throws UsageError (`bad-event`) for any other value.
 */
export function wordsOf(call: Call, into?: Uint32Array): Uint32Array {
  const checked = checkedCall(call);
  return checked instanceof Uint32Array ? checked : writeWords(checked, into);
}

/**
 * Checks a call. An event is copied: own properties only, each read once. Throws UsageError (`bad-event`) for any other
 * value.
 */
export function checkedCall(call: Call): CheckedEvent | Uint32Array {
  if (!(call instanceof Uint32Array)) return checkedEvent(call);
  if (call.length === WORDS) return call;
  throw badEvent(`struct seccomp_data has ${WORDS} words, not ${call.length}`);
}

/** The call with these words. */
export function eventOf(data: Uint32Array): CheckedEvent {
  const register = (low: number): bigint => (BigInt(data[low + 1] ?? 0) << 32n) | BigInt(data[low] ?? 0);
  return {
    arch: data[WORD.arch] ?? 0,
    syscall: data[WORD.nr] ?? 0,
    args: Array.from({ length: 6 }, (_, arg) => register(WORD.low(arg))),
    instructionPointer: register(WORD.ipLow),
  };
}
