// Versions of Linux, as profiles and tables use them.
import { UsageError } from '../util/errors.js';
import { TABLE_KERNEL } from './calls/syscall-table.js';

/** A version of Linux, as profiles use it. */
export interface KernelVersion {
  /** 6 of 6.1. */
  readonly major: number;
  /** 1 of 6.1. */
  readonly minor: number;
}

/** The newest kernel whose calls this package knows. */
export const NEWEST_KERNEL: KernelVersion = TABLE_KERNEL;

/** Reads `major.minor` from a version or a release string. Throws UsageError for anything else. */
export function parseKernelVersion(text: string): KernelVersion {
  const match = /^(\d{1,4})\.(\d{1,4})(?:[.\-+~].*)?$/.exec(text);
  if (match === null) {
    throw new UsageError(
      'bad-kernel-version',
      `${JSON.stringify(text)} is not a kernel version`,
      'Write major.minor, e.g. 6.1',
    );
  }
  return { major: Number(match[1]), minor: Number(match[2]) };
}

/** Whether `kernel` is `minimum` or newer. */
export const kernelAtLeast = (kernel: KernelVersion, minimum: KernelVersion): boolean =>
  kernel.major > minimum.major || (kernel.major === minimum.major && kernel.minor >= minimum.minor);
