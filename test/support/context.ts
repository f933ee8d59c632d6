// What tests of FilterContext share.
import { LibseccompError } from '#lib/util/errors.js';
import { SCMP_ACT_ERRNO, SCMP_ARCH_AARCH64, SCMP_ARCH_X86_64 } from '#lib/kernel/constants.js';

export const EPERM_ACTION = SCMP_ACT_ERRNO(1);
/** An architecture of the same byte order that is not this machine's. */
export const FOREIGN = process.arch === 'x64' ? SCMP_ARCH_AARCH64 : SCMP_ARCH_X86_64;

/** Whether an error says that a C function failed with an errno. */
export const fails = (errnoName: string, cFunction: string) => (error: unknown) =>
  error instanceof LibseccompError && error.errnoName === errnoName && error.syscall === cFunction;
