// The input of the measurements: Docker's default profile, resolved without capabilities, and its compiled programs.
import { readFileSync } from 'node:fs';
import { compile, makeTarget, resolveProfile } from '../../dist/entries/inspect.js';
import { inRoot } from '../files.mjs';

export const profilePath = inRoot('profiles/docker-default.json');
export const profileText = readFileSync(profilePath, 'utf8');

export const nativeArch = makeTarget().arch;

/** The profile for the native ABI only: without `archMap`, it does not cover the 32-bit ABIs. */
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
 * The compared ways to make a program, by name.
 * @type {Record<string, import('../../dist/entries/index.js').CompileOptions>}
 */
export const GENERATORS = {
  'ours, weights node': {},
  'ours, weights uniform': { weights: 'uniform' },
  'libseccomp, linear': { codegen: 'libseccomp', optimize: 1 },
  'libseccomp, tree': { codegen: 'libseccomp', optimize: 2 },
};

/** The filters that are loaded, by generator: the profile as it ships, compiled for this machine. */
export const nativeFilters = () => {
  const policy = resolveProfile(profileText);
  return Object.fromEntries(
    Object.entries(GENERATORS).map(([name, options]) => [name, compile(policy, options)]),
  );
};
