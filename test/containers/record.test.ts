// Containers that are recorded by cgroup, from the runtime's first call on, and started again under the generated profile.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { generateProfile, parseProfile, record, type Recording } from 'seccomp';
import { makeTarget } from 'seccomp/inspect';
import { hasCall, numberOf } from '../support/native.js';
import { ociSeccomp } from './oci.js';
import { findRuntime, type Runtime, type RuntimeName } from './runtime.js';
import { skip } from '../support/skip.js';

const CGROUP2 = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
  path => existsSync(path) && statfsSync(path).type === 0x63677270,
);

/** The call that waits forever: test/containers/call.h. */
const PAUSE = hasCall('pause') ? 'pause' : 'ppoll';

const namesOf = ({ calls }: Recording, phase: string): readonly string[] =>
  calls.filter(call => call.phase === phase).map(({ syscall }) => syscall);

for (const name of ['runc', 'crun'] satisfies RuntimeName[]) {
  describe(`A container of ${name} that is recorded`, function () {
    this.timeout(60_000);
    let found: Runtime | undefined;
    let cgroup = '';
    before(async function () {
      const runtime = findRuntime(name);
      if ('missing' in runtime || CGROUP2 === undefined)
        skip(this, 'missing' in runtime ? runtime.missing : 'no control groups of version 2 are mounted');
      found = runtime;
      try {
        await record('true', { by: 'perf', stdio: 'ignore' }).recording;
      } catch {
        skip(this, 'perf events cannot be recorded here');
      }
      cgroup = join(CGROUP2, `seccomp-record-${process.pid}`);
      mkdirSync(cgroup);
    });
    afterEach(() => {
      found?.stop();
    });
    after(() => {
      if (cgroup !== '') rmdirSync(cgroup);
      found?.remove();
    });
    const runtime = (): Runtime => {
      assert.ok(found !== undefined);
      return found;
    };

    it('separates the calls of the runtime from those of its program, and starts under its profile', async () => {
      const { recording, stop } = record({ cgroup });
      let first: object;
      try {
        first = runtime().start(undefined, 'asks', cgroup);
        // The program has made all of its calls when it is in the last one.
        while (
          'pid' in first &&
          !readFileSync(`/proc/${String(first.pid)}/syscall`, 'utf8').startsWith(`${numberOf(PAUSE)} `)
        )
          await setTimeout(5);
      } finally {
        stop();
        runtime().stop();
      }
      assert.ok('pid' in first, JSON.stringify(first));
      const recorded = await recording;
      assert.equal(recorded.sources[0]?.lost, 0);
      const own = recorded.calls.filter(({ phase, programs }) => phase === '' && programs.includes('/asks'));
      assert.deepEqual(
        own.map(({ syscall }) => syscall),
        ['getsid', PAUSE],
      );
      const runtimes = namesOf(recorded, 'runtime');
      for (const call of ['mount', 'openat', 'prctl']) assert.ok(runtimes.includes(call), runtimes.join());

      const { profile, leftOut } = generateProfile([recorded], { for: name });
      // Programs that start crun make mounts themselves.
      if (name === 'runc') assert.ok(leftOut.some(({ syscall }) => syscall === 'mount'));
      const again = runtime().start(ociSeccomp(parseProfile(profile), makeTarget(), ''), 'asks');
      assert.ok('pid' in again, JSON.stringify(again));
    });

    it('is found by its id while it runs', async () => {
      const started = runtime().start(undefined, 'idle', cgroup);
      assert.ok('pid' in started, JSON.stringify(started));
      const { recording, stop } = record({ container: runtime().id, root: runtime().state });
      stop();
      const { sources } = await recording;
      assert.equal(sources[0]?.command, `--container ${runtime().id}`);
    });

    it('without its own cgroup is not recorded as the whole machine', () => {
      const started = runtime().start(undefined, 'idle');
      assert.ok('pid' in started, JSON.stringify(started));
      // The runtime may have created a cgroup itself.
      writeFileSync(join(CGROUP2 ?? '', 'cgroup.procs'), String(started.pid));
      assert.throws(() => record({ container: runtime().id, root: runtime().state }), {
        code: 'cgroup-not-found',
        message: new RegExp(`--pid ${started.pid}`),
      });
    });
  });
}
