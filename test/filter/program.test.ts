// Programs as bytes, and the rules by which the kernel accepts them.
import assert from 'node:assert/strict';
import { compile } from '#lib/compile.js';
import { disassemble } from '#lib/filter/disassemble.js';
import { interpret, seccompData } from '#lib/filter/interpret.js';
import { BPF, decode, encode, validate, type Instruction, type Program } from '#lib/filter/program.js';
import { SCMP_ACT_ALLOW } from '#lib/policy/constants.js';

const insn = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const ret = insn(BPF.RET_K, SCMP_ACT_ALLOW);

describe('program: bytes', () => {
  it('come back as they were', () => {
    const { bpf, program } = compile('docker-default', { arch: 'x86_64' });
    assert.deepEqual(decode(bpf), program);
    assert.deepEqual(encode(program), bpf);
  });

  it('are a copy each time, so that nobody changes a filter from outside', () => {
    const filter = compile('docker-default', { arch: 'x86_64' });
    filter.bpf.fill(0);
    assert.deepEqual(encode(filter.program), filter.bpf);
    assert.throws(() => {
      (filter.program as Instruction[])[0] = ret;
    }, TypeError);
  });

  it('of one profile are the same on every run and for either spelling of the target', () => {
    assert.deepEqual(
      compile('docker-default', { arch: 'aarch64' }).bpf,
      compile('docker-default', { arch: 'aarch64', capabilities: [] }).bpf,
    );
  });
});

describe('program: validation', () => {
  const refused: readonly (readonly [reason: RegExp, program: Program])[] = [
    [/1 to 4096 instructions, this one 0/, []],
    [/this one 4097/, new Array<Instruction>(4097).fill(ret)],
    [/instruction 0: opcode 0x0030/, [insn(0x30), ret]],
    [/instruction 0: offset 64 is outside/, [insn(BPF.LD_ABS, 64), ret]],
    [/instruction 0: offset 2 is not a multiple/, [insn(BPF.LD_ABS, 2), ret]],
    [/instruction 0: the jump goes to 2/, [insn(BPF.JA, 1), ret]],
    [/instruction 0: the jump goes to 4294967296/, [insn(BPF.JA, 0xffffffff), ret]],
    [/instruction 0: the jump if true goes to 2/, [insn(BPF.JEQ_K, 0, 1, 0), ret]],
    [/instruction 0: the jump if false goes to 3/, [insn(BPF.JEQ_K, 0, 0, 2), ret]],
    [/instruction 0: there is no scratch word 16/, [insn(BPF.ST, 16), ret]],
    [/instruction 0: scratch word 1 is read before/, [insn(BPF.LD_MEM, 1), ret]],
    [
      /instruction 2: scratch word 0 is read before/,
      [insn(BPF.JEQ_K, 0, 1, 0), insn(BPF.ST, 0), insn(BPF.LD_MEM, 0), ret],
    ],
    [/instruction 0: division by zero/, [insn(BPF.DIV_K, 0), ret]],
    [/instruction 0: a shift by 32/, [insn(BPF.LSH_K, 32), ret]],
    [/instruction 1: the last instruction must be a return/, [ret, insn(BPF.LD_IMM)]],
  ];
  for (const [reason, program] of refused) {
    it(`refuses: ${reason.source}`, () => {
      assert.throws(() => {
        validate(program);
      }, reason);
    });
  }
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

  it('answers 0 to a division by an X of zero, as the kernel does', () => {
    assert.equal(interpret([insn(BPF.LD_IMM, 7), insn(BPF.DIV_X), ret], new Uint32Array(16)).action, 0);
  });
});

describe('disassembly', () => {
  it('names architectures, calls, arguments and actions, and gives targets as lines', () => {
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

  it('takes raw bytes too', () => {
    const { bpf, disassembly } = compile('docker-default', { arch: 'aarch64' });
    assert.equal(disassemble(bpf), disassembly);
  });
});
