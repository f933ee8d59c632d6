// The parts that isolation closes on each kernel, and the meaning of its filter layer on every ABI.
import assert from 'node:assert/strict';
import { compilePolicy } from '#lib/filter/compile.js';
import { ABIS, syscallNumber, X32_BIT } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO } from '#lib/kernel/constants.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { abisOf, type Architecture } from '#lib/kernel/architectures.js';
import { isolationOf } from '#lib/process/isolation/isolation.js';
import { isolationPolicy } from '#lib/process/isolation/isolation-layer.js';
import { errnoNumber } from '#lib/kernel/errno.js';

const REFUSED = SCMP_ACT_ERRNO(1);
const TIOCSTI = 0x5412n;
const TIOCLINUX = 0x541cn;

const answer = (arch: Architecture, abi: AbiName, number: number, ...args: readonly bigint[]): number =>
  evaluate(isolationPolicy(arch), {
    arch: ABIS[abi].audit,
    syscall: number,
    args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6),
    instructionPointer: 0n,
  });

describe('the filter layer of isolation', () => {
  for (const arch of ['x86_64', 'aarch64'] as const) {
    it(`is proven for ${arch}, and has fewer than 64 instructions`, () => {
      assert.ok(compilePolicy(isolationPolicy(arch)).program.length < 64);
    });
    for (const abi of abisOf(arch)) {
      const numberOf = (name: string): number =>
        syscallNumber(abi, name) ?? assert.fail(`${abi} has no ${name}`);
      it(`refuses to type into a terminal on ${abi}, by the low 32 bits of the request`, () => {
        const ioctl = numberOf('ioctl');
        for (const request of [TIOCSTI, TIOCLINUX]) {
          assert.equal(answer(arch, abi, ioctl, 0n, request), REFUSED);
          assert.equal(answer(arch, abi, ioctl, 7n, 0xdeadbeef00000000n | request), REFUSED);
        }
        for (const request of [0x5401n, 0x5413n, 0x5411n, 0n])
          assert.equal(answer(arch, abi, ioctl, 0n, request), SCMP_ACT_ALLOW);
      });
      it(`refuses new limits for other processes on ${abi}, but not for the process itself`, () => {
        const prlimit = numberOf('prlimit64');
        assert.equal(answer(arch, abi, prlimit, 1n, 7n, 0x1000n, 0n), REFUSED);
        assert.equal(answer(arch, abi, prlimit, 0xdead00000001n, 7n, 0x1000n, 0n), REFUSED);
        // Conditions on x32 compare only half of a pointer, so it may not even read the limits of other processes.
        assert.equal(
          answer(arch, abi, prlimit, 1n, 7n, 0n, 0x1000n),
          abi === 'x32' ? REFUSED : SCMP_ACT_ALLOW,
        );
        assert.equal(answer(arch, abi, prlimit, 0n, 7n, 0n, 0x1000n), SCMP_ACT_ALLOW);
        assert.equal(answer(arch, abi, prlimit, 0n, 7n, 0x1000n, 0n), SCMP_ACT_ALLOW);
        // The kernel reads the process as an int.
        assert.equal(answer(arch, abi, prlimit, 0x100000000n, 7n, 0x1000n, 0n), SCMP_ACT_ALLOW);
        if (ABIS[abi].width === 64 || abi === 'x32')
          assert.equal(answer(arch, abi, prlimit, 1n, 7n, 0x100000000n, 0n), REFUSED);
      });
    }
  }

  it('covers the x32 numbers that older kernels serve without bit 30', () => {
    assert.equal(answer('x86_64', 'x86_64', 514, 0n, TIOCSTI), REFUSED);
    assert.equal(answer('x86_64', 'x32', X32_BIT + 16, 0n, TIOCSTI), REFUSED);
  });

  it("leaves every other call and ABI to the profile's filter", () => {
    for (const name of ['execve', 'kill', 'ptrace', 'setrlimit', 'read'])
      assert.equal(answer('x86_64', 'x86_64', syscallNumber('x86_64', name) ?? -1), SCMP_ACT_ALLOW, name);
    assert.equal(answer('x86_64', 'aarch64', 29, 0n, TIOCSTI), SCMP_ACT_ALLOW);
  });
});

describe('isolationOf', () => {
  const kernel = (landlock: number, landlockError = 0) => ({ release: '6.1.0', landlock, landlockError });
  const always = ['descriptors', 'terminal', 'limits'];
  for (const [abi, closed, refusesMounts] of [
    [0, always, false],
    [1, always, false],
    [2, ['memory', ...always], true],
    [5, ['memory', ...always], true],
    [6, ['memory', 'signals', 'abstract-sockets', ...always], false],
    [7, ['memory', 'signals', 'abstract-sockets', ...always], false],
  ] as const) {
    it(`closes ${closed.join(', ')} with ABI ${abi} of Landlock`, () => {
      const isolation = isolationOf('best-effort', kernel(abi));
      assert.deepEqual(isolation.closed, closed);
      assert.equal(isolation.refusesMounts, refusesMounts);
      assert.equal(isolation.closed.length + isolation.open.length, 6);
    });
  }

  for (const [errno, expected] of [
    ['ENOSYS', /has no Landlock/],
    ['EOPNOTSUPP', /disabled at boot.*lsm=/],
    ['EPERM', /a loaded filter/],
  ] as const) {
    it(`reports why Landlock is unavailable after ${errno}`, () => {
      assert.match(isolationOf('best-effort', kernel(0, errnoNumber(errno))).open[0]?.reason ?? '', expected);
    });
  }

  it('closes the parts of the layer with terminal, and nothing with none', () => {
    assert.deepEqual(isolationOf('terminal', kernel(7)).closed, ['terminal', 'limits']);
    assert.deepEqual(isolationOf('none', kernel(7)).closed, []);
    assert.match(isolationOf('none', kernel(7)).open[0]?.reason ?? '', /isolation is 'none'/);
  });
});
