// Names of calls in text formats: names, numbers and groups.
import type { Location } from '../../../util/errors.js';
import { isCallNumber, isKnownSyscall } from '../../../kernel/abi.js';
import { callsNamed, isGroupName } from '../../../kernel/calls/call-groups.js';
import { didYouMeanCall, noSuchCall } from '../../../kernel/calls/suggest-call.js';
import { placed, failAt } from './scanner.js';

/** The calls that a name refers to. Throws ProfileError (`unknown-group`, `unknown-syscall`). */
export function callsAt(name: string, at: Location): readonly string[] {
  if (isGroupName(name)) return placed(at, () => callsNamed(name));
  if (isCallNumber(name) || isKnownSyscall(name)) return [name];
  return failAt(at, 'unknown-syscall', noSuchCall(name), didYouMeanCall(name));
}
