// Compiles and proves programs for the profiles that ship, so that applyProfile need not: bundle/programs/.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { inRoot, readJson } from './files.mjs';

/** Compiled modules, which are there only after the compiler ran. */
const lib = path => import(inRoot('dist', path));

/** Writes a file for each profile and architecture. Throws what `compile` throws, and for a profile that a load could object to. */
export async function writeShippedPrograms() {
  const { ARCHITECTURES } = await lib('kernel/architectures.js');
  rmSync(inRoot('bundle/programs'), { recursive: true, force: true });
  mkdirSync(inRoot('bundle/programs'));
  for (const file of readdirSync(inRoot('profiles')).filter(name => name.endsWith('.json'))) {
    const name = basename(file, '.json');
    // The digest is that of one text: what extends another profile is compiled when it is used.
    if (readJson(inRoot('profiles', file)).extends !== undefined) continue;
    for (const arch of ARCHITECTURES)
      writeFileSync(
        inRoot('bundle/programs', `${name}.${arch}.json`),
        `${JSON.stringify(await shippedPrograms(name, arch))}\n`,
      );
  }
}

/** The contents of such a file. */
export async function shippedPrograms(name, arch) {
  const { parseProfile } = await lib('profile/parse.js');
  const { compilePolicy } = await lib('filter/compile.js');
  const { shippedDigest, VARIANTS } = await lib('filter/stored/shipped.js');
  const { obstacles } = await lib('process/preflight.js');
  const { variantOf } = await lib('process/apply-profile.js');
  const profile = parseProfile(inRoot('profiles', `${name}.json`));
  const text = readFileSync(inRoot('profiles', `${name}.json`));
  const minKernel = newestKernel(profile);
  const programs = VARIANTS.map(variant => {
    const policy = variantOf(profile, { arch, kernel: minKernel }, variant);
    const { warnings, flags, listener } = policy;
    const found = [...warnings, ...flags, ...(listener ? [listener] : []), ...obstacles(policy, false)];
    if (found.length > 0) throw new Error(`${name} cannot ship as a program: ${JSON.stringify(found)}`);
    const bpf = compilePolicy(policy).bpf.toString('base64');
    return { ...variant, digest: shippedDigest(text, arch, minKernel, variant, bpf, sha256), bpf };
  });
  return { minKernel, programs };
}

/** What the package computes for itself when it loads a program. */
const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');

/** The newest kernel that a rule asks for: from it on, all of these conditions are decided. */
function newestKernel({ rules }) {
  const kernels = rules.flatMap(({ includes, excludes }) => [includes.minKernel, excludes.minKernel]);
  return kernels
    .filter(kernel => kernel !== undefined)
    .reduce(
      (newest, kernel) =>
        kernel.major > newest.major || (kernel.major === newest.major && kernel.minor > newest.minor)
          ? kernel
          : newest,
      { major: 0, minor: 0 },
    );
}
