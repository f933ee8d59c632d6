// Where the headers and the source of Linux describe each ABI, for the generators of the tables of system calls.

/**
 * @typedef {object} KernelAbi
 * @property {string[]} headers Debian's folders of its headers; the first that exists is read
 * @property {string[]} numbers the headers that number its calls
 * @property {string[]} flags make a compiler for x86_64 read the headers for the ABI
 * @property {string} table the table of its calls in the kernel's source
 * @property {string[]} columns the rows of the table that belong to it
 * @property {string} arch the architecture's folder in the kernel's source, whose declarations are preferred
 * @property {boolean} [compat] a 64-bit kernel serves it through compat entry points
 * @property {boolean} [backwards] clone has its last two arguments swapped (CONFIG_CLONE_BACKWARDS)
 */

/** @type {Record<import('../dist/kernel/architectures.js').AbiName, KernelAbi>} */
export const KERNEL_ABIS = {
  x86_64: {
    headers: ['x86_64-linux-gnu'],
    numbers: ['unistd_64.h'],
    flags: ['-m64'],
    table: 'arch/x86/entry/syscalls/syscall_64.tbl',
    columns: ['common', '64'],
    arch: 'arch/x86',
  },
  x86: {
    headers: ['i386-linux-gnu', 'x86_64-linux-gnu'],
    numbers: ['unistd_32.h'],
    flags: ['-m32'],
    table: 'arch/x86/entry/syscalls/syscall_32.tbl',
    columns: ['i386'],
    arch: 'arch/x86',
    compat: true,
  },
  x32: {
    headers: ['x86_64-linux-gnu'],
    numbers: ['unistd_x32.h'],
    flags: ['-mx32'],
    table: 'arch/x86/entry/syscalls/syscall_64.tbl',
    columns: ['common', 'x32'],
    arch: 'arch/x86',
  },
  aarch64: {
    headers: ['aarch64-linux-gnu'],
    numbers: ['unistd_64.h'],
    flags: ['-m64', '-U__x86_64__', '-D__aarch64__'],
    table: 'scripts/syscall.tbl',
    columns: ['common', '64', 'renameat', 'rlimit', 'memfd_secret'],
    arch: 'arch/arm64',
    backwards: true,
  },
  arm: {
    headers: ['arm-linux-gnueabihf'],
    numbers: ['unistd-eabi.h', 'unistd.h'],
    flags: ['-m32', '-U__i386__', '-D__arm__', '-D__ARM_EABI__'],
    table: 'arch/arm64/tools/syscall_32.tbl',
    columns: ['common'],
    arch: 'arch/arm64',
    compat: true,
    backwards: true,
  },
};

/** The names of the ABIs. */
export const ABI_NAMES = Object.keys(KERNEL_ABIS);
