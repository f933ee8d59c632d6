// Which named constants belong to which argument of which system call.
import { own } from '../../util/own.js';

/** A group of data/named-values.txt: `AF`, `CLONE`. */
export type ConstantGroup = string;

/** The arguments that take constants of each group, as `call.parameter`, with the parameter's name from `parametersOf`. */
const ARGUMENTS: Readonly<Record<ConstantGroup, string>> = {
  AF: 'socket.domain socketpair.domain',
  SOCK: 'socket.type socketpair.type accept4.flags',
  MSG: 'send.flags sendto.flags sendmsg.flags sendmmsg.flags recv.flags recvfrom.flags recvmsg.flags recvmmsg.flags recvmmsg_time64.flags',
  SHUT: 'shutdown.how',
  SOL: 'getsockopt.level setsockopt.level',
  UMOUNT: 'umount2.flags',
  ACCESS: 'access.mode faccessat.mode faccessat2.mode',
  SHMGET: 'shmget.shmflg',
  SHMAT: 'shmat.shmflg',
  SHMCTL: 'shmctl.cmd',
  PRIO: 'getpriority.which setpriority.which',
  IDTYPE: 'waitid.which',
  O: 'open.flags openat.flags mq_open.oflag open_by_handle_at.flags pipe2.flags dup3.flags fanotify_init.event_f_flags',
  AT: 'faccessat2.flags fchmodat2.flags fchownat.flag newfstatat.flag fstatat64.flag statx.flags linkat.flags execveat.flags utimensat.flags utimensat_time64.flags name_to_handle_at.flag mount_setattr.flags setxattrat.at_flags getxattrat.at_flags listxattrat.at_flags removexattrat.at_flags',
  AT_REMOVEDIR: 'unlinkat.flag',
  F: 'fcntl.cmd fcntl64.cmd',
  LOCK: 'flock.cmd',
  RENAME: 'renameat2.flags',
  CLONE: 'clone.flags unshare.flags setns.flags',
  SCHED: 'sched_setscheduler.policy sched_get_priority_max.policy sched_get_priority_min.policy',
  PROT: 'mmap.prot mmap2.prot mprotect.prot pkey_mprotect.prot',
  MAP: 'mmap.flags mmap2.flags',
  MADV: 'madvise.behavior process_madvise.behavior',
  MREMAP: 'mremap.flags',
  MCL: 'mlockall.flags',
  MSYNC: 'msync.flags',
  MS: 'mount.flags',
  OPEN_TREE: 'open_tree.flags',
  MOVE_MOUNT: 'move_mount.flags',
  FSCONFIG: 'fsconfig.cmd',
  S: 'mknod.mode mknodat.mode chmod.mode fchmod.mode fchmodat.mode fchmodat2.mode open.mode openat.mode creat.mode mkdir.mode mkdirat.mode mq_open.mode umask.mask',
  PR: 'prctl.option',
  ARCH: 'arch_prctl.option',
  FUTEX: 'futex.op futex_time64.op',
  IOCTL: 'ioctl.cmd',
  PER: 'personality.persona',
  KEYCTL: 'keyctl.option',
  BPF: 'bpf.cmd',
  PTRACE: 'ptrace.request',
  SECCOMP: 'seccomp.op',
  SECCOMP_FLAG: 'seccomp.flags',
  SIG: 'kill.sig tkill.sig tgkill.sig rt_sigaction.sig rt_sigqueueinfo.sig rt_tgsigqueueinfo.sig pidfd_send_signal.sig sigaction.sig signal.sig',
  SIG_HOW: 'rt_sigprocmask.how sigprocmask.how',
  RLIMIT: 'getrlimit.resource setrlimit.resource ugetrlimit.resource prlimit64.resource',
  RUSAGE: 'getrusage.who',
  WAIT: 'wait4.options waitpid.options waitid.options',
  GRND: 'getrandom.flags',
  MFD: 'memfd_create.flags',
  EPOLL: 'epoll_create1.flags',
  EPOLL_CTL: 'epoll_ctl.op',
  EFD: 'eventfd2.flags',
  TFD: 'timerfd_create.flags',
  IN: 'inotify_init1.flags',
  IORING_REGISTER: 'io_uring_register.opcode',
  IORING_ENTER: 'io_uring_enter.flags',
  MEMBARRIER: 'membarrier.cmd',
  USERFAULTFD: 'userfaultfd.flags',
  CLOSE_RANGE: 'close_range.flags',
  REBOOT: 'reboot.cmd',
  MODULE_INIT: 'finit_module.flags',
};

let groups: ReadonlyMap<string, ConstantGroup> | undefined;

/** The arguments of a group, as `call.parameter`. */
export const argumentsOfGroup = (group: ConstantGroup): readonly string[] =>
  own(ARGUMENTS, group)?.split(' ') ?? [];

export const usedGroups = (): readonly ConstantGroup[] => Object.keys(ARGUMENTS);

/** The group of constants that an argument takes; undefined if it takes plain numbers. */
export function constantGroup(syscall: string, parameter: string, type: string): ConstantGroup | undefined {
  groups ??= new Map(
    usedGroups().flatMap(group =>
      argumentsOfGroup(group).map((argument): [string, string] => [argument, group]),
    ),
  );
  // Descriptors of directories: dfd, olddfd, from_dfd.
  if (parameter.endsWith('dfd')) return 'AT_FDCWD';
  return type === 'clockid_t' ? 'CLOCK' : groups.get(`${syscall}.${parameter}`);
}
