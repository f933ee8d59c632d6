// Known calls stop only at first: only their exact number is lost.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { hasCall } from '../support/native.js';
import { recorded } from '../support/recorded.js';
import { record, type RecordedCall, type RecordOptions, type Recording } from 'seccomp';
import { skip } from '../support/skip.js';

/** Makes more than enough equal calls for the recorder to load a filter. */
const QUIET = `const fs = require('fs'); for (let i = 0; i < 5000; i++) fs.statSync('/');`;

const node = (script: string, options: RecordOptions = {}): Promise<Recording> =>
  record(process.execPath, ['-e', script], { stdio: 'ignore', ...options }).recording;

const callOf = ({ calls }: Recording, name: string, phase = ''): RecordedCall | undefined =>
  calls.find(call => call.syscall === name && call.phase === phase);

const valuesOf = (call: RecordedCall | undefined, index: number): readonly bigint[] | undefined =>
  call?.args.find(arg => arg.index === index)?.values;

/** The call that rmdir() makes here. */
const RMDIR = hasCall('rmdir') ? 'rmdir' : 'unlinkat';

/** The recorded statx(2) or newfstatat(2), whichever this Node calls. */
const statOf = (recording: Recording): RecordedCall | undefined =>
  callOf(recording, 'statx') ?? callOf(recording, 'newfstatat');

const PYTHON = '/usr/bin/python3';
const hasPython = spawnSync(PYTHON, ['-c', 'import ctypes']).status === 0;

const python = (script: string): ReturnType<typeof recorded> => recorded(PYTHON, ['-c', script]);

describe('A recording of known calls', function () {
  this.timeout(60_000);

  it('has lower bounds for their numbers, marked as such', async () => {
    const stat = statOf(await node(QUIET));
    assert.equal(stat?.atLeast, true);
    assert.ok(stat.count > 0 && stat.count < 5000, String(stat.count));
  });

  it('has exact numbers of the calls that begin and end processes', async () => {
    const recording = await node(
      `${QUIET} for (let i = 0; i < 3; i++) require('child_process').spawnSync('/bin/true');`,
    );
    const ends = callOf(recording, 'exit_group');
    assert.deepEqual([ends?.count, ends?.atLeast], [4, false]);
    assert.equal(callOf(recording, 'execve')?.count, 4);
  });

  it('has calls that occur for the first time later', async () => {
    const late = callOf(await node(`${QUIET} process.umask(0o22); fs.rmdirSync('/nowhere');`), RMDIR);
    assert.deepEqual([late?.count, late?.atLeast], [1, false]);
  });

  it('has new values of the arguments of known calls', async () => {
    const { O_DIRECTORY, O_NOATIME } = constants;
    // Node adds this flag.
    const O_CLOEXEC = 0x80000;
    const recording = await node(
      `for (let i = 0; i < 3000; i++) require('fs').closeSync(require('fs').openSync('/'));
       require('fs').openSync('/', ${O_DIRECTORY | O_NOATIME});`,
    );
    const open = callOf(recording, 'openat');
    assert.equal(open?.atLeast, true);
    assert.ok(
      valuesOf(open, 2)?.includes(BigInt(O_DIRECTORY | O_NOATIME | O_CLOEXEC)),
      String(valuesOf(open, 2)),
    );
  });

  it('has the calls of threads and children that start after the filter was loaded', async () => {
    const recording = await node(
      `${QUIET}
       new (require('worker_threads').Worker)('require("fs").rmdirSync("/nowhere")', { eval: true }).on('error', () => {
         require('child_process').spawnSync('/bin/sh', ['-c', 'umask']);
       });`,
    );
    for (const name of [RMDIR, 'umask']) assert.ok(callOf(recording, name), name);
  });

  it('marks calls that may lack programs, because they were made under the filter of another program', async () => {
    const recording = await node(`${QUIET} require('child_process').spawnSync('/bin/true');`);
    assert.equal(callOf(recording, 'openat')?.morePrograms, true);
    assert.equal(callOf(recording, 'exit_group')?.morePrograms, false);
    const alone = await node(QUIET);
    assert.equal(callOf(alone, 'openat')?.morePrograms, false);
  });

  it('loads no filter into programs that load their own', async function () {
    if (!hasPython || process.arch !== 'x64') skip(this, 'this needs Python, and x86_64');
    // Under this filter, seccomp(2) and mmap(2) kill.
    const { output, recording } = await python(`
import ctypes, os, struct
code = b"".join(struct.pack("HBBI", *i) for i in [(0x20, 0, 0, 0), (0x15, 1, 0, 317), (0x15, 0, 1, 9), (6, 0, 0, 0x80000000), (6, 0, 0, 0x7fff0000)])
code = ctypes.create_string_buffer(code)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 5, ctypes.addressof(code)))
assert ctypes.CDLL(None).prctl(22, 2, program, 0, 0) == 0
for i in range(2000): os.stat("/")
print("done")`);
    assert.equal(output, 'done\n');
    assert.equal(callOf(recording, 'newfstatat')?.atLeast, false);
  });

  it('does not prevent programs from loading a filter in all of their threads', async function () {
    if (!hasPython || process.arch !== 'x64') skip(this, 'this needs Python, and x86_64');
    const { output, recording } = await python(`
import ctypes, os, struct, threading, time
libc = ctypes.CDLL(None, use_errno=True)
threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
for i in range(2000): os.stat("/")
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in [(0x20, 0, 0, 0), (0x15, 0, 1, 84), (6, 0, 0, 0x50001), (6, 0, 0, 0x7fff0000)]))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(code)))
print(libc.syscall(317, 1, 1, program), libc.rmdir(b"/nowhere"), ctypes.get_errno(), flush=True)
os._exit(0)`);
    assert.equal(output, '0 -1 1\n');
    assert.ok(callOf(recording, 'rmdir'), 'what that filter refuses');
  });

  it('does not affect signals that arrive meanwhile', async function () {
    if (!hasPython) skip(this, 'there is no Python');
    const { output, recording } = await python(`
import os, signal
rung = 0
def ring(*_):
    global rung
    rung += 1
signal.signal(signal.SIGUSR1, ring)
parent = os.getpid()
if os.fork() == 0:
    for i in range(2000): os.kill(parent, signal.SIGUSR1)
    os._exit(0)
for i in range(20000): os.stat("/")
os.wait()
os.getpriority(0, 0)
print(rung > 0)`);
    assert.equal(output, 'True\n');
    assert.equal(callOf(recording, 'getpriority')?.count, 1);
  });

  it('does not affect processes that are stopped and continued', async () => {
    const { output } = await recorded(
      'sh',
      [
        '-c',
        'dd if=/dev/zero of=/dev/null bs=1 count=20000 2> /dev/null & i=0; while [ $i -lt 50 ]; do i=$((i+1)); kill -STOP $! && kill -CONT $!; done 2> /dev/null; wait $!; echo $?',
      ],
      'ignore',
    );
    assert.equal(output, '0\n');
  });

  it('names the C library', async () => {
    const { sources } = await record('/bin/true', { stdio: 'ignore' }).recording;
    assert.match(sources[0]?.libc ?? '', /^(?:glibc \d+\.\d+|musl)$/);
  });
});

describe('phaseAt', function () {
  this.timeout(60_000);

  const SERVER = `
    const http = require('http');
    const server = http.createServer((_, response) => response.end('done')).listen(0, '127.0.0.1', () => {
      let left = 50;
      const get = () => http.get({ host: '127.0.0.1', port: server.address().port, agent: false }, response => {
        response.resume();
        response.on('end', () => left-- > 0 ? get() : server.close());
      });
      get();
    });`;

  it('separates the work of a server from its start', async () => {
    const recording = await node(SERVER, { phaseAt: ['accept4', 'listen'] });
    assert.deepEqual(new Set(recording.calls.map(({ phase }) => phase)), new Set(['start', 'work']));
    const of = (phase: string): readonly string[] =>
      recording.calls.filter(call => call.phase === phase).map(({ syscall }) => syscall);
    for (const name of ['execve', 'bind']) {
      assert.ok(of('start').includes(name), name);
      assert.ok(!of('work').includes(name), name);
    }
    // The call itself, and calls that both phases need.
    for (const name of ['listen', 'accept4', 'close']) assert.ok(of('work').includes(name), name);
    assert.ok(!of('start').includes('accept4'));
  });

  it('counts every call of the start, so that calls of the work are not treated as known', async () => {
    const recording = await node(`${QUIET} require('fs').rmdirSync('/nowhere')`, { phaseAt: [RMDIR] });
    assert.ok(recording.calls.filter(({ phase }) => phase === 'start').every(({ atLeast }) => !atLeast));
    assert.ok(callOf(recording, RMDIR, 'work'));
  });

  for (const [phaseAt, code] of [
    [[], 'bad-option'],
    ['listen', 'bad-option'],
    [['listne'], 'unknown-syscall'],
    [[1], 'unknown-syscall'],
  ] as const)
    it(`refuses ${JSON.stringify(phaseAt)}`, () => {
      assert.throws(() => record('true', { phaseAt } as object), { code });
    });

  it('excludes phase', () => {
    assert.throws(() => record('true', { phaseAt: ['listen'], phase: 'x' }), { code: 'bad-option' });
  });
});
