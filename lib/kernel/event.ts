// A system call as data: what `struct seccomp_data` holds of it.

/** A system call as the kernel shows it to a filter (`struct seccomp_data`). */
export interface Event {
  /** AUDIT_ARCH_* of the ABI. */
  readonly arch: number;
  /** Unsigned 32 bits. */
  readonly syscall: number;
  /** Up to six registers, unsigned 64 bits; those that are left out are 0. */
  readonly args?: readonly bigint[];
  /** 0 unless given. No policy looks at it. */
  readonly instructionPointer?: bigint;
}
