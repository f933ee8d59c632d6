// What stands for calls in policies of words: names, numbers and groups.
import type { Location } from '../../../util/errors.js';
import { isCallNumber, isKnownSyscall, syscallsOf } from '../../../kernel/abi.js';
import { ARCHITECTURES } from '../../../kernel/architectures.js';
import { didYouMeanCall } from '../../../kernel/calls/suggest-call.js';
import { UsageError } from '../../../util/errors.js';
import { quote } from '../../../util/suggest.js';
import { failAt } from './scanner.js';

/** The calls that a name stands for: those of a group for `@network`, otherwise the name alone. Throws UsageError (`unknown-group`). */
export function callsNamed(name: string): readonly string[] {
  if (!name.startsWith('@')) return [name];
  if (name === '@all') return [...new Set(ARCHITECTURES.flatMap(arch => [...syscallsOf(arch).keys()]))];
  throw new UsageError('unknown-group', `there is no group of calls ${quote(name)}`);
}

/** Whether a name stands for several calls. */
export const isGroup = (name: string): boolean => name.startsWith('@');

/** The calls that a name at a place stands for. Throws ProfileError (`unknown-group`, `unknown-syscall`). */
export function callsAt(name: string, at: Location): readonly string[] {
  if (isGroup(name)) {
    try {
      return callsNamed(name);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const { code, remedy, message } = error;
      return failAt(at, code, remedy === undefined ? message : message.slice(0, -(remedy.length + 2)), remedy);
    }
  }
  if (isCallNumber(name) || isKnownSyscall(name)) return [name];
  return failAt(
    at,
    'unknown-syscall',
    `no architecture has a system call ${quote(name)}`,
    didYouMeanCall(name, ARCHITECTURES),
  );
}
