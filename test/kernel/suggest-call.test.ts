// Suggestions for the name of a system call that a target lacks.
import assert from 'node:assert/strict';
import { ABIS, architecturesWith, knownSyscalls, syscallNumber, syscallsOf } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { callLike, didYouMeanCall } from '#lib/kernel/calls/suggest-call.js';

describe('did you mean, for system calls', () => {
  const table: readonly (readonly [AbiName, string, string | undefined])[] = [
    ['x86_64', 'pwrite', 'pwrite64'],
    ['x86_64', 'pread', 'pread64'],
    ['x86_64', 'newstat', 'stat'],
    ['aarch64', 'newstat', 'newfstatat'],
    ['x86_64', 'fstatat', 'newfstatat'],
    ['x86', 'fstatat', 'fstatat64'],
    ['x86_64', 'timerfd', 'timerfd_create'],
    ['x86_64', 'newuname', 'uname'],
    ['x86_64', 'sys_read', 'read'],
    ['x86_64', '__NR_write', 'write'],
    ['x86_64', 'SYS_close', 'close'],
    ['x86_64', '__x64_sys_newuname', 'uname'],
    ['aarch64', '__arm64_sys_openat', 'openat'],
    ['x86_64', 'SYS_pwrite', 'pwrite64'],
    ['x86_64', 'sys_waitpid', 'wait4'],
    ['x86_64', 'OPENAT', 'openat'],
    ['arm', 'fadvise64_64', 'arm_fadvise64_64'],
    ['x86_64', 'fadvise64_64', 'fadvise64'],
    ['x86_64', 'syscall', undefined],
    ['x86_64', 'set_tls', undefined],
    ['x86_64', 'spu_run', undefined],
    ['x86_64', 'send', 'sendto'],
    ['x86_64', 'recv', 'recvfrom'],
    ['x86_64', 'stime', 'settimeofday'],
    ['x86_64', 'waitpid', 'wait4'],
    ['aarch64', 'mkdir', 'mkdirat'],
    ['aarch64', 'opn', undefined],
    ['x86_64', 'fchmodat22', 'fchmodat2'],
    ['x86_64', 'chmodd', 'chmod'],
    ['x86_64', 'chmdo', 'chmod'],
    ['x86_64', 'qqqqqqqq', undefined],
  ];
  for (const [abi, name, expected] of table)
    it(`${name} on ${abi}: ${expected ?? 'nothing'}`, () => assert.equal(callLike(name, [abi]), expected));

  it('never names a call that the ABIs lack, nor the name itself', () => {
    const names = (Object.keys(ABIS) as AbiName[]).flatMap(abi => [...syscallsOf(abi).keys()]);
    for (const abi of ['x86_64', 'aarch64'] as const) {
      for (const name of new Set(names)) {
        if (syscallNumber(abi, name) !== undefined) continue;
        for (const written of [name, `sys_${name}`, `${name}x`]) {
          const call = callLike(written, [abi]);
          assert.ok(
            call === undefined || syscallNumber(abi, call) !== undefined,
            `${written}: ${call ?? ''}`,
          );
          assert.notEqual(call, written);
        }
      }
    }
  });

  for (const [abi, name, expected] of [
    ['x86_64', 'spu_run', '"spu_run" is a system call only of powerpc. Remove it'],
    ['x86_64', 'vm86', '"vm86" is a system call only of x86. Remove it'],
    ['aarch64', 'arch_prctl', '"arch_prctl" is a system call only of x86_64, x86 and x32. Remove it'],
    ['x86_64', 'llseek', 'Did you mean "lseek"?'],
    ['x86_64', 'riscv_hwprobe', '"riscv_hwprobe" is a system call only of riscv. Remove it'],
    ['x86_64', 'send', 'Did you mean "sendto"?'],
    ['x86_64', 'qqqqqqqq', 'Remove it'],
  ] as const)
    it(`the advice for ${name} on ${abi}: ${expected}`, () =>
      assert.equal(didYouMeanCall(name, [abi], 'Remove it'), expected));

  it('lists the architectures of every call', () => {
    for (const name of knownSyscalls()) assert.notDeepEqual(architecturesWith(name), [], name);
    assert.deepEqual(architecturesWith('read'), ['x86_64', 'x86', 'x32', 'aarch64', 'arm']);
    assert.deepEqual(architecturesWith('opneat'), []);
  });
});
