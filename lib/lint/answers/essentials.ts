// The calls that programs need to start or continue, for lint rules.
import { BASE_CALLS } from '../../kernel/calls/base-calls.js';
import type { AbiName } from '../../kernel/architectures.js';

/** Says whether a call may be made with some arguments at least. An ABI without the call does not allow it. */
type IsAllowed = (name: string) => boolean;

/** The calls that start a program. */
export const STARTING: readonly string[] = ['execve', 'execveat'];

/**
 * What every program in C calls before main, whatever its C library and however it is linked: on x86_64, the address of its
 * thread-local storage. aarch64 keeps that in a register that programs write themselves.
 * Measured: programs of glibc 2.36 and musl 1.2.3, static and dynamic, with each call refused with EPERM and ENOSYS.
 */
export const beforeMain = (abi: AbiName): readonly string[] => (abi === 'x86_64' ? ['arch_prctl'] : []);

/**
 * Calls that the dynamic loader of glibc needs, each by one of several. Measured in the same way; fstat is for glibc
 * before 2.33.
 */
export const LOADING: readonly (readonly string[])[] = [
  ['mmap'],
  ['mprotect'],
  ['openat', 'open'],
  ['read'],
  ['pread64'],
  ['newfstatat', 'fstat', 'statx'],
  ['close'],
];

/** Whether a running Node continues under a filter, which must allow every call whose refusal was measured to end it. */
export const nodeContinues = (isAllowed: IsAllowed): boolean => BASE_CALLS.every(isAllowed);

/** The calls with which a thread exchanges data after it has loaded a filter itself. */
const WORKING =
  'read readv write writev pread64 pwrite64 recvfrom recvmsg sendto sendmsg futex ioctl io_uring_enter'.split(
    ' ',
  );

/** Whether a thread that has loaded the filter itself can still exchange data. */
export const threadWorks = (isAllowed: IsAllowed): boolean => WORKING.some(isAllowed);
