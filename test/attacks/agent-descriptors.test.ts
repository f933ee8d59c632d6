// Clients of an agent that are not containers: they send descriptors whose close blocks, or more than the agent has room
// for.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canBuildHostile, hostileProgram } from '../support/hostile.js';
import { skip } from '../support/skip.js';

describe('A client of an agent', () => {
  let directory = '';
  const running = new Map<ChildProcess, Promise<unknown>>();
  const keep = (child: ChildProcess): void => void running.set(child, once(child, 'close'));
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'seccomp-agent-'))));
  afterEach(async () => {
    // A process that waits for another one ends only after it.
    for (const child of running.keys()) child.kill('SIGKILL');
    await Promise.all(running.values());
    running.clear();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Starts a program, and waits for its first line, which says that it listens or waits. */
  async function started(program: string, prefix: readonly string[] = []): Promise<ChildProcess> {
    const args = [...prefix, process.execPath, '--input-type=module', '-e', program];
    const child = spawn('env', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    keep(child);
    await once(child.stdout, 'data');
    return child;
  }

  /** Sends a connection whose close lingers while its peer does not read. The receiver becomes its last holder. */
  async function sendLingering(path: string, receiver: ChildProcess): Promise<void> {
    receiver.kill('SIGSTOP');
    const sender = spawn(hostileProgram(), ['send', path], { stdio: ['ignore', 'pipe', 'inherit'] });
    keep(sender);
    await once(sender.stdout, 'data');
    receiver.kill('SIGCONT');
  }

  describe('with a descriptor whose close blocks forever', () => {
    before(function () {
      if (!canBuildHostile) skip(this, 'there is no C compiler');
    });

    it('blocks the process that closes it on the event loop', async () => {
      const path = join(directory, 'socket');
      const child = await started(`
        import { native } from '#lib/native.js';
        const socket = native().listenAt(${JSON.stringify(path)});
        native().watch(socket, () => {
          const connection = native().acceptConnection(socket);
          if (typeof connection !== 'number') return;
          native().watch(connection, () => {
            const { descriptors } = native().receiveMessage(connection);
            if (descriptors.length === 0) return;
            process.stdout.write('received\\n');
            native().closeDescriptor(descriptors[0]);
            process.stdout.write('closed\\n');
          });
        });
        console.log('listening');`);
      let said = '';
      child.stdout?.setEncoding('utf8').on('data', (more: string) => (said += more));
      await sendLingering(path, child);
      while (!said.includes('received')) await once(child.stdout as NodeJS.ReadableStream, 'data');
      await new Promise(resolve => setTimeout(resolve, 1000));
      assert.equal(said, 'received\n');
    });

    it('does not stop the agent', async () => {
      const path = join(directory, 'socket');
      const child = await started(`
        import { listenForContainers } from 'seccomp';
        listenForContainers(${JSON.stringify(path)}, () => undefined, {
          onError: error => setTimeout(() => { console.log(error.code); }, 10),
        });
        console.log('listening');`);
      const answer = once(child.stdout as NodeJS.ReadableStream, 'data');
      await sendLingering(path, child);
      const [said] = (await answer) as [Buffer];
      assert.equal(said.toString(), 'bad-container-state\n');
    });
  });

  it('is rejected if the agent has no descriptor left, and does not keep its event loop busy', async () => {
    const path = join(directory, 'socket');
    const child = await started(
      `
        import { openSync } from 'node:fs';
        import { listenForContainers } from 'seccomp';
        listenForContainers(${JSON.stringify(path)}, () => undefined, { onError: error => console.log(error.code) });
        try { for (;;) openSync('/dev/null'); } catch (error) { console.log(error.code); }`,
      ['prlimit', '--nofile=64'],
    );
    const socket = connect(path);
    socket.on('error', () => undefined).resume();
    await once(socket, 'close');
    child.kill('SIGKILL');
  });
});
