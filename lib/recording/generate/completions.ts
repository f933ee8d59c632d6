// Calls that a profile needs although they were not recorded: those that end, interrupt and resume programs, and
// those of C libraries.
import { LAUNCHER_CALLS } from './launcher-calls.js';
import { isMultiplexer, syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { BASE_CALLS, NEEDED_CALLS, THREAD_CALLS } from '../../kernel/calls/base-calls.js';
import { own } from '../../util/own.js';
import { callClasses, substitutesOf } from '../../kernel/calls/call-classes.js';
import type { ComparedParameter } from './argument-conditions.js';

/** A call that is added, and why. */
export interface Completion {
  readonly syscall: string;
  readonly why: string;
  /** The calls whose work it does: it gets the conditions of those that were seen. */
  readonly like?: readonly string[];
  /** The argument that is 0 for calls that concern only the caller. */
  readonly aboutCaller?: ComparedParameter & { readonly name: string };
}

const group = (why: string, calls: string | readonly string[]): readonly Completion[] =>
  (typeof calls === 'string' ? calls.split(' ') : calls).map(syscall => ({ syscall, why }));

/** What every program needs. */
const ALWAYS: readonly Completion[] = [
  ...group('programs and threads need it to end', 'exit exit_group'),
  ...group(
    'the return from a signal handler, and the rest of an interrupted sleep',
    'rt_sigreturn sigreturn restart_syscall',
  ),
  // glibc writes its message by writev, musl raises the signal by tkill: sysdeps/posix/libc_fatal.c, src/signal/raise.c.
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
    // src/unistd/getpgrp.c of musl; glibc where there is no getpgrp, as on arm64.
    why: 'getpgrp() calls it in other C libraries and on other architectures',
    aboutCaller: { index: 0, width: 32, name: 'pid' },
  },
];

/** What glibc and musl call when a process or a thread starts another one. */
const STARTING = ['clone', 'clone3', 'fork', 'vfork'];
const THREADS: readonly Completion[] = [
  ...group('the C library calls it when a thread or a process starts', 'clone set_robust_list rseq mprotect'),
  ...group('starts a process as clone does, in other programs and C libraries', 'fork vfork'),
  ...group('the number of processors, to start threads', 'sched_getaffinity'),
];

/** What shells and posix_spawn call between the start of a process and its exec, where its descriptors are redirected. */
const REDIRECTIONS: readonly Completion[] = group(
  'redirects the descriptors of a program that is started',
  'dup2 dup3',
);

const EXECUTING = ['execve', 'execveat'];

/**
 * Whether a processor has memory protection keys decides which of the two a program calls: V8 makes code writable by pkey_mprotect where
 * pkey_alloc succeeds, and by mprotect elsewhere, as on most arm64 processors.
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

/** Calls that C libraries make instead of one that the kernel lacks, if the two are in no class. */
const ELSEWHERE: Readonly<Record<string, string>> = { pause: 'ppoll' };

/** Newer calls that libraries try first, each with older calls, one of which must be allowed as a fallback. */
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

/** Calls that fail with ENOSYS: those of `FALLBACKS` that are not allowed while an older one is. */
export const fallbacks = (isAllowed: (syscall: string) => boolean): readonly string[] =>
  FALLBACKS.filter(([newer, older]) => !isAllowed(newer) && older.some(isAllowed)).map(([newer]) => newer);

/**
 * Classes of calls between which C libraries and versions of programs choose as well, by their first call: none has more power. glibc
 * calls the newer of newfstatat and fstat, epoll_pwait, ppoll, pselect6, pipe2, dup3, eventfd2, clock_nanosleep and wait4 for the older
 * function where an architecture lacks its call (sysdeps/unix/sysv/linux); musl has both under #ifdef SYS_ in src/.
 */
const LIBRARIES_CHOOSE: ReadonlySet<string> = new Set(
  'newfstatat fstat epoll_pwait ppoll pselect6 pipe2 dup3 eventfd2 clock_nanosleep wait4'.split(' '),
);

/** Programs that load the profile, and make calls under it. */
export type Launcher = 'none' | 'node' | 'runc' | 'crun' | 'docker' | 'kubernetes';

/** All of them. */
export const LAUNCHERS: readonly Launcher[] = ['none', 'node', 'runc', 'crun', 'docker', 'kubernetes'];

/**
 * What the runtime of Go calls at times of its own: to start a thread, to preempt one, to collect memory, to wait. A measurement of a
 * launcher may miss it. Measured by `GOGC=1 strace -f runc features` with Go 1.19, where runc is linked with glibc, which starts its
 * threads; runtime/os_linux.go and sys_linux_amd64.s have the same calls, and clone for programs without a C library.
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
    // dockerd and containerd have the filter loaded by runc, and run nothing of their own under it.
    case 'docker':
      return launcherCalls('runc');
    // Nodes of a cluster run containerd with runc, or CRI-O with crun, and a pod may run on either.
    case 'kubernetes': {
      const runc = launcherCalls('runc');
      const known = new Set(runc.map(({ syscall }) => syscall));
      return [...runc, ...launcherCalls('crun').filter(({ syscall }) => !known.has(syscall))];
    }
  }
}

/** The calls that are added to the recorded ones. `isSeen` recognises those. */
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
 * The calls of the targets that do the work of one that was seen on `abi`: the same by another name or width; what C libraries choose
 * between; and, where one of the ABIs lacks a call that the other has, what is made there instead.
 */
export function equivalents(abi: AbiName, syscall: string, targets: readonly AbiName[]): readonly string[] {
  const isThere = (name: string): boolean =>
    targets.some(target => syscallNumber(target, name) !== undefined);
  const found = new Set<string>();
  for (const { calls, twins, kind, interchangeable } of callClasses()) {
    // A multiplexer does the work of many calls, and those of one class in part reach more than the call did.
    if (kind !== 'same' || !calls.includes(syscall)) continue;
    const same = twins.find(names => names.includes(syscall)) ?? [];
    // A call that this ABI lacks could not be seen, and another one makes it.
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
