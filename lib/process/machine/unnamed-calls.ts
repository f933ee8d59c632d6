// Finds out whether the running kernel is newer than the tables: calls that it serves and that have no name here.
import { errnoName } from '../../kernel/errno.js';
import { LibseccompError } from '../../util/errors.js';
import { isFailure, native } from '../../native.js';
import { syscallsOf } from '../../kernel/abi.js';
import { nativeArchitecture } from '../../kernel/architectures.js';

/** Numbers that are tried above the table: a release of Linux brings a few. */
const TRIED = 64;

/**
 * The numbers of calls that this kernel serves on its native ABI and that this package has no name for, ascending.
 * They are made once, with invalid arguments, by a child process without privileges. A filter in force hides those that it
 * answers itself. Throws LibseccompError where no child could be made.
 */
export function unnamedCalls(): readonly number[] {
  const newest = Math.max(...syscallsOf(nativeArchitecture()).values());
  const served = native().servedCalls(newest + 1, TRIED);
  if (isFailure(served)) throw new LibseccompError(served.failed, served.errno, errnoName(served.errno));
  return served;
}
