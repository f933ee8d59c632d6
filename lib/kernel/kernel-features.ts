// The kernel version that introduced each seccomp feature, for messages about what a kernel lacks.
import { kernelAtLeast, parseKernelVersion, type KernelVersion } from './kernel-version.js';
import { own } from '../util/own.js';

/**
 * Actions and flags that the kernel can be probed for. Sources: seccomp(2), seccomp_unotify(2), and the history of
 * Linux.
 */
const ASKED: Readonly<Record<string, string>> = {
  SCMP_ACT_KILL_THREAD: '3.5',
  SCMP_ACT_TRAP: '3.5',
  SCMP_ACT_ERRNO: '3.5',
  SCMP_ACT_TRACE: '3.5',
  SCMP_ACT_ALLOW: '3.5',
  SCMP_ACT_KILL_PROCESS: '4.14',
  SCMP_ACT_LOG: '4.14',
  SCMP_ACT_NOTIFY: '5.0',
  SECCOMP_FILTER_FLAG_TSYNC: '3.17',
  SECCOMP_FILTER_FLAG_LOG: '4.14',
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: '4.17',
  SECCOMP_FILTER_FLAG_NEW_LISTENER: '5.0',
  SECCOMP_FILTER_FLAG_TSYNC_ESRCH: '5.7',
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: '5.19',
};

/** Features that can be probed only with a filter loaded. */
const BY_RELEASE: Readonly<Record<string, string>> = {
  SECCOMP_USER_NOTIF_FLAG_CONTINUE: '5.5',
  SECCOMP_IOCTL_NOTIF_ADDFD: '5.9',
  'cache of allowed calls': '5.11',
  SECCOMP_ADDFD_FLAG_SEND: '5.14',
  SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP: '6.6',
};

/** A seccomp feature that a kernel lacks. */
export interface MissingFeature {
  /** Its name in the headers of libseccomp or the kernel, if it has one there. */
  readonly name: string;
  /** The first Linux version that has it. */
  readonly since: string;
  /** Whether the kernel was probed; otherwise this follows from its release. */
  readonly asked: boolean;
}

/** The features that a kernel of this version lacks, given the names that it supports. */
export function missingFeatures(known: readonly string[], kernel: KernelVersion): readonly MissingFeature[] {
  const asked = Object.entries(ASKED)
    .filter(([name]) => !known.includes(name))
    .map(([name, since]) => ({ name, since, asked: true }));
  const byRelease = Object.entries(BY_RELEASE)
    .filter(([, since]) => !kernelAtLeast(kernel, parseKernelVersion(since)))
    .map(([name, since]) => ({ name, since, asked: false }));
  return [...asked, ...byRelease];
}

/** The version that introduced an action or a flag, for a message about a kernel that lacks it. */
export const sinceWhen = (name: string): string => {
  const since = own(ASKED, name);
  return since === undefined ? '' : `, which Linux has since version ${since}`;
};
