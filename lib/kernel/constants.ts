// The constants of seccomp.h under their C names, so that code and documentation for libseccomp carry over unchanged.
import { badArgument } from '../util/failures.js';

/** The kernel kills the process as by SIGSYS. Source: seccomp_init(3), as for all of these. */
export const SCMP_ACT_KILL_PROCESS = 0x80000000;
/** The kernel kills the thread as by SIGSYS. */
export const SCMP_ACT_KILL_THREAD = 0x00000000;
/** The old name of `SCMP_ACT_KILL_THREAD`. */
export const SCMP_ACT_KILL = SCMP_ACT_KILL_THREAD;
/** The thread gets a SIGSYS, which a handler can catch. */
export const SCMP_ACT_TRAP = 0x00030000;
/** A supervisor decides the call: seccomp_unotify(2). Without one it fails with ENOSYS. */
export const SCMP_ACT_NOTIFY = 0x7fc00000;
/** The call is made and logged. */
export const SCMP_ACT_LOG = 0x7ffc0000;
/** The call is made. */
export const SCMP_ACT_ALLOW = 0x7fff0000;
/**
 * The call is not made and returns `-errno`; the kernel caps it at 4095, and 0 is a success that did nothing. Throws UsageError
 * (`bad-argument`) for a value that is not an integer.
 */
export const SCMP_ACT_ERRNO = (errno: number): number =>
  0x00050000 | data('errno', errno, 'Pass its number: os.constants.errno.EPERM');
/** A tracer is notified, with `message` as PTRACE_GETEVENTMSG; without a tracer the call fails with ENOSYS. */
export const SCMP_ACT_TRACE = (message: number): number =>
  0x7ff00000 | data('message', message, 'Pass a number');

/** The 16 bits of data of an action. A name would count as 0, by which a refused call succeeds. */
function data(name: string, value: number, remedy: string): number {
  if (Number.isInteger(value)) return value & 0xffff;
  throw badArgument(name, value, remedy);
}

/** The argument differs from the value. Source: seccomp_rule_add(3), as for all of these; comparisons are unsigned. */
export const SCMP_CMP_NE = 1;
/** It is less. */
export const SCMP_CMP_LT = 2;
/** It is less or equal. */
export const SCMP_CMP_LE = 3;
/** It is equal. */
export const SCMP_CMP_EQ = 4;
/** It is greater or equal. */
export const SCMP_CMP_GE = 5;
/** It is greater. */
export const SCMP_CMP_GT = 6;
/** `(argument & mask) === value`. */
export const SCMP_CMP_MASKED_EQ = 7;

/** The default action, which can only be read. Source: seccomp_attr_set(3), as for all of these. */
export const SCMP_FLTATR_ACT_DEFAULT = 1;
/** The action for architectures that the filter does not cover. */
export const SCMP_FLTATR_ACT_BADARCH = 2;
/** Whether a load sets no_new_privs first; 1 unless set. */
export const SCMP_FLTATR_CTL_NNP = 3;
/** Whether a load is for all threads of the process. */
export const SCMP_FLTATR_CTL_TSYNC = 4;
/** Whether a rule may name the number -1, with which a tracer skips a call. */
export const SCMP_FLTATR_API_TSKIP = 5;
/** Whether the kernel logs all actions but ALLOW. */
export const SCMP_FLTATR_CTL_LOG = 6;
/** Whether the Speculative Store Bypass mitigation is left off. */
export const SCMP_FLTATR_CTL_SSB = 7;
/** How the program is laid out: 1 by priority, 2 as a binary tree. */
export const SCMP_FLTATR_CTL_OPTIMIZE = 8;
/** Whether libseccomp returns the errno of failed system calls unchanged. */
export const SCMP_FLTATR_API_SYSRAWRC = 9;
/** Whether only fatal signals interrupt a call that a supervisor has received. */
export const SCMP_FLTATR_CTL_WAITKILL = 10;

/** The architecture that libseccomp runs on. Source: seccomp_arch_add(3), as for all of these. */
export const SCMP_ARCH_NATIVE = 0;
/** 32-bit x86: i386. */
export const SCMP_ARCH_X86 = 0x40000003;
/** 64-bit x86. */
export const SCMP_ARCH_X86_64 = 0xc000003e;
/** x86_64 with 32-bit pointers; its calls have bit 30 set. */
export const SCMP_ARCH_X32 = 0x4000003e;
/** 32-bit ARM, EABI. */
export const SCMP_ARCH_ARM = 0x40000028;
/** 64-bit ARM. */
export const SCMP_ARCH_AARCH64 = 0xc00000b7;
/** 64-bit LoongArch. */
export const SCMP_ARCH_LOONGARCH64 = 0xc0000102;
/** Motorola 68000. */
export const SCMP_ARCH_M68K = 0x00000004;
/** 32-bit MIPS, big-endian. */
export const SCMP_ARCH_MIPS = 0x00000008;
/** 64-bit MIPS, big-endian. */
export const SCMP_ARCH_MIPS64 = 0x80000008;
/** 64-bit MIPS with 32-bit pointers, big-endian. */
export const SCMP_ARCH_MIPS64N32 = 0xa0000008;
/** 32-bit MIPS, little-endian. */
export const SCMP_ARCH_MIPSEL = 0x40000008;
/** 64-bit MIPS, little-endian. */
export const SCMP_ARCH_MIPSEL64 = 0xc0000008;
/** 64-bit MIPS with 32-bit pointers, little-endian. */
export const SCMP_ARCH_MIPSEL64N32 = 0xe0000008;
/** 32-bit PowerPC. */
export const SCMP_ARCH_PPC = 0x00000014;
/** 64-bit PowerPC, big-endian. */
export const SCMP_ARCH_PPC64 = 0x80000015;
/** 64-bit PowerPC, little-endian. */
export const SCMP_ARCH_PPC64LE = 0xc0000015;
/** 31-bit S/390. */
export const SCMP_ARCH_S390 = 0x00000016;
/** 64-bit S/390. */
export const SCMP_ARCH_S390X = 0x80000016;
/** 32-bit PA-RISC. */
export const SCMP_ARCH_PARISC = 0x0000000f;
/** 64-bit PA-RISC. */
export const SCMP_ARCH_PARISC64 = 0x8000000f;
/** 64-bit RISC-V. */
export const SCMP_ARCH_RISCV64 = 0xc00000f3;
/** SuperH, big-endian. */
export const SCMP_ARCH_SHEB = 0x0000002a;
/** SuperH, little-endian. */
export const SCMP_ARCH_SH = 0x4000002a;

/** libseccomp's result for a name that is in no table. */
export const __NR_SCMP_ERROR = -1;
/** libseccomp's result for a call that has no number on an architecture. */
export const __NR_SCMP_UNDEF = -2;
