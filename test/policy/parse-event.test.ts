// Calls in human-readable notation.
import assert from 'node:assert/strict';
import { SeccompError } from '#lib/util/errors.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { parseEvent } from '#lib/policy/parse-event.js';

describe('a call in words', () => {
  const cases: readonly (readonly [line: string, abi: AbiName, name: string, args: readonly bigint[]])[] = [
    ['getpid', 'x86_64', 'getpid', []],
    ['  getpid  ', 'x86_64', 'getpid', []],
    ['socket AF_UNIX SOCK_STREAM|SOCK_CLOEXEC 0', 'x86_64', 'socket', [1n, 0x80001n, 0n]],
    ['openat AT_FDCWD 0 O_RDONLY|O_CLOEXEC', 'x86_64', 'openat', [0xffffff9cn, 0n, 0x80000n]],
    ['openat -100 0x7ffe0000 0', 'x86_64', 'openat', [0xffffff9cn, 0x7ffe0000n, 0n]],
    ['lseek 3 -1 0', 'x86_64', 'lseek', [3n, 0xffffffffffffffffn, 0n]],
    ['x86:lseek 3 -1', 'x86_64', 'lseek', [3n, 0xffffffffn]],
    ['unshare CLONE_NEWUSER', 'aarch64', 'unshare', [0x10000000n]],
    ['openat AT_FDCWD 0 O_DIRECT', 'aarch64', 'openat', [0xffffff9cn, 0n, 0x10000n]],
    ['openat AT_FDCWD 0 O_DIRECT', 'x86_64', 'openat', [0xffffff9cn, 0n, 0x4000n]],
    ['x32:read 1', 'x86_64', 'read', [1n]],
    ['read 1 2 3 4 5 6', 'arm', 'read', [1n, 2n, 3n, 4n, 5n, 6n]],
  ];
  for (const [line, abi, name, args] of cases) {
    it(`${line.trim()} on ${abi}`, () => {
      const named = /^(\w+):/.exec(line)?.[1];
      const spoken = Object.values(ABIS).find(each => each.name === named) ?? ABIS[abi];
      assert.deepEqual(parseEvent(line, abi), {
        arch: spoken.audit,
        syscall: syscallNumber(spoken.name, name),
        args,
      });
    });
  }

  const numbers: readonly (readonly [line: string, syscall: number])[] = [
    ['41', 41],
    ['0x29', 41],
    ['-1', 0xffffffff],
    ['4294967295', 0xffffffff],
    ['x32:41', 0x40000029],
    ['x32:0x40000029', 0x40000029],
  ];
  for (const [line, syscall] of numbers) {
    it(`parses ${line} as a number`, () => {
      assert.equal(parseEvent(line, 'x86_64').syscall, syscall);
    });
  }

  it('parses arguments of calls by number too', () => {
    assert.deepEqual(parseEvent('257 -100', 'x86_64').args, [0xffffff9cn]);
  });

  const refused: readonly (readonly [line: string, code: string, message: RegExp])[] = [
    ['', 'bad-event', /"" is not a system call/],
    ['4294967296', 'unknown-syscall', /x86_64 has no system call "4294967296"/],
    ['-2147483649', 'bad-event', /not a system call/],
    ['1.5', 'bad-event', /not a system call/],
    ['sparc:read', 'bad-event', /no ABI "sparc"\. Write one of: x86_64, x86/],
    ['__proto__:read', 'bad-event', /no ABI/],
    ['constructor', 'unknown-syscall', /no system call "constructor"/],
    ['opnat 1', 'unknown-syscall', /Did you mean "openat"\?/],
    ['aarch64:open 1', 'unknown-syscall', /aarch64 has no system call "open"/],
    ['read 1 2 3 4 5 6 7', 'bad-event', /has 7 arguments\. A call has up to 6/],
    ['socket AF_UNIXX', 'unknown-constant', /Did you mean "AF_UNIX"\?/],
    ['socket 1e3', 'bad-value', /int domain/],
    ['x86:read 0x100000000', 'bad-value', /0x100000000/],
  ];
  for (const [line, code, message] of refused) {
    it(`refuses ${JSON.stringify(line)}`, () => {
      assert.throws(
        () => parseEvent(line, 'x86_64'),
        (error: unknown) =>
          error instanceof SeccompError && error.code === code && message.test(error.message),
      );
    });
  }

  it('keeps messages short for any input', () => {
    const line = `${'x'.repeat(1_000_000)} 1`;
    assert.throws(
      () => parseEvent(line, 'x86_64'),
      (error: unknown) => error instanceof SeccompError && error.message.length < 300,
    );
  });
});
