// Real profiles: all are parsed and resolved, if they are next to the repository.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { abisOf, type Architecture } from '#lib/kernel/architectures.js';
import { CAPABILITIES } from '#lib/kernel/capabilities.js';
import { parseProfile } from '#lib/profile/parse.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { codes, failure } from './helpers.js';
import { skip } from '../support/skip.js';

const FOLDER = fileURLToPath(new URL('../../../../shared/profiles/', import.meta.url));
const ARCHITECTURES: readonly Architecture[] = ['x86_64', 'aarch64'];

describe('real profiles', () => {
  if (!existsSync(FOLDER)) {
    it('need profiles in ../shared/profiles', function () {
      skip(this, 'there is no ../shared/profiles');
    });
    return;
  }
  for (const name of readdirSync(FOLDER).filter(file => file.endsWith('.json'))) {
    const path = `${FOLDER}${name}`;
    it(name, () => {
      if (name.startsWith('firecracker_')) {
        assert.deepEqual(codes(failure(() => parseProfile(path)).problems), ['foreign-format']);
        return;
      }
      if (name === 'moby-profiles_fixture_example.json') {
        const error = failure(() => parseProfile(path));
        assert.deepEqual(codes(error.problems), ['out-of-range']);
        assert.equal(error.at?.pointer, '/syscalls/3/errnoRet');
        return;
      }
      const profile = parseProfile(path);
      for (const arch of ARCHITECTURES) {
        const [none, all] = [[], CAPABILITIES].map(capabilities =>
          resolveProfile(profile, { arch, capabilities }),
        );
        assert.ok(none !== undefined && all !== undefined);
        for (const { abis, warnings } of [none, all]) {
          assert.equal(abis[0].abi.name, arch);
          assert.ok(abis.every(({ abi }) => abisOf(arch).includes(abi.name)));
          assert.ok(warnings.every(({ at }) => at === undefined || (at.line > 0 && at.column > 0)));
        }
      }
    });
  }
});
