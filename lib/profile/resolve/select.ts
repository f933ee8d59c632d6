// Selects the rules and ABIs of a profile that apply on a target. Source: setupSeccomp of dockerd.
import { abiByScmpName, ABIS } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import type { Target } from '../../policy/target.js';
import { abisOf } from '../../kernel/architectures.js';
import { kernelAtLeast } from '../../kernel/kernel-version.js';
import type { Profile, ProfileRule } from '../profile.js';
import { own } from '../../util/own.js';

/** Whether a rule applies on the target: no part of `excludes` matches, and all of `includes` holds. */
export function applies({ includes, excludes }: ProfileRule, target: Target): boolean {
  const arch = ABIS[target.arch].dockerName;
  const has = (cap: string): boolean => target.capabilities.has(cap);
  const [least, excludedFrom] = [own(includes, 'minKernel'), own(excludes, 'minKernel')];
  const excluded =
    excludes.arches.includes(arch) ||
    excludes.caps.some(has) ||
    (excludedFrom !== undefined && kernelAtLeast(target.kernel, excludedFrom));
  const included =
    (includes.arches.length === 0 || includes.arches.includes(arch)) &&
    includes.caps.every(has) &&
    (least === undefined || kernelAtLeast(target.kernel, least));
  return included && !excluded;
}

/**
 * The ABIs that a profile covers on the target, always with the native one first. ABIs of another family, which this
 * architecture's kernels never serve, are omitted.
 */
export function targetAbis({ architectures }: Profile, target: Target): readonly [AbiName, ...AbiName[]] {
  const native = ABIS[target.arch].scmpName;
  const listed =
    architectures.kind === 'list'
      ? architectures.architectures
      : architectures.kind === 'map'
        ? (architectures.entries.find(({ architecture }) => architecture === native)?.subArchitectures ?? [])
        : [];
  const family: readonly AbiName[] = abisOf(target.arch);
  const names = listed.map(name => abiByScmpName(name)?.name).filter(name => name !== undefined);
  const others = new Set(names.filter(name => name !== target.arch && family.includes(name)));
  return [target.arch, ...others];
}
