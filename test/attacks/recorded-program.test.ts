// A recorded program that tries to evade recording: no call is lost silently, and nothing waits forever.
import assert from 'node:assert/strict';
import { recorded } from '../support/recorded.js';
import { spawnSync } from 'node:child_process';
import { record, type Recording } from 'seccomp';
import { skip } from '../support/skip.js';

const PYTHON = '/usr/bin/python3';
const hasPython = spawnSync(PYTHON, ['-c', 'import ctypes']).status === 0;

const has = ({ calls }: Recording, name: string): boolean => calls.some(({ syscall }) => syscall === name);

/** Enough known calls for a filter. */
const QUIET = `for (let i = 0; i < 5000; i++) require('fs').statSync('/');`;

const KILL = `
  const tracer = /TracerPid:\\s*(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1];
  process.kill(tracer, 'SIGKILL');
  setTimeout(() => require('fs').rmdirSync('/nowhere'), 1000);`;

describe('A recorded program', function () {
  this.timeout(60_000);

  for (const [when, script] of [
    ['at once', KILL],
    ['once it has a filter', QUIET + KILL],
  ] as const)
    it(`that kills its tracer ${when} ends with it`, async () => {
      const { child, recording } = record(process.execPath, ['-e', script], { stdio: 'ignore' });
      const ended = new Promise(resolve =>
        child.on('exit', (_, signal) => {
          resolve(signal);
        }),
      );
      await assert.rejects(recording, { code: 'tracer-ended' });
      assert.equal(await ended, 'SIGKILL');
    });

  it('cannot start processes that are not traced', async function () {
    if (!hasPython || process.arch !== 'x64') skip(this, 'this needs Python, and x86_64');
    const script = `
import ctypes, os, struct
libc = ctypes.CDLL(None)
traced = lambda: "TracerPid:\\t0" not in open("/proc/self/status").read()
arguments = ctypes.create_string_buffer(struct.pack("11Q", 0x800000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0))
child = libc.syscall(435, arguments, 88)
if child == 0:
    os.getpriority(0, 0)
    libc.syscall(231, traced())
print(os.waitpid(child, 0)[1] >> 8)
child = libc.syscall(56, 0x800011, 0, 0, 0, 0)
if child == 0:
    os.getpgid(0)
    libc.syscall(231, traced())
print(os.waitpid(child, 0)[1] >> 8)`;
    // Under an ordinary tracer, both escape.
    assert.equal(spawnSync(PYTHON, ['-c', script], { encoding: 'utf8' }).stdout, '0\n0\n');
    const { recording, output } = await recorded(PYTHON, ['-c', script]);
    assert.equal(output, '1\n1\n');
    assert.ok(has(recording, 'getpriority') && has(recording, 'getpgid'));
  });

  it('can execute another program from any of its threads under load', async function () {
    if (!hasPython) skip(this, 'there is no Python');
    const script = `
import os, threading, time
def load():
    while True: os.stat("/")
for i in range(4): threading.Thread(target=load, daemon=True).start()
def become():
    for i in range(1000): os.stat("/")
    os.execv("/bin/sh", ["sh", "-c", "rmdir /nowhere; echo done"])
threading.Thread(target=become).start()
time.sleep(3600)`;
    const { recording, output } = await recorded(PYTHON, ['-c', script], 'ignore');
    assert.equal(output, 'done\n');
    assert.ok(has(recording, 'rmdir'));
  });

  it('can pass more distinct arguments than are kept: the call is recorded with unknown values', async function () {
    if (!hasPython || process.arch !== 'x64') skip(this, 'this needs Python, and x86_64');
    const script = `
import ctypes, os
libc = ctypes.CDLL(None)
for i in range(3000): libc.syscall(16, -1, 0x1000 + i, 0)
os.getpriority(0, 0)`;
    const recorded = await record(PYTHON, ['-c', script], { stdio: 'ignore' }).recording;
    const ioctl = recorded.calls.find(({ syscall }) => syscall === 'ioctl');
    assert.deepEqual(
      ioctl?.args.map(({ index, more, unknown }) => [index, more, unknown]),
      [[1, true, true]],
    );
    assert.ok(has(recorded, 'getpriority'));
    assert.equal(recorded.sources[0]?.lost, 0);
  });
});
