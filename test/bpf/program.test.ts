// Programs as bytes, and the rules by which the kernel accepts them.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { disassemble } from '#lib/bpf/listing/disassemble.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { decode, encode, type Instruction } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';

const insn = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const ret = insn(BPF.RET_K, SCMP_ACT_ALLOW);

describe('program: bytes', () => {
  it('decode to the same program', () => {
    const { bpf, program } = compile('docker-default', { arch: 'x86_64' });
    assert.deepEqual(decode(bpf), program);
    assert.deepEqual(encode(program), bpf);
  });

  it('are a copy each time, so that a filter cannot be changed from outside', () => {
    const filter = compile('docker-default', { arch: 'x86_64' });
    filter.bpf.fill(0);
    assert.deepEqual(encode(filter.program), filter.bpf);
    assert.throws(() => {
      (filter.program as Instruction[])[0] = ret;
    }, TypeError);
  });

  it('of a profile are the same on every run and for either spelling of the target', () => {
    assert.deepEqual(
      compile('docker-default', { arch: 'aarch64' }).bpf,
      compile('docker-default', { arch: 'aarch64', capabilities: [] }).bpf,
    );
  });
});

describe('interpreter', () => {
  const run = (...program: Instruction[]): number =>
    interpret(
      [...program, insn(BPF.RET_A)],
      seccompData({ arch: 0, syscall: 9, args: [0x1_0000_0005n], instructionPointer: 0n }),
    ).action;
  const cases: readonly (readonly [name: string, result: number, program: readonly Instruction[]])[] = [
    ['loads the number', 9, [insn(BPF.LD_ABS, 0)]],
    ['loads the low word of an argument', 5, [insn(BPF.LD_ABS, 16)]],
    ['loads the high word of an argument', 1, [insn(BPF.LD_ABS, 20)]],
    ['adds modulo 2^32', 4, [insn(BPF.LD_ABS, 16), insn(BPF.ADD_K, 0xffffffff)]],
    [
      'multiplies modulo 2^32',
      0x80000000,
      [insn(BPF.LD_IMM, 0xc0000000), insn(BPF.MUL_K, 0xaaaaaaaa), insn(BPF.AND_K, 0x80000000)],
    ],
    ['divides unsigned', 0x7fffffff, [insn(BPF.LD_IMM, 0xfffffffe), insn(BPF.DIV_K, 2)]],
    ['shifts right without sign', 1, [insn(BPF.LD_IMM, 0x80000000), insn(BPF.RSH_K, 31)]],
    ['negates', 0xfffffffb, [insn(BPF.LD_IMM, 5), insn(BPF.NEG)]],
    [
      'keeps words in X and in scratch',
      14,
      [
        insn(BPF.LD_ABS, 16),
        insn(BPF.TAX),
        insn(BPF.LD_ABS, 0),
        insn(BPF.ST, 2),
        insn(BPF.LD_MEM, 2),
        insn(BPF.ADD_X),
      ],
    ],
    ['knows the size of the data', 64, [insn(BPF.LD_LEN)]],
  ];
  for (const [name, result, program] of cases) {
    it(name, () => {
      assert.equal(run(...program), result);
    });
  }

  it('returns 0 for a division by an X of zero, as the kernel does', () => {
    assert.equal(interpret([insn(BPF.LD_IMM, 7), insn(BPF.DIV_X), ret], new Uint32Array(16)).action, 0);
  });
});

describe('disassembly', () => {
  it('names architectures, calls, arguments and actions, and shows jump targets as line numbers', () => {
    const listing = compile(
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [
          { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
        ],
      },
      { arch: 'x86_64', unknownSyscalls: 'default' },
    ).disassembly;
    assert.match(listing, /^ 0000: 0x20 0x00 0x00 0x00000004 {2}A = arch$/m);
    assert.match(listing, /if \(A != ARCH_X86_64\) goto \d{4}/);
    assert.match(listing, /\(A \S+ socket\)/);
    assert.match(listing, /A = args\[0\] >> 32/);
    assert.match(listing, /return ERRNO\(EPERM\)/);
    assert.match(listing, /return KILL_THREAD/);
  });

  it('accepts raw bytes too', () => {
    const { bpf, disassembly } = compile('docker-default', { arch: 'aarch64' });
    assert.equal(disassemble(bpf), disassembly);
  });
});
