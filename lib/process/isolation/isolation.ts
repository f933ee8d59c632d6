// Defines how a child is isolated from the process that starts it, and which parts of that the running kernel supports.
import { errnoName } from '../../kernel/errno.js';
import type { Probe } from '../../native.js';

/**
 * How a child is isolated from the process that starts it. `best-effort`: with everything that the kernel supports.
 * `required`: the same, and an error if the kernel lacks a part. `terminal`: only the filter layer, which refuses to
 * type into a terminal and to set limits of other processes. `none`: not at all.
 */
export type IsolationMode = 'best-effort' | 'required' | 'terminal' | 'none';

export const ISOLATION_MODES: readonly IsolationMode[] = ['best-effort', 'required', 'terminal', 'none'];

/**
 * A part of the isolation of a child from the process that started it.
 *
 * `memory`: reading and writing it, ptrace(2), descriptors through pidfd_getfd(2) and /proc. `signals`: to processes
 * that the child has not started, by any system call. `abstract-sockets`: connections to abstract AF_UNIX sockets.
 * `descriptors`: inherited ones that are not in `stdio`. `terminal`: ioctl(2) TIOCSTI and TIOCLINUX, and
 * /dev/tty unless it is one of the streams. `limits`: prlimit(2) of other processes.
 */
export type IsolationPart = 'memory' | 'signals' | 'abstract-sockets' | 'descriptors' | 'terminal' | 'limits';

/** A part that is not isolated. */
export interface OpenWay {
  /** The part. */
  readonly part: IsolationPart;
  /** Why it is open. */
  readonly reason: string;
}

/** The result of an isolation. */
export interface Isolation {
  /** The requested mode. */
  readonly mode: IsolationMode;
  /** Parts that are closed. */
  readonly closed: readonly IsolationPart[];
  /** Parts that stay open, with reasons. */
  readonly open: readonly OpenWay[];
  /**
   * Whether mount(2), umount(2) and pivot_root(2) fail in the child, also in its own user namespace: a side effect of
   * Landlock before Linux 6.12.
   */
  readonly refusesMounts: boolean;
}

/** `Domain` of native/launcher/isolation.h. */
export const DOMAIN = { none: 0, scoped: 1, refer: 2 } as const;

/** The Landlock domain for a version of Landlock's ABI. */
export function domainFor(abi: number): (typeof DOMAIN)[keyof typeof DOMAIN] {
  if (abi >= SCOPED_ABI) return DOMAIN.scoped;
  // A domain of ABI 1 would make rename(2) and link(2) between directories fail.
  return abi >= REFER_ABI ? DOMAIN.refer : DOMAIN.none;
}

/** Linux 5.19. */
const REFER_ABI = 2;
/** Linux 6.12. */
const SCOPED_ABI = 6;

interface Part {
  readonly part: IsolationPart;
  /** Whether the filter layer closes it, which every kernel with filters can load. */
  readonly byLayer: boolean;
  /** The version of Landlock's ABI that it needs, or 0, and the Linux version that introduced it. */
  readonly abi: number;
  readonly linux: string;
}

const PARTS: readonly Part[] = [
  { part: 'memory', byLayer: false, abi: REFER_ABI, linux: '5.19' },
  { part: 'signals', byLayer: false, abi: SCOPED_ABI, linux: '6.12' },
  { part: 'abstract-sockets', byLayer: false, abi: SCOPED_ABI, linux: '6.12' },
  { part: 'descriptors', byLayer: false, abi: 0, linux: '' },
  { part: 'terminal', byLayer: true, abi: 0, linux: '' },
  { part: 'limits', byLayer: true, abi: 0, linux: '' },
];

/** The parts that a mode closes on a kernel. */
export function isolationOf(
  mode: IsolationMode,
  kernel: Pick<Probe, 'release' | 'landlock' | 'landlockError'>,
): Isolation {
  const closes = ({ byLayer, abi }: Part): boolean =>
    mode === 'terminal' ? byLayer : mode !== 'none' && kernel.landlock >= abi;
  const reason = ({ linux }: Part): string =>
    mode === 'none' || mode === 'terminal' ? `isolation is '${mode}'` : lacking(kernel, linux);
  return {
    mode,
    closed: PARTS.filter(closes).map(({ part }) => part),
    open: PARTS.filter(part => !closes(part)).map(part => ({ part: part.part, reason: reason(part) })),
    refusesMounts:
      (mode === 'best-effort' || mode === 'required') && domainFor(kernel.landlock) === DOMAIN.refer,
  };
}

/** Why Landlock cannot close a part on this kernel. */
function lacking(
  { release, landlock, landlockError }: Pick<Probe, 'release' | 'landlock' | 'landlockError'>,
  linux: string,
): string {
  if (landlock > 0) return `it needs Linux ${linux}, but this is ${release} with Landlock ABI ${landlock}`;
  switch (errnoName(landlockError)) {
    case 'EOPNOTSUPP':
      return 'Landlock is disabled at boot: it is not in the list of the parameter lsm=';
    case 'ENOSYS':
      return `the kernel ${release} has no Landlock, which needs Linux ${linux} and CONFIG_SECURITY_LANDLOCK`;
    default:
      return `Landlock cannot be used (landlock_create_ruleset: ${errnoName(landlockError)}): a loaded filter may refuse it`;
  }
}
