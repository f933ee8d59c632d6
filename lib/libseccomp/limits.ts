// The error for rules on which libseccomp does not terminate within the core's limit.
import { errnoName } from '../kernel/errno.js';
import { CompileError } from '../util/errors.js';
import type { Failure } from '../native.js';

/** The failures of a trial in a child process, and their meaning (native/core/trial.h). */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ETIMEDOUT', 'it does not terminate within 1 s of processor time, or 4 s for the filter'],
  ['EFBIG', 'its text is longer than 32 MiB'],
  ['ENOTRECOVERABLE', 'it crashes'],
]);

/** The error for a libseccomp call that was stopped; undefined for any other failure. */
export function tooMuchWork({ failed, errno }: Failure): CompileError | undefined {
  const reason = REASONS.get(errnoName(errno));
  return reason === undefined
    ? undefined
    : new CompileError(
        'unsupported-by-libseccomp',
        `libseccomp does not support these rules: in ${failed}, ${reason}`,
        "Write them as a profile and compile it with codegen 'tree', which accepts any rules",
      );
}
