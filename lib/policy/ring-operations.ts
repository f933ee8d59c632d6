// What a ring does without a system call.

/**
 * Calls whose work an operation on an io_uring does as well, as far as a filter may want a say in it.
 * Source: io_uring_enter(2), io_uring_prep_*(3).
 */
export const RING_OPERATIONS: readonly string[] =
  'read write pread64 pwrite64 open openat openat2 creat statx socket bind listen accept accept4 connect shutdown sendmsg recvmsg sendto recvfrom setsockopt getsockopt rename renameat renameat2 unlink rmdir unlinkat mkdir mkdirat symlink symlinkat link linkat fallocate ftruncate setxattr fsetxattr getxattr fgetxattr splice tee'.split(
    ' ',
  );
