// The machine that this process runs on, as profiles are resolved for it.
import { UnsupportedError } from '../../util/errors.js';
import type { TargetOptions } from '../../policy/target.js';
import { nativeArchitecture } from '../../kernel/architectures.js';
import { parseKernelVersion } from '../../kernel/kernel-version.js';
import { boundingSet } from './capabilities.js';
import { features } from './features.js';

/** What `caps` conditions look at: names, or `bounding` for this process's bounding set. */
export type Capabilities = Iterable<string> | 'bounding';

/**
 * The running kernel and architecture, with no capabilities unless given.
 * Throws UnsupportedError (`unsupported-platform`, `unsupported-architecture`).
 */
export function runningTarget(capabilities: Capabilities = []): Required<TargetOptions> {
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
