// Writes data/named-values.txt: the named constants for arguments of system calls, on every ABI.
// Usage: node scripts/generate-named-values.mjs HEADERS [--check]
// HEADERS is an unpacked linux-libc-dev package, or the .deb (apt-get download linux-libc-dev; 6.13 or newer has every
// architecture). A C compiler for x86_64 evaluates them. Constants that only the C library names come from its headers.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withScratch } from './files.mjs';
import { generated, runGenerator, Undecided } from './generated-file.mjs';
import { ABI_NAMES, KERNEL_ABIS } from './kernel-abis.mjs';
import { run } from './run.mjs';

const output = 'data/named-values.txt';

/**
 * @typedef {object} Group
 * @property {string} group
 * @property {string[]} [headers] of the kernel
 * @property {string[]} [libc] headers of the C library
 * @property {RegExp} names
 * @property {RegExp} [drop] of these names
 * @property {RegExp} [second]
 * @property {number} [flags]
 * @property {string[]} [only] ABIs
 * @property {string} [enumeration] whose names alone belong to it
 */

/**
 * The groups: which headers declare their names, and which names belong to them. `second` matches additional names for a
 * value: if there are several, the package shows the first. `flags` marks groups whose values are ORed; its number is the
 * mask of a field that holds one of several values, e.g. the access mode in the flags of open.
 * @type {Group[]}
 */
const GROUPS = [
  { group: 'AF', libc: ['sys/socket.h'], names: /^[AP]F_(?!MAX)/, second: /^PF_|^AF_(?:LOCAL|FILE|ROUTE)$/ },
  { group: 'SOCK', libc: ['sys/socket.h'], names: /^SOCK_/, flags: 0xf },
  { group: 'MSG', libc: ['sys/socket.h'], names: /^MSG_/, second: /^MSG_TRYHARD$/, flags: 0 },
  { group: 'SHUT', libc: ['sys/socket.h'], names: /^SHUT_/ },
  { group: 'SOL', libc: ['sys/socket.h', 'netinet/in.h', 'netinet/tcp.h'], names: /^SOL_/ },
  { group: 'UMOUNT', libc: ['sys/mount.h'], names: /^(?:MNT|UMOUNT)_/, flags: 0 },
  { group: 'ACCESS', libc: ['unistd.h'], names: /^[RWXF]_OK$/, flags: 0 },
  {
    group: 'SHMGET',
    libc: ['sys/shm.h'],
    names: /^IPC_(?:CREAT|EXCL)$|^SHM_(?:HUGETLB|NORESERVE)$/,
    flags: 0,
  },
  { group: 'SHMAT', libc: ['sys/shm.h'], names: /^SHM_(?:RDONLY|RND|REMAP|EXEC)$/, flags: 0 },
  {
    group: 'SHMCTL',
    libc: ['sys/shm.h'],
    names: /^IPC_(?:RMID|SET|STAT|INFO)$|^SHM_(?:LOCK|UNLOCK|STAT|INFO)$/,
  },
  { group: 'PRIO', libc: ['sys/resource.h'], names: /^PRIO_(?:PROCESS|PGRP|USER)$/ },
  { group: 'IDTYPE', libc: ['sys/wait.h'], names: /^P_(?:ALL|PID|PGID|PIDFD)$/ },
  { group: 'IPPROTO', headers: ['linux/in.h'], names: /^IPPROTO_(?!MAX)/ },
  {
    group: 'NETLINK',
    headers: ['linux/netlink.h'],
    names:
      /^NETLINK_(?!ADD|DROP|PKTINFO|BROADCAST|NO_|RX|TX|LIST|CAP|EXT|GET|UNCONN|CONNECTED|UNUSED)[A-Z0-9_]+$/,
    second: /^NETLINK_INET_DIAG$/,
  },
  {
    group: 'SO',
    headers: ['linux/socket.h', 'asm/socket.h'],
    names: /^SO_/,
    second: /_OLD$|^SO_(?:GET_FILTER|DETACH_BPF)$/,
  },
  {
    group: 'O',
    headers: ['linux/fcntl.h'],
    names: /^O_|^FASYNC$/,
    second: /^O_(?:NDELAY|ACCMODE)$/,
    flags: 3,
  },
  { group: 'AT_FDCWD', headers: ['linux/fcntl.h'], names: /^AT_FDCWD$/ },
  { group: 'AT_REMOVEDIR', headers: ['linux/fcntl.h'], names: /^AT_REMOVEDIR$/, flags: 0 },
  {
    group: 'AT',
    headers: ['linux/fcntl.h'],
    names: /^AT_(?!FDCWD|REMOVEDIR|RENAME|HANDLE|EXECVE|STATX_SYNC_(?:TYPE|AS))/,
    flags: 0,
  },
  {
    group: 'F',
    headers: ['linux/fcntl.h'],
    names: /^F_(?:DUPFD|[GS]ET|OFD_|NOTIFY|CANCELLK|ADD_SEALS|CREATED|DUP)/,
  },
  { group: 'LOCK', headers: ['linux/fcntl.h'], names: /^LOCK_(?:SH|EX|NB|UN)$/, flags: 0 },
  { group: 'RENAME', headers: ['linux/fs.h'], names: /^RENAME_/, flags: 0 },
  { group: 'CLONE', headers: ['linux/sched.h'], names: /^CLONE_(?!ARGS)/, flags: 0 },
  { group: 'SCHED', headers: ['linux/sched.h'], names: /^SCHED_(?!FLAG|CPU|GETATTR)/, flags: 0xff },
  { group: 'PROT', headers: ['linux/mman.h'], names: /^PROT_/, flags: 0 },
  { group: 'MAP', headers: ['linux/mman.h'], names: /^MAP_(?!HUGE_|TYPE|FILE)/, flags: 0xf },
  { group: 'MADV', headers: ['linux/mman.h'], names: /^MADV_/ },
  { group: 'MREMAP', headers: ['linux/mman.h'], names: /^MREMAP_/, flags: 0 },
  { group: 'MCL', headers: ['linux/mman.h'], names: /^MCL_/, flags: 0 },
  { group: 'MSYNC', headers: ['linux/mman.h'], names: /^MS_/, flags: 0 },
  {
    group: 'MS',
    headers: ['linux/mount.h'],
    names: /^MS_(?!MGC|RMT|KERNMOUNT|SUBMOUNT|NOREMOTELOCK|NOSEC|BORN|ACTIVE|NOUSER)/,
    second: /^MS_VERBOSE$/,
    flags: 0,
  },
  {
    group: 'OPEN_TREE',
    headers: ['linux/mount.h', 'linux/fcntl.h'],
    names: /^OPEN_TREE_|^AT_(?:EMPTY|RECURSIVE|SYMLINK|NO_AUTO)/,
    flags: 0,
  },
  { group: 'MOVE_MOUNT', headers: ['linux/mount.h'], names: /^MOVE_MOUNT_(?!_)/, flags: 0 },
  { group: 'FSCONFIG', headers: ['linux/mount.h'], names: /^FSCONFIG_/ },
  {
    group: 'S',
    headers: ['linux/stat.h'],
    names: /^S_I(?:F|SUID|SGID|SVTX|[RWX])/,
    second: /^S_IFMT$|^S_IRWX/,
    flags: 0o170000,
  },
  {
    group: 'PR',
    headers: ['linux/prctl.h'],
    names:
      /^PR_(?:[GS]ET_(?!MM_|VMA_ANON|PTRACER_|SHADOW_STACK_)|CAPBSET|CAP_AMBIENT$|TASK_PERF|MCE_KILL(?:_GET)?$|S[VM]E_[SG]ET_VL$|PAC_(?:RESET_KEYS|[SG]ET_ENABLED_KEYS)$|MPX|SCHED_CORE$|RISCV_V_[SG]ET|RISCV_SET|PPC_[SG]ET|LOCK_|FUTEX_HASH$|RSEQ_SLICE_EXTENSION$|TIMER_CREATE_RESTORE_IDS$)/,
  },
  {
    group: 'ARCH',
    headers: ['asm/prctl.h'],
    names: /^ARCH_(?!XCOMP|SHSTK_(?:SHSTK|WRSS))/,
    only: ['x86_64', 'x86', 'x32'],
  },
  {
    group: 'FUTEX',
    headers: ['linux/futex.h'],
    names:
      /^FUTEX_(?:WAIT|WAKE|FD|REQUEUE|CMP_REQUEUE|WAKE_OP|(?:UN|TRY)?LOCK_PI2?|WA(?:IT|KE)_BITSET|(?:WAIT|CMP)_REQUEUE_PI|PRIVATE_FLAG|CLOCK_REALTIME)$/,
    flags: 0x7f,
  },
  {
    group: 'IOCTL',
    headers: [
      ...['linux/termios.h', 'linux/serial.h', 'linux/fiemap.h', 'linux/blktrace_api.h', 'linux/fs.h'],
      ...['linux/sockios.h', 'linux/if_tun.h', 'linux/loop.h', 'linux/kd.h', 'linux/vt.h', 'linux/tiocl.h'],
      ...['linux/random.h', 'linux/nsfs.h', 'linux/userfaultfd.h'],
    ],
    names:
      /^(?:T[CI][A-Z0-9]+|FIO[A-Z]+|FI[CDTF][A-Z]+|BLK[A-Z]+|FS_IOC[A-Z0-9_]+|SIOC[A-Z0-9]+|TUN[A-Z]+|LOOP_[A-Z_]+|KD[A-Z]+|[PG]IO_[A-Z]+|VT_[A-Z]+|RND[A-Z]+|NS_GET_[A-Z_]+|UFFDIO_[A-Z]+)$/,
    drop: /^(?:SIOCGSTAMP|TC[IO]|TCSA|TIOCL_|BLKDEV|VT_(?:EVENT|AUTO|PROCESS|ACKACQ|MAX)|LOOP_(?:SET_FD_|SET_STATUS_[SC]|CONFIGURE_|CLR_FD_))/,
    second: /^(?:TIOCINQ|SIOCINQ|SIOCOUTQ|SIOCPROTOPRIVATE|SIOCDEVPRIVATE|FS_IOC32.*)$/,
  },
  {
    group: 'PER',
    headers: ['linux/personality.h'],
    names:
      /^PER_(?!CLEAR|MASK)|^(?:UNAME26|ADDR_[A-Z_]+|FDPIC_FUNCPTRS|MMAP_PAGE_ZERO|READ_IMPLIES_EXEC|SHORT_INODE|WHOLE_SECONDS|STICKY_TIMEOUTS)$/,
    second: /^PER_LINUX_FDPIC$/,
    flags: 0xff,
  },
  {
    group: 'KEYCTL',
    headers: ['linux/keyctl.h'],
    names: /^KEYCTL_(?!SUPPORTS|CAPS|MOVE_EXCL|PKEY_)|^KEYCTL_PKEY_(?:QUERY|ENCRYPT|DECRYPT|SIGN|VERIFY)$/,
  },
  {
    group: 'BPF',
    headers: ['linux/bpf.h'],
    enumeration: 'bpf_cmd',
    names: /^BPF_/,
    second: /^BPF_PROG_RUN$/,
  },
  {
    group: 'PTRACE',
    headers: ['linux/ptrace.h'],
    names: /^PTRACE_(?!EVENT_|O_|PEEKSIGINFO_|SYSCALL_INFO|EVENTMSG|GETFDPIC_)/,
  },
  { group: 'SECCOMP', headers: ['linux/seccomp.h'], names: /^SECCOMP_(?:SET_MODE|GET)_/ },
  { group: 'SECCOMP_FLAG', headers: ['linux/seccomp.h'], names: /^SECCOMP_FILTER_FLAG_/, flags: 0 },
  {
    group: 'SIG',
    headers: ['linux/signal.h'],
    names: /^SIG[A-Z0-9]+$/,
    drop: /^SIG(?:RT|STKSZ)/,
    second: /^SIG(?:IOT|CLD|POLL|UNUSED|LOST|SWI)$/,
  },
  { group: 'SIG_HOW', headers: ['linux/signal.h'], names: /^SIG_(?:BLOCK|UNBLOCK|SETMASK)$/ },
  { group: 'RLIMIT', headers: ['linux/resource.h'], names: /^RLIMIT_/ },
  { group: 'RUSAGE', headers: ['linux/resource.h'], names: /^RUSAGE_/ },
  { group: 'CLOCK', headers: ['linux/time.h'], names: /^CLOCK_(?!AUX_LAST|SGI)/ },
  {
    group: 'WAIT',
    headers: ['linux/wait.h'],
    names: /^(?:WNOHANG|WUNTRACED|WEXITED|WCONTINUED|WNOWAIT|__WNOTHREAD|__WALL|__WCLONE)$/,
    flags: 0,
  },
  { group: 'GRND', headers: ['linux/random.h'], names: /^GRND_/, flags: 0 },
  { group: 'MFD', headers: ['linux/memfd.h'], names: /^MFD_(?!HUGE_)/, flags: 0 },
  { group: 'EPOLL', headers: ['linux/eventpoll.h'], names: /^EPOLL_CLOEXEC$/, flags: 0 },
  { group: 'EPOLL_CTL', headers: ['linux/eventpoll.h'], names: /^EPOLL_CTL_/ },
  { group: 'EFD', libc: ['sys/eventfd.h'], names: /^EFD_/, flags: 0 },
  { group: 'TFD', headers: ['linux/timerfd.h'], names: /^TFD_(?:CLOEXEC|NONBLOCK)$/, flags: 0 },
  { group: 'IN', headers: ['linux/inotify.h'], names: /^IN_(?:CLOEXEC|NONBLOCK)$/, flags: 0 },
  {
    group: 'IORING_REGISTER',
    headers: ['linux/io_uring.h'],
    names: /^IORING_(?:UN)?REGISTER_(?!FILES_SKIP|USE_REG|SRC_|DST_)/,
    drop: /_(?:LAST|SKIP|RING|SPARSE)$/,
  },
  { group: 'IORING_ENTER', headers: ['linux/io_uring.h'], names: /^IORING_ENTER_/, flags: 0 },
  {
    group: 'MEMBARRIER',
    headers: ['linux/membarrier.h'],
    names: /^MEMBARRIER_CMD_(?!FLAG)/,
    second: /^MEMBARRIER_CMD_SHARED$/,
  },
  {
    group: 'USERFAULTFD',
    headers: ['linux/userfaultfd.h', 'linux/fcntl.h'],
    names: /^UFFD_USER_MODE_ONLY$|^O_(?:CLOEXEC|NONBLOCK)$/,
    flags: 0,
  },
  { group: 'CLOSE_RANGE', headers: ['linux/close_range.h'], names: /^CLOSE_RANGE_/, flags: 0 },
  { group: 'REBOOT', headers: ['linux/reboot.h'], names: /^LINUX_REBOOT_CMD_/ },
  { group: 'MODULE_INIT', headers: ['linux/module.h'], names: /^MODULE_INIT_/, flags: 0 },
];

/** The C compiler's output for a source. */
const compiler = (flags, source) =>
  run(process.env.CC ?? 'cc', [...flags, '-x', 'c', '-o', '-', '-'], { input: source });

/** A source that includes headers, and defines types that some of them expect from the C library. */
const includes = headers => `${headers.map(header => `#include <${header}>\n`).join('')}
#ifndef _GNU_SOURCE
#include <linux/types.h>
typedef __kernel_old_time_t time_t;
typedef __kernel_size_t size_t;
#endif
`;

/** Every macro and enumerator of headers, in the order of the text; only those of one enumeration if it is given. */
function namesOf(flags, headers, enumeration = '') {
  const text = compiler([...flags, '-E', '-dD', '-P'], includes(headers));
  const names = new Set();
  for (const [, macro, tag, body] of text.matchAll(/^#define (\w+) |\benum\s*(\w*)\s*\{([^}]*)\}/gm)) {
    if (enumeration !== '' && tag !== enumeration) continue;
    const enumerators = body?.replace(/^#.*$/gm, '').matchAll(/(?:^|,)\s*(\w+)/g) ?? [];
    for (const name of [macro, ...[...enumerators].map(([, name]) => name)])
      if (name !== undefined) names.add(name);
  }
  return [...names];
}

/** The values of names, read from the data that the compiler writes for variables of that value. */
function valuesOf(flags, headers, names) {
  const variables = names.map(name => `const long long value_of_${name} = (${name});`);
  const assembly = compiler([...flags, '-S', '-w'], `${includes(headers)}${variables.join('\n')}\n`);
  const values = new Map();
  for (const [, name, data] of assembly.matchAll(/^value_of_(\w+):\n((?:\t\.(?:quad|long|zero)\t.*\n)+)/gm)) {
    const [low = 0n, high] = [...data.matchAll(/\.(?:quad|long)\t(-?\d+)/g)].map(([, word]) => BigInt(word));
    values.set(name, high === undefined ? low : BigInt.asIntN(64, (high << 32n) | BigInt.asUintN(32, low)));
  }
  return values;
}

/**
 * The values of a group by name and ABI.
 * @param {string} root
 * @param {Group} group
 */
function readGroup(root, { headers, libc, names, drop = /^$/, only = ABI_NAMES, enumeration }) {
  const values = new Map();
  for (const abi of only) {
    const own = KERNEL_ABIS[abi];
    const include = `${root}/usr/include`;
    const flags =
      libc === undefined
        ? [...own.flags, '-nostdinc', `-I${include}/${own.headers[0]}`, `-I${include}`]
        : ['-D_GNU_SOURCE'];
    const found = namesOf(flags, headers ?? libc, enumeration);
    const wanted = found.filter(name => names.test(name) && !drop.test(name));
    for (const [name, value] of valuesOf(flags, headers ?? libc, wanted)) {
      values.set(name, (values.get(name) ?? new Map()).set(abi, value));
    }
  }
  return values;
}

/** Names of a group that share a value though neither is a second name: which one to show would be arbitrary. */
function sharedValues(group, values) {
  return ABI_NAMES.flatMap(abi => {
    const seen = new Map();
    return values.flatMap(([name, perAbi]) => {
      const value = perAbi.get(abi);
      if (value === undefined) return [];
      if (seen.has(value)) return `${group}: ${name} is ${seen.get(value)} on ${abi}`;
      seen.set(value, name);
      return [];
    });
  });
}

function generate(root) {
  /** @type {string[]} */
  const shared = [];
  const sections = GROUPS.map(description => {
    const { group, second = /^$/, flags } = description;
    const values = [...readGroup(root, description)];
    const first = values.filter(([name]) => !second.test(name));
    if (first.length === 0) throw new Error(`${group} is empty`);
    shared.push(...sharedValues(group, first));
    const head = flags === undefined ? `[${group}]` : `[${group} ${flags}]`;
    const all = [...first, ...values.filter(([name]) => second.test(name))];
    return [head, ...all.map(([name, perAbi]) => `${name} ${show(perAbi)}`)].join('\n');
  });
  if (shared.length > 0)
    throw new Undecided(
      `GROUPS of scripts/generate-named-values.mjs needs a drop or second:\n${shared.join('\n')}`,
    );
  return `${sections.join('\n')}\n`;
}

/** `16` if every ABI agrees, otherwise `65536 x86_64,x86,x32 16384 aarch64,arm`. */
function show(perAbi) {
  const abis = new Map();
  for (const [abi, value] of perAbi) abis.set(value, [...(abis.get(value) ?? []), abi]);
  const everywhere = abis.size === 1 && perAbi.size === ABI_NAMES.length;
  return [...abis]
    .map(([value, names]) => (everywhere ? `${value}` : `${value} ${names.join(',')}`))
    .join(' ');
}

/** Runs an action with the unpacked headers of an argument: a directory or a Debian package. */
function withHeaders(argument, use) {
  if (!argument.endsWith('.deb')) return use(argument);
  return withScratch(join(tmpdir(), 'linux-headers-'), scratch => {
    run('dpkg-deb', ['-x', argument, scratch]);
    return use(scratch);
  });
}

/** Writes the list, or compares it. `headers` is HEADERS of the command line. */
export function namedValues(headers, check) {
  generated(output, withHeaders(headers, generate), check);
}

await runGenerator('generate-named-values', ['HEADERS'], (check, headers) => namedValues(headers, check));
