// fork: a Node program under a filter from its start, or from its own first line on, with messages in both directions.
import assert from 'node:assert/strict';
import { fork as plainFork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fork, type ForkLoad, type ForkSandboxOptions } from 'seccomp';
import { NEEDED_CALLS } from 'seccomp/inspect';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

const LOADS: readonly ForkLoad[] = ['before-exec', 'before-user-code'];

describe('fork', () => {
  let directory = '';
  before(() => (directory = mkdtempSync(join(tmpdir(), 'seccomp-fork-'))));
  after(() => {
    rmSync(directory, { recursive: true });
  });
  const module = (name: string, code: string): string => {
    writeFileSync(join(directory, name), code);
    return join(directory, name);
  };

  /** A program that answers one message with its own arguments, environment and state. */
  const mirror = (): string =>
    module(
      'mirror.cjs',
      `process.once('message', message => process.send({
        message,
        argv: process.argv.slice(1),
        execArgv: process.execArgv,
        argv0: process.argv0,
        environment: Object.keys(process.env).sort(),
        descriptors: require('fs').readdirSync('/proc/self/fd').length,
        main: require.main === module,
      }, () => setTimeout(() => process.disconnect(), 10)));`,
    );

  async function reflection(child: ChildProcess): Promise<Record<string, unknown>> {
    child.send({ hello: [1, 2] });
    const [answer] = (await once(child, 'message')) as [Record<string, unknown>];
    const [code] = (await once(child, 'close')) as [number];
    return { ...answer, code, spawnfile: child.spawnfile, stdio: child.stdio.length };
  }

  for (const load of LOADS) {
    describe(`with load: '${load}'`, () => {
      const start = (
        path: string | URL,
        options: Partial<ForkOptions & ForkSandboxOptions> = {},
      ): ChildProcess => fork(path, [], { profile: 'docker-default', silent: true, load, ...options });

      it('confines every thread before the first line of the module, once', async () => {
        const path = module(
          'threads.mjs',
          `import { readdirSync, readFileSync } from 'node:fs';
           const read = id => readFileSync('/proc/self/task/' + id + '/status', 'utf8').match(/Seccomp_filters:\\s(\\d+)/)[1];
           process.send(readdirSync('/proc/self/task').map(read));`,
        );
        const [layers] = (await once(start(path), 'message')) as [string[]];
        assert.ok(layers.length > 1);
        // The child's own layer, and that of isolation.
        assert.deepEqual([...new Set(layers)], ['2']);
      });

      it('otherwise behaves like fork of node:child_process', async () => {
        const options = { execArgv: ['--no-warnings'], env: { PATH: '/bin', A: '1' }, silent: true };
        const plain = await reflection(plainFork(mirror(), ['a', 'b'], options));
        const ours = await reflection(
          fork(mirror(), ['a', 'b'], { ...options, profile: { defaultAction: 'SCMP_ACT_ALLOW' }, load }),
        );
        // The test environment may have inheritable descriptors, which an isolated child does not get.
        assert.deepEqual({ ...ours, descriptors: 0 }, { ...plain, descriptors: 0 });
        assert.ok(Number(ours['descriptors']) <= Number(plain['descriptors']));
      });

      it('accepts a URL, and a list for stdio', async () => {
        const child = start(pathToFileURL(mirror()), { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ipc'] });
        const { code, stdio } = await reflection(child);
        assert.deepEqual([code, stdio], [0, 5]);
      });

      it('passes structured messages on', async () => {
        const path = module(
          'echo.cjs',
          `process.once('message', m => process.send(m, () => process.exit()));`,
        );
        const child = start(path, { serialization: 'advanced' });
        const message = { map: new Map([[1n, new Date(0)]]) };
        child.send(message);
        assert.deepEqual((await once(child, 'message'))[0], message);
      });

      it('makes calls fail that the profile refuses', async () => {
        const path = module(
          'mkdir.cjs',
          `try { require('fs').mkdirSync('/tmp/never-made'); process.send('made'); } catch ({ code }) { process.send(code); }`,
        );
        const profile: SeccompProfile = {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EROFS' }],
        };
        assert.deepEqual(await once(start(path, { profile }), 'message'), ['EROFS', undefined]);
      });

      it('allows the program to start children and workers', async () => {
        const path = module(
          'nested.cjs',
          `const { fork } = require('node:child_process');
           const { Worker, isMainThread } = require('node:worker_threads');
           if (process.argv[2] === 'nested') process.send(process.execArgv, () => process.exit());
           else if (isMainThread) fork(__filename, ['nested']).on('message', execArgv => {
             new Worker('require("node:worker_threads").parentPort.postMessage("worker")', { eval: true })
               .on('message', worker => process.send({ execArgv, worker }, () => process.exit()));
           });`,
        );
        assert.deepEqual((await once(start(path), 'message'))[0], { execArgv: [], worker: 'worker' });
      });

      it('reports a module that does not exist by a status, as Node does', async () => {
        assert.deepEqual(await once(start(join(directory, 'missing.cjs')), 'exit'), [1, null]);
      });

      it('reports a Node that does not exist', async () => {
        const [{ message }] = (await once(start(mirror(), { execPath: '/no/node' }), 'error')) as [Error];
        assert.equal(message, 'spawn /no/node ENOENT');
      });

      it('throws for a profile with mistakes and for invalid options', () => {
        assert.throws(() => start(mirror(), { profile: '{}' }), { name: 'ProfileError' });
        assert.throws(() => start(mirror(), { shell: true } as object), { code: 'bad-option' });
        assert.throws(() => start(mirror(), { stdio: ['pipe'] }), { code: 'bad-option' });
      });

      it('leaks no descriptors', async () => {
        const count = (): number => readdirSync('/proc/self/fd').length;
        const path = module('empty.cjs', '');
        await once(start(path), 'close');
        const before = count();
        for (let round = 0; round < 3; round++) await once(start(path), 'close');
        assert.equal(count(), before);
      });
    });
  }

  describe("with load: 'before-user-code'", () => {
    /** Allows the calls of a running Node, but not those of its start, such as execve and openat. */
    const running: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: NEEDED_CALLS.base.filter(name => name !== 'openat'), action: 'SCMP_ACT_ALLOW' },
        {
          names: ['clone', 'rseq', 'set_robust_list', 'prctl', 'sendmsg', 'recvmsg'],
          action: 'SCMP_ACT_ALLOW',
        },
        { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' },
      ],
    };

    it('needs no permission for the start of Node', async () => {
      // execve and other calls that start a program are refused; the module was read before the filter was loaded.
      const path = module('send.mjs', `process.send('here', () => process.exit(0));`);
      const profile: SeccompProfile = {
        ...running,
        syscalls: [
          ...(running.syscalls ?? []),
          {
            names: ['openat', 'statx', 'newfstatat', 'readlink', 'lseek', 'close'],
            action: 'SCMP_ACT_ALLOW',
          },
        ],
      };
      const child = fork(path, { profile, load: 'before-user-code', silent: true });
      assert.deepEqual(await once(child, 'message'), ['here', undefined]);
      assert.throws(() => fork(path, { profile, silent: true }), { code: 'exec-refused' });
    });

    it('emits a LoadError and does not run the module if Node cannot continue under the profile', async () => {
      const path = module('never.cjs', `process.send('ran');`);
      const child = fork(path, {
        profile: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ name: 'futex', action: 'SCMP_ACT_ALLOW' }] },
        load: 'before-user-code',
        silent: true,
      });
      let ran = false;
      child.on('message', () => (ran = true));
      const [error] = (await once(child, 'error')) as [Error & { code: string }];
      assert.deepEqual([error.name, error.code], ['LoadError', 'node-cannot-continue']);
      assert.deepEqual(await once(child, 'exit'), [1, null]);
      assert.equal(ran, false);
    });

    it('runs before modules that execArgv imports', async () => {
      const preload = module(
        'preload.mjs',
        `import { readFileSync } from 'node:fs'; globalThis.seen = /Seccomp:\\s2/.test(readFileSync('/proc/self/status', 'utf8'));`,
      );
      const path = module('seen.cjs', `process.send(globalThis.seen);`);
      const child = fork(path, {
        profile: 'docker-default',
        load: 'before-user-code',
        silent: true,
        execArgv: ['--import', pathToFileURL(preload).href],
      });
      assert.deepEqual((await once(child, 'message'))[0], true);
    });

    it('accepts a raw program', async () => {
      const path = module('send.cjs', `process.send('here', () => process.exit(0));`);
      const allow = Buffer.from('060000000000ff7f', 'hex');
      const child = fork(path, { profile: allow, load: 'before-user-code', silent: true });
      assert.deepEqual(await once(child, 'message'), ['here', undefined]);
    });
  });

  it('refuses an unknown load, and a missing profile', () => {
    assert.throws(() => (fork as (path: string) => unknown)('x.js'), { code: 'bad-option' });
    assert.throws(() => fork('x.js', { profile: 'docker-default', load: 'later' as ForkLoad }), {
      code: 'bad-option',
    });
  });
});
