// The operations that an io_uring performs without a system call.

/**
 * Calls whose work an io_uring operation can do, if a filter may want to refuse them. Source: io_uring_enter(2),
 * io_uring_prep_*(3).
 */
export const RING_OPERATIONS: readonly string[] =
  'read readv write writev pread64 preadv preadv2 pwrite64 pwritev pwritev2 open openat openat2 creat statx socket bind listen accept accept4 connect shutdown sendmsg sendmmsg recvmsg recvmmsg sendto recvfrom setsockopt getsockopt rename renameat renameat2 unlink rmdir unlinkat mkdir mkdirat symlink symlinkat link linkat fallocate ftruncate setxattr fsetxattr getxattr fgetxattr splice tee'.split(
    ' ',
  );

/**
 * The io_uring operations by opcode, each with its equivalent calls. Operations without calls only wait, or concern
 * only the ring. Source: enum io_uring_op of linux/io_uring.h, Linux 7.2.
 */
export const RING_OPCODES: readonly (readonly string[])[] = `
NOP:
READV: readv preadv
WRITEV: writev pwritev
FSYNC: fsync fdatasync
READ_FIXED: read pread64
WRITE_FIXED: write pwrite64
POLL_ADD:
POLL_REMOVE:
SYNC_FILE_RANGE: sync_file_range
SENDMSG: sendmsg
RECVMSG: recvmsg
TIMEOUT:
TIMEOUT_REMOVE:
ACCEPT: accept4
ASYNC_CANCEL:
LINK_TIMEOUT:
CONNECT: connect
FALLOCATE: fallocate
OPENAT: openat
CLOSE: close
FILES_UPDATE:
STATX: statx
READ: read pread64
WRITE: write pwrite64
FADVISE: fadvise64
MADVISE: madvise
SEND: sendto
RECV: recvfrom
OPENAT2: openat2
EPOLL_CTL: epoll_ctl
SPLICE: splice
PROVIDE_BUFFERS:
REMOVE_BUFFERS:
TEE: tee
SHUTDOWN: shutdown
RENAMEAT: renameat2
UNLINKAT: unlinkat
MKDIRAT: mkdirat
SYMLINKAT: symlinkat
LINKAT: linkat
MSG_RING:
FSETXATTR: fsetxattr
SETXATTR: setxattr
FGETXATTR: fgetxattr
GETXATTR: getxattr
SOCKET: socket
URING_CMD: ioctl setsockopt getsockopt
SEND_ZC: sendto
SENDMSG_ZC: sendmsg
READ_MULTISHOT: read
WAITID: waitid
FUTEX_WAIT: futex
FUTEX_WAKE: futex
FUTEX_WAITV: futex
FIXED_FD_INSTALL:
FTRUNCATE: ftruncate
BIND: bind
LISTEN: listen
RECV_ZC: recvfrom
EPOLL_WAIT: epoll_pwait
READV_FIXED: readv preadv
WRITEV_FIXED: writev pwritev
PIPE: pipe2
NOP128:
URING_CMD128: ioctl setsockopt getsockopt
`
  .trim()
  .split('\n')
  .map(line => line.split(' ').slice(1));
