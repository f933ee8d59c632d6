// Explains why the kernel did not load a filter, or did not isolate a child.
import { MAX_INSTRUCTIONS, type Program } from '../bpf/program.js';
import { errnoName } from '../kernel/errno.js';
import { describeFailure, type Failure, type LoadFailure } from '../native.js';
import type { Code } from '../util/codes.js';
import { LoadError } from '../util/errors.js';
import { own } from '../util/own.js';

/** Why a child, or the program that replaces this process, could not be isolated. */
export function explainIsolation(failure: Failure): LoadError {
  const { errno, failed } = failure;
  if (failed === 'close_range') {
    return new LoadError(
      'isolation-refused',
      `the descriptors of this process could not be closed for the command (${describeFailure(failure)})`,
      'Mount /proc, or allow close_range in the filter of this process',
      { errno },
    );
  }
  if (failed === 'setsid') {
    return new LoadError(
      'isolation-refused',
      `the command, whose stdio does not have the terminal, could not lose it (/dev/tty cannot be used, and ${describeFailure(failure)})`,
      "Allow ioctl and setsid in the filter of this process, or give the command the terminal with stdio: 'inherit'",
      { errno },
    );
  }
  return new LoadError(
    'isolation-refused',
    `the kernel refused the Landlock domain (${describeFailure(failure)})`,
    DOMAIN_REMEDIES.get(errnoName(errno)) ??
      "Check the filters of this process, or pass isolation: 'terminal'",
    { errno },
  );
}

const ALLOW_LANDLOCK =
  'Allow landlock_create_ruleset, landlock_add_rule and landlock_restrict_self in the filter of this process';

const DOMAIN_REMEDIES: ReadonlyMap<string, string> = new Map([
  ['E2BIG', "At most 16 domains can be nested: pass isolation: 'terminal' for the innermost ones"],
  ['EPERM', ALLOW_LANDLOCK],
  ['ENOSYS', ALLOW_LANDLOCK],
]);

/** Why the listener of a child's filter did not reach this process. */
export const explainListener = (failure: Failure): LoadError =>
  new LoadError(
    'load-failed',
    `the listener of the filter cannot be handed over (${describeFailure(failure)})`,
    'Check the limits of processes and open files; the filters of this process must allow clone and sendmsg',
    { errno: failure.errno },
  );

/** Why the kernel refused to load a filter. */
export function explainLoad(failure: LoadFailure, program: Program): LoadError {
  const { errno, threadId, threadName } = failure;
  if (threadId > 0) {
    return new LoadError(
      'thread-diverges',
      `thread ${threadId} (${threadName}) has loaded its own filter, so it cannot adopt the filters of this one`,
      "Load filters for the whole process before any with scope: 'thread', or end that thread first",
      { errno, thread: { id: threadId, name: threadName } },
    );
  }
  const [code, reason, remedy] = own(EXPLANATIONS, errnoName(errno)) ?? [
    'load-failed',
    'the kernel rejected the filter',
    'See seccomp(2)',
  ];
  return new LoadError(
    code,
    `${reason} (${describeFailure(failure)}, ${program.length} instructions)`,
    remedy,
    {
      errno,
    },
  );
}

const EXPLANATIONS: Readonly<Record<string, readonly [code: Code, reason: string, remedy: string]>> = {
  EPERM: [
    'seccomp-refused',
    'a loaded filter refuses seccomp(2) or prctl(2)',
    'Allow both in the first profile, or merge the profiles',
  ],
  EACCES: [
    'no-new-privs-required',
    'without no_new_privs, loading a filter needs CAP_SYS_ADMIN',
    'Leave noNewPrivs on',
  ],
  EINVAL: [
    'invalid-program',
    `the kernel rejected the program or its flags; it allows ${MAX_INSTRUCTIONS} instructions`,
    'Check features()',
  ],
  ENOMEM: [
    'chain-too-long',
    "together with the loaded filters, this one exceeds the kernel's limit of 32768 instructions",
    'Merge profiles into one, or load fewer layers',
  ],
  EBUSY: [
    'listener-exists',
    'another filter of this process already has a listener',
    'Load without listener',
  ],
  ESRCH: [
    'thread-diverges',
    'a thread has loaded its own filter and cannot adopt this one',
    "Load filters for the whole process before any with scope: 'thread'",
  ],
};
