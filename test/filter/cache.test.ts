// The kernel's cache of constant actions, as the kernel's source defines it.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { allowedByCache } from '#lib/filter/inspect/cache.js';
import type { Instruction, Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_LOG } from '#lib/kernel/constants.js';

const { program } = compile('docker-default', { arch: 'x86_64' });
const cached = (of: Program, abi: AbiName, name: string): boolean =>
  allowedByCache(of, ABIS[abi].audit, syscallNumber(abi, name) ?? -1);

const insn = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const allow = insn(BPF.RET_K, SCMP_ACT_ALLOW);
const deny = insn(BPF.RET_K, SCMP_ACT_ERRNO(1));

describe("the kernel's cache", () => {
  const cases: readonly (readonly [name: string, cached: boolean, abi: AbiName, call: string])[] = [
    ['answers a call that is allowed by number', true, 'x86_64', 'read'],
    ['answers one of a 32-bit ABI too', true, 'x86', 'read'],
    ['does not answer for x32', false, 'x32', 'read'],
    ['does not answer one that is denied', false, 'x86_64', 'mount'],
    ['does not answer one whose arguments count', false, 'x86_64', 'socket'],
    ['does not answer for another architecture', false, 'aarch64', 'read'],
  ];
  for (const [name, expected, abi, call] of cases) {
    it(name, () => {
      assert.equal(cached(program, abi, call), expected);
    });
  }

  const programs: readonly (readonly [name: string, cached: boolean, program: Program])[] = [
    ['takes in plain ALLOW', true, [allow]],
    [
      'takes in masks and jumps',
      true,
      [insn(BPF.LD_ABS, 0), insn(BPF.AND_K, 0xff), insn(BPF.JA, 1), deny, allow],
    ],
    ['takes in tests of the number', true, [insn(BPF.LD_ABS, 0), insn(BPF.JGT_K, 500, 0, 1), deny, allow]],
    [
      'takes in tests of the architecture',
      true,
      [insn(BPF.LD_ABS, 4), insn(BPF.JEQ_K, ABIS.x86_64.audit, 1, 0), deny, allow],
    ],
    ['leaves out LOG', false, [insn(BPF.RET_K, SCMP_ACT_LOG)]],
    ['leaves out ALLOW with data', false, [insn(BPF.RET_K, SCMP_ACT_ALLOW + 1)]],
    ['leaves out what A returns', false, [insn(BPF.LD_IMM, SCMP_ACT_ALLOW), insn(BPF.RET_A)]],
    ['leaves out other arithmetic', false, [insn(BPF.LD_ABS, 0), insn(BPF.ADD_K, 0), allow]],
    ['leaves out tests against X', false, [insn(BPF.LD_ABS, 0), insn(BPF.JEQ_X, 0, 0, 0), allow]],
    ['leaves out a program that looks at an argument, for nothing', false, [insn(BPF.LD_ABS, 16), allow]],
  ];
  for (const [name, expected, each] of programs) {
    it(name, () => {
      assert.equal(cached(each, 'x86_64', 'read'), expected);
    });
  }
});
