// Rules on which libseccomp does not terminate within the limit that the core sets.
import { errnoName } from '../kernel/errno.js';
import { CompileError } from '../util/errors.js';
import type { Failure } from '../native.js';

/** What a trial of the core in a child process fails with, and why (native/core/trial.h). */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ETIMEDOUT', 'it does not terminate within 1 s of processor time, or 4 s for the filter'],
  ['EFBIG', 'its text is longer than 32 MiB'],
  ['ENOTRECOVERABLE', 'it crashes'],
]);

/** The error for a call of libseccomp that was stopped, undefined for any other failure. */
export function tooMuchWork({ failed, errno }: Failure): CompileError | undefined {
  const reason = REASONS.get(errnoName(errno));
  return reason === undefined
    ? undefined
    : new CompileError(
        'unsupported-by-libseccomp',
        `libseccomp does not support these rules: in ${failed}, ${reason}`,
        "Write them as a profile and compile it with codegen 'tree', which takes rules of any shape",
      );
}
