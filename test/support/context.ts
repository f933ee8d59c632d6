// Helpers for tests of FilterContext.
import { LibseccompError } from '#lib/util/errors.js';
import { ABIS } from '#lib/kernel/abi.js';
import { SCMP_ACT_ERRNO } from '#lib/kernel/constants.js';
import * as native from './native.js';

export const EPERM_ACTION = SCMP_ACT_ERRNO(1);
/** A foreign architecture with this machine's byte order. */
export const FOREIGN = ABIS[native.FOREIGN].token;

/** Whether an error reports that a C function failed with an errno. */
export const fails = (errnoName: string, cFunction: string) => (error: unknown) =>
  error instanceof LibseccompError && error.errnoName === errnoName && error.syscall === cFunction;
