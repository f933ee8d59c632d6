// The numbers of seccomp.h under their C names, so that code and documentation for libseccomp carry over unchanged.

export const SCMP_ACT_KILL_PROCESS = 0x80000000;
export const SCMP_ACT_KILL_THREAD = 0x00000000;
export const SCMP_ACT_KILL = SCMP_ACT_KILL_THREAD;
export const SCMP_ACT_TRAP = 0x00030000;
export const SCMP_ACT_NOTIFY = 0x7fc00000;
export const SCMP_ACT_LOG = 0x7ffc0000;
export const SCMP_ACT_ALLOW = 0x7fff0000;
/** The call is not made and returns `-errno`; the kernel caps it at 4095, and 0 is a success that did nothing. */
export const SCMP_ACT_ERRNO = (errno: number): number => (0x00050000 | (errno & 0xffff)) >>> 0;
/** A tracer is told, with `message` as PTRACE_GETEVENTMSG; without a tracer the call fails with ENOSYS. */
export const SCMP_ACT_TRACE = (message: number): number => (0x7ff00000 | (message & 0xffff)) >>> 0;

export const SCMP_CMP_NE = 1;
export const SCMP_CMP_LT = 2;
export const SCMP_CMP_LE = 3;
export const SCMP_CMP_EQ = 4;
export const SCMP_CMP_GE = 5;
export const SCMP_CMP_GT = 6;
export const SCMP_CMP_MASKED_EQ = 7;

export const SCMP_FLTATR_ACT_DEFAULT = 1;
export const SCMP_FLTATR_ACT_BADARCH = 2;
export const SCMP_FLTATR_CTL_NNP = 3;
export const SCMP_FLTATR_CTL_TSYNC = 4;
export const SCMP_FLTATR_API_TSKIP = 5;
export const SCMP_FLTATR_CTL_LOG = 6;
export const SCMP_FLTATR_CTL_SSB = 7;
export const SCMP_FLTATR_CTL_OPTIMIZE = 8;
export const SCMP_FLTATR_API_SYSRAWRC = 9;
export const SCMP_FLTATR_CTL_WAITKILL = 10;

export const SCMP_ARCH_NATIVE = 0;
export const SCMP_ARCH_X86 = 0x40000003;
export const SCMP_ARCH_X86_64 = 0xc000003e;
export const SCMP_ARCH_X32 = 0x4000003e;
export const SCMP_ARCH_ARM = 0x40000028;
export const SCMP_ARCH_AARCH64 = 0xc00000b7;
export const SCMP_ARCH_LOONGARCH64 = 0xc0000102;
export const SCMP_ARCH_M68K = 0x00000004;
export const SCMP_ARCH_MIPS = 0x00000008;
export const SCMP_ARCH_MIPS64 = 0x80000008;
export const SCMP_ARCH_MIPS64N32 = 0xa0000008;
export const SCMP_ARCH_MIPSEL = 0x40000008;
export const SCMP_ARCH_MIPSEL64 = 0xc0000008;
export const SCMP_ARCH_MIPSEL64N32 = 0xe0000008;
export const SCMP_ARCH_PPC = 0x00000014;
export const SCMP_ARCH_PPC64 = 0x80000015;
export const SCMP_ARCH_PPC64LE = 0xc0000015;
export const SCMP_ARCH_S390 = 0x00000016;
export const SCMP_ARCH_S390X = 0x80000016;
export const SCMP_ARCH_PARISC = 0x0000000f;
export const SCMP_ARCH_PARISC64 = 0x8000000f;
export const SCMP_ARCH_RISCV64 = 0xc00000f3;
export const SCMP_ARCH_SHEB = 0x0000002a;
export const SCMP_ARCH_SH = 0x4000002a;

/** libseccomp's result for a name that no table has. */
export const __NR_SCMP_ERROR = -1;
/** libseccomp's result for a call that has no number on an architecture. */
export const __NR_SCMP_UNDEF = -2;
