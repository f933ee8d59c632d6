// The calls that programs need to start or continue, for lint rules.
import { BASE_CALLS } from '../../kernel/calls/base-calls.js';
import type { AbiName } from '../../kernel/architectures.js';

/** Whether a call is allowed with some arguments. An ABI without the call does not allow it. */
type IsAllowed = (name: string) => boolean;

/** The calls that start a program. */
export const STARTING: readonly string[] = ['execve', 'execveat'];

/**
 * The calls that every C program makes before main, whatever its C library and linking: on x86_64, the one that sets the
 * address of thread-local storage. On aarch64, programs write that to a register themselves. Measured with programs of
 * glibc 2.36 and musl 1.2.3, static and dynamic, with each call refused with EPERM and ENOSYS.
 */
export const beforeMain = (abi: AbiName): readonly string[] => (abi === 'x86_64' ? ['arch_prctl'] : []);

/**
 * The calls that glibc's dynamic loader needs: one call of each list. Measured in the same way; fstat is for glibc
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

/** Whether a running Node survives a filter: it must allow every call whose refusal ended Node in measurements. */
export const nodeContinues = (isAllowed: IsAllowed): boolean => BASE_CALLS.every(isAllowed);

/** The calls with which a thread exchanges data after it has loaded a filter itself. */
const WORKING =
  'read readv write writev pread64 pwrite64 recvfrom recvmsg sendto sendmsg futex ioctl io_uring_enter'.split(
    ' ',
  );

/** Whether a thread that has loaded the filter itself can still exchange data. */
export const threadWorks = (isAllowed: IsAllowed): boolean => WORKING.some(isAllowed);
