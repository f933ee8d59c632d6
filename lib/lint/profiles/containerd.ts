// Reports keys of Docker's dialect that containerd and Kubernetes ignore.
import type { Observation } from '../finding.js';
import type { Profile, ProfileRule } from '../../profile/profile.js';
import { own } from '../../util/own.js';

const restricts = (restriction: ProfileRule['includes']): boolean =>
  restriction.caps.length > 0 || restriction.arches.length > 0 || own(restriction, 'minKernel') !== undefined;

/** One observation for all such keys. Source: containerd's contrib/seccomp, which reads the OCI structure. */
export function* lintContainerd({ rules, architectures }: Profile): Generator<Observation> {
  const keys = [
    architectures.kind === 'map' ? ['archMap'] : [],
    rules.some(({ includes }) => restricts(includes)) ? ['includes'] : [],
    rules.some(({ excludes }) => restricts(excludes)) ? ['excludes'] : [],
    rules.some(({ names }) => names.some(({ at }) => at.pointer.endsWith('/name'))) ? ['name'] : [],
  ].flat();
  if (keys.length === 0) return;
  yield {
    code: 'containerd-drops',
    message: `the profile depends on ${keys.join(', ')}, which containerd and Kubernetes ignore`,
  };
}
