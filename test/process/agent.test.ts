// The listenerPath protocol in both directions: an agent that serves listeners, and listeners that are sent to it.
import assert from 'node:assert/strict';
import { spawn as plainSpawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  delegate,
  listenForContainers,
  sendListener,
  type ContainerAgent,
  type ContainerProcess,
  type HandlerOptions,
} from 'seccomp';
import { native } from '#lib/native.js';
import { callerProgram, canBuild } from '../support/caller-program.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';
import { skip } from '../support/skip.js';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('listenForContainers', () => {
  let directory = '';
  let path = '';
  let caller = '';
  let agent: ContainerAgent | undefined;
  before(function () {
    if (!canBuild) skip(this, 'there is no C compiler');
    directory = mkdtempSync(join(tmpdir(), 'seccomp-agent-'));
    path = join(directory, 'socket');
    caller = callerProgram(directory);
  });
  afterEach(() => agent?.close());
  after(() => rmSync(directory, { recursive: true, force: true }));

  const profile = (listenerMetadata?: string): SeccompProfile => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    listenerPath: path,
    ...(listenerMetadata !== undefined && { listenerMetadata }),
    syscalls: [{ names: ['getsid'], action: 'SCMP_ACT_NOTIFY' }],
  });

  /** Runs the caller under the profile and returns its output. */
  async function run(metadata?: string): Promise<string> {
    const child = delegate(caller, ['getsid'], { profile: profile(metadata) });
    assert.ok(child.stdout);
    const closed = once(child, 'close');
    const printed = await text(child.stdout);
    await closed;
    return printed;
  }

  it('handles the calls of delegated processes, with the state of their container', async () => {
    const seen: ContainerProcess[] = [];
    agent = listenForContainers(path, container => {
      seen.push(container);
      return { handlers: { getsid: () => ({ value: seen.length }) } };
    });
    assert.equal(await run('first'), '1 0\n');
    assert.equal(await run(), '2 0\n');
    const [first, second] = seen;
    assert.deepEqual([first?.metadata, second?.metadata], ['first', '']);
    assert.equal(first?.container.id, `seccomp-${first?.pid}`);
    assert.notEqual(first?.pid, second?.pid);
  });

  it('lets calls fail with ENOSYS if a container has no handlers', async () => {
    agent = listenForContainers(path, () => undefined);
    assert.equal(await run(), '-1 38\n');
  });

  it('leaves nothing behind', async () => {
    const before = descriptors();
    agent = listenForContainers(path, () => ({ otherwise: () => ({ value: 1 }) }));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    for (let round = 0; round < 5; round++) await run();
    while (agent.serving > 0) await new Promise(resolve => setImmediate(resolve));
    agent.close();
    assert.equal(existsSync(path), false);
    assert.equal(descriptors(), before);
  });

  it('closes its listeners when it is closed', async () => {
    const calls: string[] = [];
    agent = listenForContainers(path, () => ({
      otherwise: () => {
        if (calls.push('call') === 3) agent?.close();
        return { value: 1 };
      },
    }));
    const child = delegate(caller, ['loop'], { profile: profile() });
    assert.ok(child.stdout);
    assert.equal(await text(child.stdout), '-1 38\n');
    assert.equal(agent.serving, 0);
  });

  describe('refuses', () => {
    const state = (fields: object): string =>
      JSON.stringify({
        ociVersion: '1.0.2',
        fds: ['seccompFd'],
        pid: 1,
        state: { id: 'x', status: 'creating' },
        ...fields,
      });
    const cases: readonly [name: string, sent: string, reason: RegExp][] = [
      ['what is not a JSON', 'hello }', /no JSON|not JSON/],
      ['nothing at all', '', /not JSON/],
      ['a list', '[]', /not an object/],
      ['a state without a listener among its descriptors', state({ fds: [] }), /seccompFd/],
      ['a state without a pid', state({ pid: 'x' }), /pid/],
      ['a state whose listener did not come', state({}), /no listener/],
      ['what does not end', '{'.padEnd(2 * 1024 * 1024, ' '), /not JSON/],
    ];
    for (const [name, sent, reason] of cases) {
      it(name, async () => {
        const errors: unknown[] = [];
        const failed = new Promise<void>(resolve => {
          agent = listenForContainers(path, () => ({}), {
            onError: error => {
              errors.push(error);
              resolve();
            },
          });
        });
        const socket = connect(path);
        socket.on('error', () => undefined);
        socket.end(sent);
        await failed;
        assert.match(String(errors[0]), reason);
        socket.destroy();
      });
    }

    it('descriptors that are not listeners, and invalid handlers', async () => {
      for (const [handlers, code] of [
        [{}, 'listener-unusable'],
        [{ handlers: { nothing: () => ({ value: 1 }) } } satisfies HandlerOptions, 'bad-option'],
      ] as const) {
        const before = descriptors();
        const error = await new Promise<unknown>(resolve => {
          agent = listenForContainers(path, () => handlers, { onError: resolve });
          const { read } = pipe();
          void sendListener(read, path, { id: 'x' });
        });
        agent?.close();
        assert.ok(error instanceof Error && 'code' in error);
        assert.equal(error.code, code);
        // A thread closes them in the background.
        while (descriptors() !== before) await new Promise(resolve => setTimeout(resolve, 1));
      }
    });
  });

  it('cannot listen on a path that is in use, or in a missing directory', () => {
    agent = listenForContainers(path, () => ({}));
    for (const where of [path, '/no/such/directory/socket', 'x'.repeat(200), '']) {
      assert.throws(() => listenForContainers(where, () => ({})), { code: 'agent-refused' }, where);
    }
    assert.ok(existsSync(path));
  });

  it('ends with its process, and waiting calls fail with ENOSYS', async () => {
    const process_ = plainSpawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { listenForContainers } from 'seccomp';
         listenForContainers(${JSON.stringify(path)}, () => ({ otherwise: () => { console.log('asked'); return new Promise(() => {}); } }));
         console.log('listening');`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(process_.stdout, 'data');
    const child = delegate(caller, ['getsid'], { profile: profile() });
    await once(process_.stdout, 'data');
    process_.kill('SIGKILL');
    assert.ok(child.stdout);
    assert.equal(await text(child.stdout), '-1 38\n');
    rmSync(path);
  });
});

describe('delegate', () => {
  const profile: SeccompProfile = { defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/no/such/agent' };

  it('kills the command if there is no agent', () => {
    assert.throws(() => delegate('sleep', ['60'], { profile }), { code: 'agent-unreachable' });
  });

  it('needs a profile that names an agent', () => {
    assert.throws(() => delegate('true', { profile: { defaultAction: 'SCMP_ACT_ALLOW' } }), {
      code: 'no-listener-path',
    });
  });

  it('behaves like spawn for a command that does not exist', async () => {
    const child = delegate('/no/such/file', { profile, stdio: 'ignore' });
    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ENOENT');
  });
});

/** A descriptor that is not a listener, and that nothing else uses. */
function pipe(): { readonly read: number } {
  const launch = native().prepareLaunch(
    ...([
      new Uint8Array(),
      Buffer.from('060000000000ff7f', 'hex'),
      0,
      true,
      0,
      false,
      3,
      false,
      false,
      new Uint8Array(),
      0,
    ] as const),
  );
  assert.ok(!('failed' in launch));
  native().closeDescriptor(launch.image);
  return { read: launch.report };
}
