// Defines which arguments are recorded: those whose values a condition can compare, never data in memory.
import { own } from '../util/own.js';
import type { AbiName } from '../kernel/architectures.js';
import { parametersOf, type Parameter } from '../kernel/arguments/signatures.js';

/** Groups of constants to use in conditions. File modes, clock ids and wait flags say little about privileges. */
const GROUPS: ReadonlySet<string> = new Set(
  (
    'AF SOCK SOL O CLONE PROT MAP F PR ARCH IOCTL PER KEYCTL BPF PTRACE SECCOMP SECCOMP_FLAG MS UMOUNT OPEN_TREE ' +
    'MOVE_MOUNT FSCONFIG MFD IORING_REGISTER MEMBARRIER USERFAULTFD SHMCTL REBOOT MODULE_INIT RLIMIT PRIO IDTYPE'
  ).split(' '),
);

/** Other arguments to record: constants that depend on another argument, 0 for the caller itself, signals to send. */
const OTHERS: ReadonlySet<string> = new Set(
  (
    'socket.protocol socketpair.protocol prlimit64.pid kill.sig tkill.sig tgkill.sig rt_sigqueueinfo.sig ' +
    'rt_tgsigqueueinfo.sig pidfd_send_signal.sig'
  ).split(' '),
);

/** An argument to record. */
export interface RecordedParameter extends Parameter {
  /** The index of the argument, from 0. */
  readonly index: number;
}

const known = new Map<string, readonly RecordedParameter[]>();

/** The arguments of a call that are recorded, in order; empty for a call without a name. */
export function recordedParameters(abi: AbiName, syscall: string): readonly RecordedParameter[] {
  const key = `${abi} ${syscall}`;
  const existing = known.get(key);
  if (existing !== undefined) return existing;
  const parameters = parametersOf(abi, syscall);
  const recorded = (parameters ?? [])
    .map((parameter, index) => ({ ...parameter, index }))
    .filter(
      parameter =>
        parameter.kind === 'integer' &&
        (GROUPS.has(own(parameter, 'constants') ?? '') || OTHERS.has(`${syscall}.${parameter.name}`)),
    );
  // Only calls that exist are cached, because a log can contain any number of other names.
  if (parameters !== undefined) known.set(key, recorded);
  return recorded;
}
