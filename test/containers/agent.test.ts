// Containers of runc and crun whose calls this package's agent answers at their listenerPath.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenForContainers, type ContainerAgent, type ContainerProcess } from 'seccomp';
import { makeTarget } from '#lib/policy/target.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';
import { parseProfile } from '#lib/profile/parse.js';
import { ociSeccomp } from './oci.js';
import { findRuntime, type Runtime } from './runtime.js';
import { skip } from '../support/skip.js';

const target = makeTarget({ arch: nativeArchitecture(), kernel: release() });
const profile = parseProfile({
  defaultAction: 'SCMP_ACT_ALLOW',
  listenerPath: '/is/replaced',
  syscalls: [{ names: ['getsid'], action: 'SCMP_ACT_NOTIFY' }],
});

const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();

describe('listenForContainers', () => {
  for (const name of ['runc', 'crun'] as const) {
    describe(`with containers of ${name}`, () => {
      let runtime: Runtime | undefined;
      let directory = '';
      let agent: ContainerAgent | undefined;
      before(function () {
        const found = findRuntime(name);
        if ('missing' in found) skip(this, found.missing);
        runtime = found;
        directory = mkdtempSync(join(tmpdir(), 'seccomp-agent-'));
      });
      afterEach(() => {
        agent?.close();
        runtime?.stop();
      });
      after(() => {
        runtime?.remove();
        rmSync(directory, { recursive: true, force: true });
      });

      it('responds, and the container continues', async () => {
        assert.ok(runtime !== undefined);
        const path = join(directory, 'socket');
        const seen: ContainerProcess[] = [];
        const callers: number[] = [];
        const errors: unknown[] = [];
        const answered = new Promise<void>(resolve => {
          agent = listenForContainers(
            path,
            container => {
              seen.push(container);
              return {
                handlers: {
                  getsid: async call => {
                    assert.equal(call.args[0], 7n);
                    callers.push(call.pid);
                    await new Promise(done => setImmediate(done));
                    resolve();
                    return { value: 42 };
                  },
                },
              };
            },
            { onError: error => errors.push(error) },
          );
        });
        const started = runtime.start(ociSeccomp(profile, target, path), 'asks');
        assert.ok('pid' in started, 'refusal' in started ? started.refusal : '');
        await answered;
        while (nameOf(started.pid) === 'asks') await new Promise(resolve => setTimeout(resolve, 1));
        assert.equal(nameOf(started.pid), 'answered');
        assert.deepEqual([callers, errors], [[started.pid], []]);
        assert.equal(seen.length, 1);
        assert.match(seen[0]?.container.id ?? '', /^seccomp-test-/);
        assert.equal(agent?.serving, 1);

        runtime.stop();
        while ((agent?.serving ?? 0) > 0) await new Promise(resolve => setTimeout(resolve, 1));
      });
    });
  }
});
