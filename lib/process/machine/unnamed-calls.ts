// Finds calls that the running kernel serves but this package's tables lack.
import { errnoName } from '../../kernel/errno.js';
import { LibseccompError } from '../../util/errors.js';
import { isFailure, native } from '../../native.js';
import { syscallsOf } from '../../kernel/abi.js';
import { nativeArchitecture } from '../../kernel/architectures.js';

/** How many numbers above the table are tried; each Linux release adds only a few. */
const TRIED = 64;

/**
 * The numbers of calls that this kernel serves on its native ABI and that have no name in this package, ascending. A child
 * process without privileges makes each call once, with invalid arguments. A filter in force hides calls that it answers
 * itself. Throws LibseccompError if the child cannot be created.
 */
export function unnamedCalls(): readonly number[] {
  const newest = Math.max(...syscallsOf(nativeArchitecture()).values());
  const served = native().servedCalls(newest + 1, TRIED);
  if (isFailure(served)) throw new LibseccompError(served.failed, served.errno, errnoName(served.errno));
  return served;
}
