// Agents that accept nothing, read nothing or end midway: the process that sends them a listener continues.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delegate, listenForContainers, sendListener } from 'seccomp';
import { isFailure, native } from '#lib/native.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';
import { errnoName } from '#lib/kernel/errno.js';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** A descriptor to send. */
function anything(): number {
  const launch = native().prepareLaunch(
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
  );
  assert.ok(!isFailure(launch));
  native().closeDescriptor(launch.image);
  return launch.report;
}

describe('An agent', () => {
  let directory = '';
  let path = '';
  const open = new Set<number>();
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-silent-'));
    path = join(directory, 'socket');
  });
  afterEach(() => {
    for (const descriptor of open) native().closeDescriptor(descriptor);
    open.clear();
    rmSync(directory, { recursive: true, force: true });
  });

  const profile = (): SeccompProfile => ({ defaultAction: 'SCMP_ACT_ALLOW', listenerPath: path });

  /** A socket with a full queue: a blocking connect would wait until a connection is accepted. */
  function fullQueue(): number {
    const socket = native().listenAt(path);
    assert.ok(!isFailure(socket));
    open.add(socket);
    for (;;) {
      const connection = native().connectTo(path);
      if (isFailure(connection)) {
        assert.equal(errnoName(connection.errno), 'EAGAIN');
        return socket;
      }
      open.add(connection);
    }
  }

  describe('that accepts nothing', () => {
    it('does not block delegate, and receives the listener once it accepts', async () => {
      const socket = fullQueue();
      const child = delegate('sleep', ['60'], { profile: profile(), stdio: 'ignore' });
      const errors: unknown[] = [];
      child.on('error', error => errors.push(error));
      let arrived: readonly number[] = [];
      while (arrived.length === 0) {
        const connection = native().acceptConnection(socket);
        if (isFailure(connection)) {
          await new Promise(resolve => setTimeout(resolve, 5));
          continue;
        }
        open.add(connection);
        const message = native().receiveMessage(connection);
        if (!isFailure(message)) arrived = message.descriptors;
      }
      for (const descriptor of arrived) native().closeDescriptor(descriptor);
      assert.deepEqual([arrived.length, errors], [1, []]);
      child.kill('SIGKILL');
      await once(child, 'exit');
    });

    it('kills the command after agentTimeout, with an error of the child', async () => {
      fullQueue();
      const before = descriptors();
      const child = delegate('sleep', ['60'], { profile: profile(), stdio: 'ignore', agentTimeout: 100 });
      const exited = new Promise(resolve => child.on('exit', (...how) => resolve(how)));
      const [error] = (await once(child, 'error')) as [Error & { code: string; errno: number }];
      assert.deepEqual([error.code, error.errno], ['agent-unreachable', 110]);
      assert.deepEqual(await exited, [null, 'SIGKILL']);
      assert.equal(descriptors(), before);
    });

    it('is an error of sendListener, with which the listener stays open', async () => {
      fullQueue();
      const listener = anything();
      open.add(listener);
      const before = descriptors();
      await assert.rejects(sendListener(listener, path, { id: 'x', timeout: 100 }), {
        code: 'agent-unreachable',
        errno: 110,
      });
      assert.equal(descriptors(), before);
    });
  });

  /** More data than the kernel buffers for a reader that does not read. */
  const annotations = { text: 'x'.repeat(8 * 1024 * 1024) };

  it('that reads nothing is an error after the timeout', async () => {
    const server = createServer({ pauseOnConnect: true }).listen(path);
    await once(server, 'listening');
    const listener = anything();
    open.add(listener);
    await assert.rejects(sendListener(listener, path, { id: 'x', annotations, timeout: 100 }), {
      code: 'agent-unreachable',
      errno: 110,
    });
    server.close();
  });

  it('that ends midway is an error at once', async () => {
    const server: Server = createServer(socket => socket.once('data', () => socket.destroy())).listen(path);
    await once(server, 'listening');
    const listener = anything();
    open.add(listener);
    await assert.rejects(sendListener(listener, path, { id: 'x', annotations }), error => {
      assert.ok(error instanceof Error && 'code' in error && 'errno' in error);
      assert.equal(error.code, 'agent-unreachable');
      assert.ok(error.errno === 32 || error.errno === 104, String(error.errno));
      return true;
    });
    server.close();
  });

  for (const agentTimeout of [0, -1, Number.NaN, 2 ** 31, '1' as unknown as number]) {
    it(`cannot be given ${JSON.stringify(agentTimeout)} ms`, () => {
      assert.throws(() => delegate('true', { profile: profile(), agentTimeout }), { code: 'bad-option' });
    });
  }
});

describe('listenForContainers', () => {
  it('reads a state that arrives byte by byte in linear time, and accepts few descriptors', async function () {
    this.timeout(60_000);
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-agent-'));
    const path = join(directory, 'socket');
    const errors: string[] = [];
    const failed = new Promise<void>(resolve => {
      const agent = listenForContainers(path, () => undefined, {
        onError: error => {
          errors.push(String(error));
          agent.close();
          resolve();
        },
      });
    });
    // Each brace may be the last: parsing the whole text again for each would take minutes.
    const socket = connect(path);
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    socket.write(`{"text":"${'x'.repeat(700_000)}`);
    const send = (left: number): void => {
      if (left === 0) socket.end();
      else socket.write('}', () => send(left - 1));
    };
    send(5_000);
    await failed;
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', /not JSON/);
    socket.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
});
