// What tests of FilterContext share.
import { LibseccompError } from '#lib/errors.js';
import { SCMP_ACT_ERRNO } from '#lib/policy/constants.js';

export const EPERM_ACTION = SCMP_ACT_ERRNO(1);

/** Whether an error says that a C function failed with an errno. */
export const fails = (errnoName: string, cFunction: string) => (error: unknown) =>
  error instanceof LibseccompError && error.errnoName === errnoName && error.syscall === cFunction;
