// The input of the measurements: Docker's default profile, resolved without capabilities, and the programs it is compiled to.
import { readFileSync } from 'node:fs';
import { compile, makeTarget, resolveProfile } from '../../dist/entries/inspect.js';
import { inRoot } from '../files.mjs';

export const profilePath = inRoot('profiles/docker-default.json');
export const profileText = readFileSync(profilePath, 'utf8');

export const nativeArch = makeTarget().arch;

/** The profile as it ships covers the 32-bit ABIs too; without `archMap` only the native one. */
function alone() {
  const profile = JSON.parse(profileText);
  delete profile.archMap;
  return profile;
}

const SUB_ARCHITECTURES = { x86_64: 'x86_64 + x86 + x32', aarch64: 'aarch64 + arm' };

/** The policies of one architecture, by the ABIs that they cover. */
export const policiesOf = arch => ({
  [`${arch} alone`]: resolveProfile(alone(), { arch }),
  [SUB_ARCHITECTURES[arch]]: resolveProfile(profileText, { arch }),
});

/**
 * Every way to make a program that is compared, by name.
 * @type {Record<string, import('../../dist/entries/index.js').CompileOptions>}
 */
export const GENERATORS = {
  'ours, weights node': {},
  'ours, weights uniform': { weights: 'uniform' },
  'libseccomp, linear': { codegen: 'libseccomp', optimize: 1 },
  'libseccomp, tree': { codegen: 'libseccomp', optimize: 2 },
};

/** The filters that the kernel is given, by generator: the profile as it ships, for this machine. */
export const nativeFilters = () => {
  const policy = resolveProfile(profileText);
  return Object.fromEntries(
    Object.entries(GENERATORS).map(([name, options]) => [name, compile(policy, options)]),
  );
};
