// Converts the names of calls in logs to this package's.
import { ABIS, callText, syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';

/** The ABI's name for a call in strace or perf, or its number in digits; undefined if it is not a valid call. */
export function tracedName(abi: AbiName, name: string): string | undefined {
  if (syscallNumber(abi, name) !== undefined) return name;
  const digits = /^syscall_(0x[\da-f]{1,8}|\d{1,10})$/.exec(name)?.[1];
  if (digits !== undefined) return callName(abi, Number(digits));
  const [, other] = STRACE_NAMES.find(([own]) => own === name) ?? [];
  return other !== undefined && syscallNumber(abi, other) !== undefined ? other : undefined;
}

/** Calls that versions of strace name differently from the kernel. */
const STRACE_NAMES: readonly (readonly [string, string])[] = [
  ['fstatat', 'newfstatat'],
  ['pread', 'pread64'],
  ['pwrite', 'pwrite64'],
  ['umount', 'umount2'],
];

/** The name of a number, or its digits without x32's bit; undefined if it is not a valid call. */
export function callName(abi: AbiName, number: number): string | undefined {
  const bare = number - ABIS[abi].numberBit;
  return bare >= 0 && bare < 2 ** 30 ? callText(abi, number) : undefined;
}
