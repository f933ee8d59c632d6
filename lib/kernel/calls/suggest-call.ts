// Did-you-mean for system calls: first by other names of a call, then by spelling.
import { architecturesWith, isKnownSyscall, syscallNumber, syscallsOf } from '../abi.js';
import { ARCHITECTURES, type AbiName } from '../architectures.js';
import { callAliases, substitutesOf } from './call-classes.js';
import { closest, quote } from '../../util/suggest.js';

/** Prefixes of calls in C headers, tracers and the kernel's source. */
const PREFIX =
  /^(?:__)?(?:NR|ARM_NR|SYS|SCMP_SYS|sys|ksys|do_sys|__do_sys|__se_sys|compat_sys|(?:x64|x86|x32|ia32|arm64|arm)(?:_compat)?_sys)_+/i;

/**
 * The call of these ABIs that an unknown name probably means: the name without a prefix (`__NR_write`); the call for a
 * name from the C library or the kernel (`pwrite`, `newstat`); a replacement for an old or foreign call (`send`,
 * `waitpid`); or the closest spelling. Undefined if nothing is close.
 */
export function callLike(name: string, abis: readonly AbiName[]): string | undefined {
  const has = (call: string): boolean => abis.some(abi => syscallNumber(abi, call) !== undefined);
  for (const word of new Set([name, name.toLowerCase(), name.replace(PREFIX, '')])) {
    if (word !== name && has(word)) return word;
    for (const call of callAliases().get(word) ?? []) if (has(call)) return call;
    for (const call of [word, ...(callAliases().get(word) ?? [])]) {
      for (const abi of abis) {
        const [twin] = substitutesOf(abi, call).twins;
        if (twin !== undefined) return twin;
      }
      for (const abi of abis) {
        const [first] = substitutesOf(abi, call).calls;
        if (first !== undefined) return first;
      }
    }
    // A call of another architecture is not a misspelling.
    if (isKnownSyscall(word)) return undefined;
  }
  return closest(
    name,
    // Sorted, so that ties have the same outcome everywhere.
    [...new Set(abis.flatMap(abi => [...syscallsOf(abi).keys()]))].sort(),
  );
}

/** The message for a name that no architecture has, or that the given ABI does not have. */
export const noSuchCall = (name: string, abi?: AbiName): string =>
  `${abi === undefined ? 'no architecture has a' : `${abi} has no`} system call ${quote(name)}`;

/**
 * The remedy for an unknown call: the call that was probably meant, or the architectures that have the call; else `otherwise`.
 */
export function didYouMeanCall(
  name: string,
  abis: readonly AbiName[] = ARCHITECTURES,
  otherwise?: string,
): string | undefined {
  const call = callLike(name, abis);
  if (call !== undefined) return `Did you mean ${quote(call)}?`;
  const elsewhere = architecturesWith(name);
  if (elsewhere.length === 0) return otherwise;
  return `${quote(name)} is a system call only of ${listed(elsewhere)}${otherwise === undefined ? '' : `. ${otherwise}`}`;
}

/** `x86, x32 and arm`. */
export const listed = (architectures: readonly string[]): string => {
  const last = architectures.at(-1) ?? '';
  return architectures.length < 2 ? last : `${architectures.slice(0, -1).join(', ')} and ${last}`;
};
