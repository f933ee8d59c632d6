// Real profiles from public projects, if available: they compile for both architectures with both generators.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '#lib/filter/compile-profile.js';
import { ProfileError } from '#lib/util/errors.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { parseProfile } from '#lib/profile/parse.js';
import { Random, seed } from '../support/random.js';
import { probes } from '../support/random-policy.js';
import { skip } from '../support/skip.js';

const directory = fileURLToPath(new URL('../../../../shared/profiles/', import.meta.url));
const files = existsSync(directory) ? readdirSync(directory).filter(name => name.endsWith('.json')) : [];
const isForeign = (name: string): boolean => name.startsWith('firecracker_');
/** A profile with an errnoRet above 4095, which no kernel returns. */
const REFUSED = 'moby-profiles_fixture_example.json';

/** A profile with ptrace rules in a form that this package does not pass to libseccomp. */
const BEYOND_LIBSECCOMP = 'antitree-seccompute_ptrace-conditional.json';

describe('real profiles', () => {
  const start = seed();

  if (files.length === 0) it('are not available, so none was compiled'); // pending: their folder is not part of the project

  for (const name of files.filter(file => !isForeign(file) && file !== REFUSED)) {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      const generators = name === BEYOND_LIBSECCOMP ? (['tree'] as const) : (['tree', 'libseccomp'] as const);
      it(`${name} compiles for ${arch} by ${generators.join(' and ')}, with the same actions as evaluate (SEED=${start})`, () => {
        const random = new Random(start);
        const profile = parseProfile(`${directory}${name}`);
        for (const unknownSyscalls of ['enosys', 'default'] as const) {
          for (const codegen of generators) {
            const { policy, program } = compile(profile, { arch, unknownSyscalls, codegen });
            for (const event of probes(random, policy, 2)) {
              assert.equal(interpret(program, seccompData(event)).action, evaluate(policy, event));
            }
          }
        }
      });
    }
  }

  it(`${REFUSED} is refused, with the place of its errno`, function () {
    if (!files.includes(REFUSED)) skip(this, 'the folder with real profiles is not part of the project');
    assert.throws(
      () => parseProfile(`${directory}${REFUSED}`),
      (error: unknown) =>
        error instanceof ProfileError &&
        error.at !== undefined &&
        error.at.line > 1 &&
        error.message.includes('4095'),
    );
  });
});
