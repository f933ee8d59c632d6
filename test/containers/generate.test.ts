// Containers under generated profiles: they start with the calls that runc and crun themselves need, and not without them.
import assert from 'node:assert/strict';
import { generateProfile, parseProfile, readLog } from 'seccomp';
import { makeTarget } from 'seccomp/inspect';
import { ociSeccomp } from './oci.js';
import { findRuntime, type Runtime, type RuntimeName } from './runtime.js';
import { skip } from '../support/skip.js';

for (const name of ['runc', 'crun'] satisfies RuntimeName[]) {
  describe(`A generated profile for ${name}`, function () {
    this.timeout(60_000);
    let runtime: Runtime | undefined;
    before(function () {
      const found = findRuntime(name);
      if ('missing' in found) skip(this, found.missing);
      runtime = found;
    });
    afterEach(() => {
      runtime?.stop();
    });
    after(() => {
      runtime?.remove();
    });

    /** The only call of the container's program. */
    const { recording } = readLog('pause() = ? ERESTARTNOHAND\n', { arch: 'x86_64' });
    const section = (launcher: 'none' | RuntimeName, mode: 'safe' | 'all'): object => {
      const { profile } = generateProfile([recording], { for: launcher, arguments: mode });
      return ociSeccomp(parseProfile(profile), makeTarget(), '');
    };

    for (const mode of ['safe', 'all'] as const)
      it(`starts a container, with arguments ${mode}`, () => {
        const started = runtime?.start(section(name, mode));
        assert.ok(started !== undefined && 'pid' in started, JSON.stringify(started));
      });

    it('includes the calls that it needs to start', () => {
      const started = runtime?.start(section('none', 'safe'));
      assert.ok(started !== undefined && 'refusal' in started, JSON.stringify(started));
    });
  });
}
