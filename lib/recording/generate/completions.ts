// Calls that a profile needs although nobody saw them: what ends, interrupts and resumes a program, and what its C library does.
import { LAUNCHER_CALLS } from './launcher-calls.js';
import { syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { BASE_CALLS, NEEDED_CALLS, THREAD_CALLS } from '../../kernel/calls/base-calls.js';
import { own } from '../../util/own.js';
import { callClasses, substitutesOf } from '../../kernel/calls/call-classes.js';

/** A call that is added, and why. */
export interface Completion {
  readonly syscall: string;
  readonly why: string;
  /** The calls that were seen and whose work it does: it gets their conditions. */
  readonly like?: readonly string[];
}

const group = (why: string, calls: string | readonly string[]): readonly Completion[] =>
  (typeof calls === 'string' ? calls.split(' ') : calls).map(syscall => ({ syscall, why }));

/** What every program needs. */
const ALWAYS: readonly Completion[] = [
  ...group('how programs and threads end', 'exit exit_group'),
  ...group(
    'the return from a signal handler, and the rest of an interrupted sleep',
    'rt_sigreturn sigreturn restart_syscall',
  ),
  ...group('what the C library does in abort()', 'rt_sigaction rt_sigprocmask getpid gettid tgkill'),
  ...group('what malloc() does with other sizes', 'brk mmap munmap mremap madvise'),
  ...group('locks that are contended', 'futex futex_time64 sched_yield'),
  ...group(
    'served without a call where the vDSO can, and by this call on other machines',
    'clock_gettime clock_gettime64 clock_getres clock_getres_time64 gettimeofday time getcpu getrandom',
  ),
  ...group('says something of the caller alone', 'getppid getuid geteuid getgid getegid getcwd'),
];

/** What glibc and musl call when a process or a thread starts another one. */
const STARTING = ['clone', 'clone3', 'fork', 'vfork'];
const THREADS: readonly Completion[] = group(
  'what the C library does when a thread or a process starts',
  'clone set_robust_list rseq mprotect',
);

/** Where C libraries make another call if there is no such one, and the kernel has no class for the pair. */
const ELSEWHERE: Readonly<Record<string, string>> = { pause: 'ppoll' };

/** Newer calls that libraries try first, each with those of which one has to be allowed for them to go on without. */
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

/** Calls that are answered with ENOSYS: those of `FALLBACKS` that are not allowed while an older one is. */
export const fallbacks = (isAllowed: (syscall: string) => boolean): readonly string[] =>
  FALLBACKS.filter(([newer, older]) => !isAllowed(newer) && older.some(isAllowed)).map(([newer]) => newer);

/** Classes of calls between which C libraries and versions of programs choose as well, by their first call: none has more power. */
const LIBRARIES_CHOOSE: ReadonlySet<string> = new Set(
  'newfstatat fstat epoll_pwait ppoll pselect6 pipe2 dup3 eventfd2 clock_nanosleep wait4'.split(' '),
);

/** Programs that load the profile, and go on calling under it. */
export type Launcher = 'none' | 'node' | 'runc' | 'crun' | 'docker' | 'kubernetes';

/** All of them. */
export const LAUNCHERS: readonly Launcher[] = ['none', 'node', 'runc', 'crun', 'docker', 'kubernetes'];

/** What runc is made with calls at times of its own: to start a thread, to collect memory, to wait. Not seen in every measurement. */
const GO_RUNTIME =
  'clone epoll_pwait mmap munmap madvise nanosleep sched_yield sigaltstack rt_sigaction rt_sigprocmask tgkill gettid';

/** What a launcher itself calls under the profile. */
export function launcherCalls(launcher: Launcher): readonly Completion[] {
  switch (launcher) {
    case 'none':
      return [];
    case 'node':
      return group('what Node itself calls after it has loaded a profile', [
        ...new Set<string>([...BASE_CALLS, ...NEEDED_CALLS.base, ...THREAD_CALLS]),
      ]);
    case 'runc':
      return [
        ...group('what runc calls before it is the program of the container', LAUNCHER_CALLS.runc),
        ...group('what the runtime of Go, in runc, may call meanwhile', GO_RUNTIME.split(' ')),
      ];
    case 'crun':
      return group('what crun calls before it is the program of the container', LAUNCHER_CALLS.crun);
    // dockerd and containerd have the filter loaded by runc, and run nothing of their own under it.
    case 'docker':
      return launcherCalls('runc');
    // Nodes of a cluster have containerd with runc, or CRI-O with crun, and a pod may come to either.
    case 'kubernetes': {
      const runc = launcherCalls('runc');
      const known = new Set(runc.map(({ syscall }) => syscall));
      return [...runc, ...launcherCalls('crun').filter(({ syscall }) => !known.has(syscall))];
    }
  }
}

/** What is added beside the calls that were seen. `isSeen` tells those. */
export function completions(isSeen: (syscall: string) => boolean): readonly Completion[] {
  return STARTING.some(isSeen) ? [...ALWAYS, ...THREADS] : ALWAYS;
}

/**
 * The calls of the targets that do the work of one that was seen on `abi`: the same by another name or width; what C libraries choose
 * between; and, where one of the interfaces lacks a call that the other has, what is made there instead.
 */
export function equivalents(abi: AbiName, syscall: string, targets: readonly AbiName[]): readonly string[] {
  const isThere = (name: string): boolean =>
    targets.some(target => syscallNumber(target, name) !== undefined);
  const found = new Set<string>();
  for (const { calls, twins, kind, interchangeable } of callClasses()) {
    // A multiplexer does the work of many calls, and those of one class in part reach more than the call did.
    if (kind !== 'same' || !calls.includes(syscall)) continue;
    const same = twins.find(names => names.includes(syscall)) ?? [];
    // A call that this interface lacks could not be seen, and another one makes it.
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

const isMultiplexer = (syscall: string): boolean => syscall === 'socketcall' || syscall === 'ipc';
