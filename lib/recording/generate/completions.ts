// Calls that a profile needs although they were not recorded: those that end, interrupt and resume programs, and those
// of C libraries.
import { LAUNCHER_CALLS } from './launcher-calls.js';
import { isMultiplexer, syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { BASE_CALLS, NEEDED_CALLS, THREAD_CALLS } from '../../kernel/calls/base-calls.js';
import { own } from '../../util/own.js';
import { callClasses, substitutesOf } from '../../kernel/calls/call-classes.js';
import type { ComparedParameter } from './argument-conditions.js';

/** A call to add, and why. */
export interface Completion {
  readonly syscall: string;
  readonly why: string;
  /** The calls whose work it does: it gets the conditions of the recorded ones. */
  readonly like?: readonly string[];
  /** The argument that is 0 if a call concerns only the caller. */
  readonly aboutCaller?: ComparedParameter & { readonly name: string };
}

const group = (why: string, calls: string | readonly string[]): readonly Completion[] =>
  (typeof calls === 'string' ? calls.split(' ') : calls).map(syscall => ({ syscall, why }));

/** Calls that every program needs. */
const ALWAYS: readonly Completion[] = [
  ...group('programs and threads need it to end', 'exit exit_group'),
  ...group(
    'the return from a signal handler, and the rest of an interrupted sleep',
    'rt_sigreturn sigreturn restart_syscall',
  ),
  // glibc writes its message with writev, musl raises the signal with tkill: sysdeps/posix/libc_fatal.c,
  // src/signal/raise.c.
  ...group('abort() and its message', 'rt_sigaction rt_sigprocmask getpid gettid tgkill tkill write writev'),
  ...group('malloc() calls it for other sizes', 'brk mmap munmap mremap madvise'),
  ...group('contended locks', 'futex futex_time64 sched_yield'),
  ...group(
    'needed where the vDSO cannot serve it',
    'clock_gettime clock_gettime64 clock_getres clock_getres_time64 gettimeofday time getcpu getrandom',
  ),
  ...group('sleeps before a retry', 'clock_nanosleep clock_nanosleep_time64 nanosleep'),
  ...group(
    'queries only the caller',
    'getppid getpgrp getuid geteuid getgid getegid getresuid getresgid getgroups getcwd getrusage',
  ),
  {
    syscall: 'getpgid',
    // src/unistd/getpgrp.c of musl; glibc on architectures without getpgrp, such as arm64.
    why: 'getpgrp() calls it in other C libraries and on other architectures',
    aboutCaller: { index: 0, width: 32, name: 'pid' },
  },
];

/** Calls with which glibc and musl start a process or a thread. */
const STARTING = ['clone', 'clone3', 'fork', 'vfork'];
const THREADS: readonly Completion[] = [
  ...group('the C library calls it when a thread or a process starts', 'clone set_robust_list rseq mprotect'),
  ...group('starts a process as clone does, in other programs and C libraries', 'fork vfork'),
  ...group('the number of processors, to start threads', 'sched_getaffinity'),
];

/** Calls of shells and posix_spawn between the start of a process and its exec, which redirect its descriptors. */
const REDIRECTIONS: readonly Completion[] = group(
  'redirects the descriptors of a program that is started',
  'dup2 dup3',
);

const EXECUTING = ['execve', 'execveat'];

/**
 * Which of the two calls a program makes depends on whether the processor has memory protection keys: V8 makes code writable with
 * pkey_mprotect if pkey_alloc succeeds, and otherwise with mprotect, as on most arm64 processors.
 */
const WITH_KEYS: readonly Completion[] = [
  ...group('frees a protection key, if the processor has them', 'pkey_free'),
  {
    syscall: 'pkey_mprotect',
    why: 'replaces mprotect if the processor has protection keys',
    like: ['mprotect'],
  },
];
const WITHOUT_KEYS: readonly Completion[] = [
  {
    syscall: 'mprotect',
    why: 'replaces pkey_mprotect if the processor has no protection keys',
    like: ['pkey_mprotect'],
  },
];

/** Calls that make a connection. */
const CONNECTING = ['accept', 'accept4', 'connect', 'socketpair'];
const CONNECTIONS: readonly Completion[] = group('ends a connection, for example after an error', 'shutdown');

/** Calls that C libraries make in place of a missing one, if no class contains both. */
const ELSEWHERE: Readonly<Record<string, string>> = { pause: 'ppoll' };

/**
 * Newer calls that libraries try first, each with the older calls to which they fall back. One of these must be
 * allowed.
 */
const FALLBACKS: readonly (readonly [newer: string, older: readonly string[]])[] = [
  ['clone3', ['clone']],
  ['statx', ['newfstatat', 'fstatat64', 'stat', 'fstat']],
  ['faccessat2', ['faccessat', 'access']],
  ['openat2', ['openat']],
  ['fchmodat2', ['fchmodat']],
  ['renameat2', ['renameat', 'rename']],
  ['close_range', ['close']],
  ['epoll_pwait2', ['epoll_pwait', 'epoll_wait']],
  ['preadv2', ['preadv', 'readv']],
  ['pwritev2', ['pwritev', 'writev']],
  ['copy_file_range', ['read']],
  ['io_uring_setup', ['epoll_ctl']],
  ['rseq', ['exit_group']],
];

/** Calls that must fail with ENOSYS: those in `FALLBACKS` that are not allowed while an older one is. */
export const fallbacks = (isAllowed: (syscall: string) => boolean): readonly string[] =>
  FALLBACKS.filter(([newer, older]) => !isAllowed(newer) && older.some(isAllowed)).map(([newer]) => newer);

/**
 * Classes, by their first call, of calls that C libraries and versions of programs use interchangeably; none of them grants more
 * privileges. Where an architecture lacks an older call, glibc uses the newer one of newfstatat and fstat, epoll_pwait, ppoll,
 * pselect6, pipe2, dup3, eventfd2, clock_nanosleep and wait4 (sysdeps/unix/sysv/linux); musl has both under #ifdef SYS_ in src/.
 */
const LIBRARIES_CHOOSE: ReadonlySet<string> = new Set(
  'newfstatat fstat epoll_pwait ppoll pselect6 pipe2 dup3 eventfd2 clock_nanosleep wait4'.split(' '),
);

/** A program that loads the profile, and makes calls under it. */
export type Launcher = 'none' | 'node' | 'runc' | 'crun' | 'docker' | 'kubernetes';

/** Every launcher. */
export const LAUNCHERS: readonly Launcher[] = ['none', 'node', 'runc', 'crun', 'docker', 'kubernetes'];

/**
 * Calls that Go's runtime makes at unpredictable times, to start or preempt a thread, to collect memory, or to wait, so that
 * measuring a launcher may miss them. Measured with `GOGC=1 strace -f runc features` and Go 1.19, with runc linked with glibc,
 * which starts its threads; runtime/os_linux.go and sys_linux_amd64.s have the same calls, and clone for programs without a C
 * library.
 */
const GO_RUNTIME =
  'clone set_robust_list rseq mprotect epoll_pwait mmap munmap madvise nanosleep sched_yield sigaltstack rt_sigaction rt_sigprocmask tgkill gettid';

/** The calls of a launcher under the profile. */
export function launcherCalls(launcher: Launcher): readonly Completion[] {
  switch (launcher) {
    case 'none':
      return [];
    case 'node':
      return group('Node itself calls it after it has loaded a profile', [
        ...new Set<string>([...BASE_CALLS, ...NEEDED_CALLS.base, ...THREAD_CALLS]),
      ]);
    case 'runc':
      return [
        ...group('runc calls it before the program of the container starts', LAUNCHER_CALLS.runc),
        ...group('the Go runtime in runc may call it meanwhile', GO_RUNTIME.split(' ')),
      ];
    case 'crun':
      return group('crun calls it before the program of the container starts', LAUNCHER_CALLS.crun);
    // dockerd and containerd have runc load the filter, and run nothing under it themselves.
    case 'docker':
      return launcherCalls('runc');
    // The nodes of a cluster run containerd with runc, or CRI-O with crun, and a pod may run on either.
    case 'kubernetes': {
      const runc = launcherCalls('runc');
      const known = new Set(runc.map(({ syscall }) => syscall));
      return [...runc, ...launcherCalls('crun').filter(({ syscall }) => !known.has(syscall))];
    }
  }
}

/** The calls to add to the recorded ones. `isSeen` returns whether a call was recorded. */
export function completions(isSeen: (syscall: string) => boolean): readonly Completion[] {
  return [
    ...ALWAYS,
    ...(STARTING.some(isSeen) ? THREADS : []),
    ...(STARTING.some(isSeen) && EXECUTING.some(isSeen) ? REDIRECTIONS : []),
    ...(CONNECTING.some(isSeen) ? CONNECTIONS : []),
    ...(isSeen('pkey_alloc') ? WITH_KEYS : []),
    ...(isSeen('pkey_mprotect') ? WITHOUT_KEYS : []),
  ];
}

/**
 * The targets' calls that do the work of a recorded call on `abi`: the same call under another name or width, the calls that C
 * libraries choose among, and, if one of the ABIs lacks a call that the other has, its replacements there.
 */
export function equivalents(abi: AbiName, syscall: string, targets: readonly AbiName[]): readonly string[] {
  const isThere = (name: string): boolean =>
    targets.some(target => syscallNumber(target, name) !== undefined);
  const found = new Set<string>();
  for (const { calls, twins, kind, interchangeable } of callClasses()) {
    // A multiplexer does the work of many calls, and classes of another kind contain calls that can do more.
    if (kind !== 'same' || !calls.includes(syscall)) continue;
    const same = twins.find(names => names.includes(syscall)) ?? [];
    // A call that this ABI lacks could not be recorded; another call replaces it.
    const absent = calls.filter(name => syscallNumber(abi, name) === undefined);
    const isChoice = interchangeable || LIBRARIES_CHOOSE.has(calls[0] ?? '');
    for (const name of [...same, ...absent, ...(isChoice ? calls : [])]) if (isThere(name)) found.add(name);
  }
  for (const target of targets) {
    if (syscallNumber(target, syscall) !== undefined) continue;
    const instead = own(ELSEWHERE, syscall) ?? substitutesOf(target, syscall).calls[0];
    if (instead !== undefined && !isMultiplexer(syscall)) found.add(instead);
  }
  found.delete(syscall);
  return [...found];
}
