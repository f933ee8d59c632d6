// Calls that run no filter. Source: vdso(7); __secure_computing in kernel/seccomp.c.
import type { AbiName } from '../architectures.js';

/** The calls, how they are served, and on which ABIs; default: all. */
export const UNFILTERED_CALLS: readonly {
  readonly calls: readonly string[];
  readonly how: string;
  readonly abis?: readonly AbiName[];
}[] = [
  {
    calls: ['clock_gettime', 'clock_gettime64', 'gettimeofday', 'time', 'clock_getres', 'getcpu'],
    how: 'the vDSO serves programs without a system call',
  },
  {
    calls: ['uretprobe', 'uprobe'],
    how: 'the kernel serves such calls before it runs filters',
    abis: ['x86_64', 'x32'],
  },
];
