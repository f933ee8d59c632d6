// What calls are for, to group the rules of a generated profile as a person would.

/** Purposes in the order of the rules, each with the calls that serve it. */
const CALLS: Readonly<Record<string, string>> = {
  files:
    'read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 open openat openat2 creat close close_range lseek _llseek stat lstat fstat newfstatat fstatat64 stat64 lstat64 fstat64 statx statfs fstatfs statfs64 fstatfs64 getdents getdents64 access faccessat faccessat2 chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat chown32 fchown32 lchown32 mkdir mkdirat mknod mknodat rename renameat renameat2 link linkat symlink symlinkat readlink readlinkat unlink unlinkat rmdir chdir fchdir getcwd truncate ftruncate truncate64 ftruncate64 utime utimes utimensat utimensat_time64 futimesat dup dup2 dup3 fcntl fcntl64 flock fsync fdatasync sync syncfs sync_file_range fadvise64 fadvise64_64 fallocate readahead sendfile sendfile64 copy_file_range splice tee vmsplice umask setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init fanotify_mark cachestat ioctl',
  memory:
    'mmap mmap2 munmap mprotect pkey_mprotect pkey_alloc pkey_free mremap brk madvise process_madvise mincore msync mlock mlock2 mlockall munlock munlockall memfd_create memfd_secret membarrier mbind get_mempolicy set_mempolicy mseal userfaultfd shmget shmat shmdt shmctl',
  'waiting for events':
    'select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime pipe pipe2 io_setup io_submit io_getevents io_destroy io_uring_setup io_uring_enter io_uring_register',
  'processes and threads':
    'execve execveat clone clone3 fork vfork exit exit_group wait4 waitid waitpid futex futex_time64 futex_wait futex_wake futex_waitv set_robust_list get_robust_list rseq set_tid_address arch_prctl prctl gettid getpid getppid getpgid getpgrp setpgid getsid setsid sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_setparam sched_getscheduler sched_setscheduler sched_getattr sched_setattr sched_get_priority_max sched_get_priority_min getpriority setpriority nice getrlimit setrlimit ugetrlimit prlimit64 getrusage times getcpu pidfd_open set_thread_area get_thread_area set_tls personality restart_syscall seccomp',
  signals:
    'rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo sigaction sigprocmask sigreturn signal kill tkill tgkill pidfd_send_signal pause sigaltstack',
  network:
    'socket socketpair bind connect listen accept accept4 getsockname getpeername getsockopt setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 shutdown socketcall',
  'identity and privileges':
    'getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid getuid32 geteuid32 getgid32 getegid32 setuid32 setgid32 capget capset',
  'time and the system':
    'clock_gettime clock_gettime64 clock_getres clock_nanosleep clock_nanosleep_time64 nanosleep gettimeofday time getitimer setitimer alarm timer_create timer_settime timer_gettime timer_delete timer_getoverrun uname sysinfo getrandom',
};

const OTHERS = 'other calls';

const purposes = new Map(
  Object.entries(CALLS).flatMap(([purpose, calls]) =>
    calls.split(' ').map((call): [string, string] => [call, purpose]),
  ),
);

/** What a call is for, in a few words. */
export const purposeOf = (syscall: string): string => purposes.get(syscall) ?? OTHERS;

/** Every purpose, in the order of the rules. */
export const PURPOSES: readonly string[] = [...Object.keys(CALLS), OTHERS];
