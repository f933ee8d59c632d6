// The machine of this process as a target for resolving profiles.
import { UnsupportedError } from '../../util/errors.js';
import type { Target, TargetOptions } from '../../policy/target.js';
import { nativeArchitecture } from '../../kernel/architectures.js';
import { parseKernelVersion } from '../../kernel/kernel-version.js';
import { boundingSet } from './capabilities.js';
import { features } from './features.js';

/** The capabilities for `caps` conditions: names, or `bounding` for this process's bounding set. */
export type Capabilities = Iterable<string> | 'bounding';

/** A complete target. */
export type RunningTarget = Required<TargetOptions> & Pick<Target, 'arch' | 'kernel'>;

/**
 * The running kernel and architecture, and these capabilities; default: none. Throws UnsupportedError
 * (`unsupported-platform`, `unsupported-architecture`).
 */
export function runningTarget(capabilities: Capabilities = []): RunningTarget {
  const arch = nativeArchitecture();
  if (process.platform !== 'linux') {
    throw new UnsupportedError(
      'unsupported-platform',
      `seccomp needs Linux; this is ${process.platform}`,
      'Use compile to inspect profiles here',
    );
  }
  return {
    arch,
    kernel: parseKernelVersion(features().release),
    capabilities: capabilities === 'bounding' ? boundingSet() : capabilities,
  };
}
