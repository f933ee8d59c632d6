// Listings: the notation, which values are named, and programs that no kernel would accept.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { annotate, disassemble } from '#lib/bpf/listing/disassemble.js';
import { encode, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ARCH_S390X } from '#lib/kernel/constants.js';
import { Random, seed } from '../support/random.js';
import { randomProgram } from '../support/random-program.js';

const insn = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const ret = insn(BPF.RET_K, SCMP_ACT_ALLOW);

/** The statement of the first instruction. */
const first = (...program: Program): string => annotate(program)[0]?.text ?? '';

describe('listing: statements', () => {
  const statements: readonly (readonly [text: string, instruction: Instruction])[] = [
    ['A = sys_number', insn(BPF.LD_ABS, 0)],
    ['A = arch', insn(BPF.LD_ABS, 4)],
    ['A = instruction_pointer', insn(BPF.LD_ABS, 8)],
    ['A = instruction_pointer >> 32', insn(BPF.LD_ABS, 12)],
    ['A = args[0]', insn(BPF.LD_ABS, 16)],
    ['A = args[5] >> 32', insn(BPF.LD_ABS, 60)],
    ['A = data[3]', insn(BPF.LD_ABS, 3)],
    ['A = data[64]', insn(BPF.LD_ABS, 64)],
    ['A = 0x40', insn(BPF.LD_IMM, 64)],
    ['A = sizeof(struct seccomp_data)', insn(BPF.LD_LEN)],
    ['A = mem[3]', insn(BPF.LD_MEM, 3)],
    ['X = 0x7', insn(BPF.LDX_IMM, 7)],
    ['X = sizeof(struct seccomp_data)', insn(BPF.LDX_LEN)],
    ['X = mem[15]', insn(BPF.LDX_MEM, 15)],
    ['mem[0] = A', insn(BPF.ST, 0)],
    ['mem[1] = X', insn(BPF.STX, 1)],
    ['X = A', insn(BPF.TAX)],
    ['A = X', insn(BPF.TXA)],
    ['A = -A', insn(BPF.NEG)],
    ['A += 0x1', insn(BPF.ADD_K, 1)],
    ['A -= X', insn(BPF.SUB_X)],
    ['A *= 0x2', insn(BPF.MUL_K, 2)],
    ['A /= X', insn(BPF.DIV_X)],
    ['A |= 0x80000000', insn(BPF.OR_K, 0x80000000)],
    ['A &= 0xff', insn(BPF.AND_K, 0xff)],
    ['A <<= 0x4', insn(BPF.LSH_K, 4)],
    ['A >>= X', insn(BPF.RSH_X)],
    ['A ^= 0xffffffff', insn(BPF.XOR_K, 0xffffffff)],
    ['goto 0001', insn(BPF.JA, 0)],
    ['goto 4294967296', insn(BPF.JA, 0xffffffff)],
    ['if (A == 0x5) goto 0003', insn(BPF.JEQ_K, 5, 2, 0)],
    ['if (A != 0x5) goto 0003', insn(BPF.JEQ_K, 5, 0, 2)],
    ['if (A == 0x5) goto 0002 else goto 0003', insn(BPF.JEQ_K, 5, 1, 2)],
    ['if (A == 0x5) goto 0001', insn(BPF.JEQ_K, 5, 0, 0)],
    ['if (A > X) goto 0002', insn(BPF.JGT_X, 0, 1, 0)],
    ['if (A <= 0x5) goto 0002', insn(BPF.JGT_K, 5, 0, 1)],
    ['if (A < 0x5) goto 0002', insn(BPF.JGE_K, 5, 0, 1)],
    ['if (A & 0x5) goto 0002', insn(BPF.JSET_K, 5, 1, 0)],
    ['if (!(A & X)) goto 0002', insn(BPF.JSET_X, 0, 0, 1)],
    ['return ALLOW', ret],
    ['return KILL_PROCESS', insn(BPF.RET_K, 0x80000000)],
    ['return KILL_THREAD', insn(BPF.RET_K, 0)],
    ['return ERRNO(EPERM)', insn(BPF.RET_K, SCMP_ACT_ERRNO(1))],
    ['return ERRNO(0)', insn(BPF.RET_K, SCMP_ACT_ERRNO(0))],
    ['return ERRNO(65535)', insn(BPF.RET_K, SCMP_ACT_ERRNO(65535))],
    ['return TRACE(7)', insn(BPF.RET_K, SCMP_ACT_TRACE(7))],
    ['return ALLOW(3)', insn(BPF.RET_K, SCMP_ACT_ALLOW + 3)],
    ['return 0x12345678', insn(BPF.RET_K, 0x12345678)],
    ['return A', insn(BPF.RET_A)],
    ['return A with jt=0x1, jf=0x2, k=0x3', insn(BPF.RET_A, 3, 1, 2)],
    ['if (A == X) goto 0002 with k=0x5', insn(BPF.JEQ_X, 5, 1, 0)],
    ['unknown instruction 0x0094 1 2 0x00000003', insn(0x94, 3, 1, 2)],
  ];
  for (const [text, instruction] of statements) {
    it(text, () => {
      assert.equal(first(instruction), text);
    });
  }
});

describe('listing: names', () => {
  const archTest = (abi: AbiName): Program => [
    insn(BPF.LD_ABS, 4),
    insn(BPF.JEQ_K, ABIS[abi].audit, 1, 0),
    insn(BPF.RET_K, 0),
    insn(BPF.LD_ABS, 0),
  ];
  const tested = (abi: AbiName, k: number, code: number = BPF.JEQ_K): string =>
    annotate([...archTest(abi), insn(code, k, 1, 0), ret, ret])[4]?.text ?? '';

  for (const abi of ['x86_64', 'x86', 'aarch64', 'arm'] as const) {
    it(`names calls of ${abi} after a test of the architecture`, () => {
      assert.equal(tested(abi, syscallNumber(abi, 'write') ?? 0), 'if (A == write) goto 0006');
    });
  }

  it('prefixes calls of x32, which shares the architecture of x86_64', () => {
    assert.equal(tested('x86_64', 0x40000001), 'if (A == x32.write) goto 0006');
  });

  it('shows the boundary between x86_64 and x32 as a number', () => {
    assert.equal(tested('x86_64', 0x40000000, BPF.JGE_K), 'if (A >= 0x40000000) goto 0006');
  });

  it('shows masks and unnamed numbers as numbers', () => {
    assert.equal(tested('x86_64', 1, BPF.JSET_K), 'if (A & 0x1) goto 0006');
    assert.equal(tested('x86_64', 999_999), 'if (A == 0xf423f) goto 0006');
  });

  it('names architectures that are not supported', () => {
    assert.equal(
      annotate([insn(BPF.LD_ABS, 4), insn(BPF.JEQ_K, SCMP_ARCH_S390X), ret])[1]?.text,
      'if (A == ARCH_S390X) goto 0002',
    );
  });

  it('names no call if the architecture was not tested, or if several lead there', () => {
    assert.equal(
      annotate([insn(BPF.LD_ABS, 0), insn(BPF.JEQ_K, 1), ret])[1]?.text,
      'if (A == 0x1) goto 0002',
    );
    const both = [
      insn(BPF.LD_ABS, 4),
      insn(BPF.JEQ_K, ABIS.x86_64.audit, 1, 0),
      insn(BPF.JEQ_K, ABIS.aarch64.audit, 0, 2),
      insn(BPF.LD_ABS, 0),
      insn(BPF.JEQ_K, 1, 0, 0),
      ret,
    ];
    assert.equal(annotate(both)[4]?.text, 'if (A == 0x1) goto 0005');
  });

  it('uses and shows the given ABI there, because nothing proves it', () => {
    const program = [insn(BPF.LD_ABS, 0), insn(BPF.JEQ_K, 1), ret];
    assert.equal(annotate(program, { abi: 'aarch64' })[1]?.text, 'if (A == aarch64.io_destroy) goto 0002');
    assert.equal(annotate(program, { abi: 'x32' })[1]?.text, 'if (A == 0x1) goto 0002');
  });

  it('names nothing after the accumulator has changed', () => {
    const program = [...archTest('x86_64'), insn(BPF.AND_K, 0xff), insn(BPF.JEQ_K, 1), ret];
    assert.equal(annotate(program)[5]?.text, 'if (A == 0x1) goto 0006');
  });

  it('still names values after X or scratch words have changed', () => {
    const program = [
      ...archTest('x86_64'),
      insn(BPF.LDX_IMM, 3),
      insn(BPF.ST, 0),
      insn(BPF.TAX),
      insn(BPF.JEQ_K, 1),
      ret,
    ];
    assert.equal(annotate(program)[7]?.text, 'if (A == write) goto 0008');
  });

  it('names the call of a loaded argument, even if only ordered comparisons determine it', () => {
    const settled = [
      ...archTest('x86_64'),
      insn(BPF.JGT_K, 41, 3, 0),
      insn(BPF.JGE_K, 41, 0, 2),
      insn(BPF.LD_ABS, 16),
      ret,
      ret,
    ];
    assert.match(disassemble(settled), /^ 0006: .* A = args\[0\] {2}# socket$/m);
  });

  it('marks unreachable code', () => {
    assert.match(disassemble([ret, ret]), /^ 0001: .*return ALLOW {2}# not reached$/m);
  });
});

describe('listing: forms', () => {
  const program = [insn(BPF.LD_ABS, 4), insn(BPF.JEQ_K, ABIS.aarch64.audit, 0, 1), ret, insn(BPF.RET_K, 0)];

  it('shows fields and line numbers', () => {
    assert.equal(
      disassemble(program),
      [
        ' line  CODE  JT   JF      K',
        '=================================',
        ' 0000: 0x20 0x00 0x00 0x00000004  A = arch',
        ' 0001: 0x15 0x00 0x01 0xc00000b7  if (A != ARCH_AARCH64) goto 0003',
        ' 0002: 0x06 0x00 0x00 0x7fff0000  return ALLOW',
        ' 0003: 0x06 0x00 0x00 0x00000000  return KILL_THREAD',
        '',
      ].join('\n'),
    );
  });

  it('omits the fields', () => {
    assert.match(
      disassemble(program, { form: 'plain' }),
      /^ 0000: A = arch\n 0001: if \(A != ARCH_AARCH64\) goto 0003\n/,
    );
  });

  it('writes labels for the lines that are jumped to', () => {
    assert.equal(
      disassemble(program, { form: 'source' }),
      '  A = arch\n  if (A != ARCH_AARCH64) goto L3\n  return ALLOW\nL3:\n  return KILL_THREAD\n',
    );
  });

  it('is the same for a filter, its program and its bytes', () => {
    const filter = compile('docker-default', { arch: 'aarch64' });
    for (const source of [filter, filter.program, filter.bpf])
      assert.equal(disassemble(source), filter.disassembly);
  });

  it('returns each instruction with its fields, its statement, its targets and the facts there', () => {
    assert.deepEqual(annotate(program)[1], {
      index: 1,
      code: BPF.JEQ_K,
      jt: 0,
      jf: 1,
      k: ABIS.aarch64.audit,
      text: 'if (A != ARCH_AARCH64) goto 0003',
      targets: [2, 3],
      reached: true,
    });
    const reached = annotate(program)[2];
    assert.deepEqual([reached?.arch, reached?.targets], ['ARCH_AARCH64', []]);
  });

  it('refuses invalid options and sources', () => {
    assert.throws(() => disassemble(program, { form: 'long' as 'plain' }), { code: 'bad-option' });
    assert.throws(() => disassemble(program, { abi: 'mips' as AbiName }), { code: 'bad-option' });
    assert.throws(() => disassemble(program, { labels: true } as object), { code: 'bad-option' });
    assert.throws(() => disassemble('A = arch' as unknown as Program), { code: 'bad-filter' });
    assert.throws(() => disassemble(new Uint8Array(7)), { code: 'bad-program-size' });
  });
});

describe('listing: programs of any origin', () => {
  const start = seed();

  it(`one line per instruction, for any bytes (SEED=${start})`, () => {
    const random = new Random(start);
    for (let round = 0; round < 300; round++) {
      const length = 1 + random.below(40);
      const bytes =
        round % 2 === 0
          ? Buffer.from(Array.from({ length: 8 * length }, () => random.below(256)))
          : encode(randomProgram(random, length));
      for (const form of ['listing', 'plain', 'source'] as const) {
        const lines = disassemble(bytes, { form }).split('\n');
        assert.equal(lines.filter(line => line !== '' && !/^(?: line|=|L\d+:)/.test(line)).length, length);
      }
      assert.equal(annotate(bytes).length, length);
    }
  });
});
