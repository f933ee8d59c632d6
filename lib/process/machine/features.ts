// Probes the running kernel's support for filters.
import { native, type Probe } from '../../native.js';
import { parseKernelVersion } from '../../kernel/kernel-version.js';
import { isolationOf, type Isolation } from '../isolation/isolation.js';
import { missingFeatures, type MissingFeature } from '../../kernel/kernel-features.js';

/** The features of this kernel and this build. */
export interface Features extends Probe {
  /** Whether filters can be loaded. */
  readonly available: boolean;
  /** The version of libseccomp in the add-on. */
  readonly libseccomp: string;
  /** Features that this kernel lacks, with the first Linux version that has them. */
  readonly missing: readonly MissingFeature[];
  /** What `isolation: 'best-effort'` achieves, and what it leaves open. */
  readonly isolation: Isolation;
}

let known: Features | undefined;

/**
 * Probes which actions and flags of seccomp(2) the kernel supports, and Landlock. Changes nothing. It probes only once,
 * because a filter may refuse later probes. Throws UnsupportedError if the add-on cannot be loaded. Source: seccomp(2),
 * SECCOMP_GET_ACTION_AVAIL and SECCOMP_GET_NOTIF_SIZES; landlock_create_ruleset(2), LANDLOCK_CREATE_RULESET_VERSION.
 */
export function features(): Features {
  return (known ??= ask());
}

function ask(): Features {
  const probe = native().probe();
  const { major, minor, micro } = native().version();
  return {
    ...probe,
    available: probe.filter,
    libseccomp: `${major}.${minor}.${micro}`,
    get missing() {
      return missingFeatures([...probe.actions, ...probe.flags], parseKernelVersion(probe.release));
    },
    get isolation() {
      return isolationOf('best-effort', probe);
    },
  };
}
