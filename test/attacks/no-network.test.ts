// The recipe for a command without a network refuses every way to a socket of a family other than AF_UNIX, and programs
// that need none still work.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { compile, parseProfile, simulate } from 'seccomp';
import { readFileSync } from 'node:fs';
import { numberOf } from '../support/native.js';
import { skip } from '../support/skip.js';

const example = fileURLToPath(new URL('../../../examples/no-network.mjs', import.meta.url));

/** Runs a command under the recipe. */
const run = (
  ...command: readonly string[]
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
  spawnSync(process.execPath, [example, ...command], { encoding: 'utf8' });

/** Runs a command without the recipe. */
const runFreely = (command: string, ...args: readonly string[]): string =>
  spawnSync(command, args, { encoding: 'utf8' }).stdout;

const hasPython = spawnSync('python3', ['--version']).status === 0;

describe('The recipe for no network', () => {
  it('checks itself', () => {
    assert.equal(run().status, 0);
  });

  it('allows Node children with pipes', () => {
    const code = `console.log(require('child_process').spawnSync(process.execPath, ['-p', '6 * 7'], { encoding: 'utf8' }).stdout.trim());
      require('child_process').spawn('echo', ['piped'], { stdio: ['pipe', 'pipe', 'pipe'] }).stdout.on('data', data => console.log(String(data).trim()));`;
    assert.equal(run(process.execPath, '-e', code).stdout, '42\npiped\n');
  });

  it('allows AF_UNIX servers and their clients', () => {
    const code = `const net = require('net'), path = '\\0seccomp-no-network-' + process.pid;
      const server = net.createServer(socket => socket.end('hello')).listen(path, () =>
        net.connect(path).on('data', data => console.log(String(data))).on('close', () => server.close()));`;
    assert.equal(run(process.execPath, '-e', code).stdout, 'hello\n');
  });

  it('allows the event loop of asyncio', function () {
    if (!hasPython) skip(this, 'there is no Python');
    const code = `import asyncio
async def main():
  p = await asyncio.create_subprocess_exec('echo', 'async', stdout=asyncio.subprocess.PIPE)
  print((await p.communicate())[0].decode().strip())
asyncio.run(main())`;
    assert.equal(run('python3', '-c', code).stdout, 'async\n');
  });

  it('refuses sockets of every other family', function () {
    if (!hasPython) skip(this, 'there is no Python');
    // Without the filter, the result depends on family and user: EPERM, EAFNOSUPPORT, EPROTONOSUPPORT or a socket.
    const code = `import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for family in range(0, 64):
  for kind in (1, 2, 3):
    for high in (0, 1 << 32):
      fd = libc.syscall(${numberOf('socket')}, ctypes.c_ulong(family | high), ctypes.c_ulong(kind), ctypes.c_ulong(0))
      if fd >= 0: os.close(fd)
      elif ctypes.get_errno() == 13: continue
      print(family, end=' ')`;
    const families = (text: string): readonly number[] => [...new Set(text.trim().split(/\s+/).map(Number))];
    assert.ok(families(runFreely('python3', '-c', code)).includes(2), 'AF_INET without the recipe');
    assert.deepEqual(families(run('python3', '-c', code).stdout), [1]);
  });

  it('refuses io_uring, which creates sockets without these calls', function () {
    if (!hasPython) skip(this, 'there is no Python');
    const code = `import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print([(libc.syscall(n, 0, 0, 0, 0, 0, 0), ctypes.get_errno()) for n in (425, 426, 427)])`;
    assert.equal(run('python3', '-c', code).stdout, '[(-1, 38), (-1, 38), (-1, 38)]\n');
  });

  it('refuses the same to 32-bit and x32 programs', () => {
    const text = /const PROFILE = (\{[^]*?\n\});/.exec(readFileSync(example, 'utf8'))?.[1] ?? '';
    const profile = parseProfile(JSON.stringify(runInNewContext(`(${text})`, { AF_UNIX: 1 })));
    const filter = compile(profile, { arch: 'x86_64' });
    const isPermitted = (arch: number, syscall: number, family: bigint): boolean =>
      simulate(filter, { arch, syscall, args: [family] }).permitted;
    const X86_64 = 0xc000_003e;
    const X86 = 0x4000_0003;
    const X32_BIT = 0x4000_0000;
    const sockets = [
      [X86_64, 41],
      [X86_64, 53],
      [X86_64, X32_BIT + 41],
      [X86, 359],
      [X86, 360],
    ] as const;
    for (const [arch, number] of sockets) {
      assert.ok(isPermitted(arch, number, 1n), `${arch} ${number}`);
      for (const family of [0n, 2n, 10n, 16n, 17n, 38n, 40n])
        assert.ok(!isPermitted(arch, number, family), `${arch} ${number} ${family}`);
    }
    assert.ok(!isPermitted(X86, 102, 1n));
  });
});
