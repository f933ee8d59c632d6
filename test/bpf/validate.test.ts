// Which programs `validate` accepts and refuses, compared with the kernel.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { ProgramError, UsageError } from '#lib/util/errors.js';
import { encode, validate, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import { kernelVerdicts } from '../support/kernel.js';
import { Random, seed } from '../support/random.js';
import { damaged, randomProgram } from '../support/random-program.js';

const EINVAL = 22;
const insn = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const ret = insn(BPF.RET_K, SCMP_ACT_ALLOW);
const returns = (count: number): Program => new Array<Instruction>(count).fill(ret);

/** The reason for a refusal, or undefined. */
function refusal(program: Program): string | undefined {
  try {
    validate(program);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ProgramError);
    return error.message;
  }
}

describe('validation: rejects what the kernel rejects, with the instruction and the reason', () => {
  const refused: readonly (readonly [reason: RegExp, program: Program])[] = [
    [/1 to 4096 instructions, this one 0/, []],
    [/this one 4097/, returns(4097)],
    [/instruction 0: opcode 0x0030/, [insn(0x30), ret]],
    [/instruction 0: opcode 0x0094/, [insn(0x94, 3), ret]],
    [/instruction 0: opcode 0x0120/, [insn(0x120), ret]],
    [/instruction 0: opcode 0x000e/, [insn(0x0e), ret]],
    [/instruction 0: offset 64 is outside/, [insn(BPF.LD_ABS, 64), ret]],
    [/instruction 0: offset 4294963200 is outside/, [insn(BPF.LD_ABS, 0xfffff000), ret]],
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
    [/instruction 1: scratch word 0 is read before/, [ret, insn(BPF.LD_MEM, 0), ret]],
    [
      /instruction 3: scratch word 0 is read before/,
      [insn(BPF.JA, 1), insn(BPF.ST, 0), ret, insn(BPF.LDX_MEM, 0), ret],
    ],
    [/instruction 0: division by zero/, [insn(BPF.DIV_K, 0), ret]],
    [/instruction 0: a shift by 32/, [insn(BPF.LSH_K, 32), ret]],
    [/instruction 0: a shift by 4294967295/, [insn(BPF.RSH_K, 0xffffffff), ret]],
    [/instruction 1: the last instruction must be a return/, [ret, insn(BPF.LD_IMM)]],
    [/instruction 1: the last instruction must be a return/, [ret, insn(BPF.DIV_X)]],
  ];
  const verdicts = kernelVerdictsOnce(() => refused.map(([, program]) => program));
  refused.forEach(([reason, program], index) => {
    it(`${reason.source} (${program.length} instructions)`, () => {
      assert.match(refusal(program) ?? 'accepted', reason);
      assert.equal(verdicts()[index], EINVAL);
    });
  });

  const accepted: readonly (readonly [what: string, program: Program])[] = [
    ['the longest program', returns(4096)],
    ['code that nothing reaches', [ret, insn(BPF.LD_IMM), ret]],
    [
      'a scratch word read after a jump from where it was written',
      [insn(BPF.ST, 0), insn(BPF.JA, 1), ret, insn(BPF.LD_MEM, 0), ret],
    ],
    [
      'an unwritten scratch word read where only a jump over it could have led',
      [insn(BPF.JA, 1), insn(BPF.LD_MEM, 7), ret],
    ],
    ['a division by X, which may be zero', [insn(BPF.DIV_X), ret]],
    [
      'anything in fields that an instruction does not use',
      [insn(BPF.TAX, 5, 200, 3), insn(BPF.RET_A, 0xffffffff, 255, 255)],
    ],
    ['an action that the kernel does not know', [insn(BPF.RET_K, 0x12345678)]],
  ];
  const others = kernelVerdictsOnce(() => accepted.map(([, program]) => program));
  accepted.forEach(([what, program], index) => {
    it(`not ${what}`, () => {
      assert.equal(refusal(program), undefined);
      assert.equal(others()[index], 0);
    });
  });
});

describe('validation and the kernel', () => {
  const start = seed();

  it(`agree on generated programs, which both accept (SEED=${start})`, () => {
    const random = new Random(start);
    const programs = Array.from({ length: 500 }, () =>
      randomProgram(random, 1 + random.below(random.chance(0.1) ? 4096 : 60)),
    );
    for (const program of programs) assert.equal(refusal(program), undefined);
    assert.deepEqual(new Set(kernelVerdicts(programs)), new Set([0]));
  });

  it(`agree on damaged programs with arbitrary actions (SEED=${start})`, () => {
    const random = new Random(start);
    const real = compile('docker-default', { arch: 'x86_64' }).program;
    const programs = Array.from({ length: 20_000 }, () =>
      damaged(random, random.chance(0.02) ? real : randomProgram(random, 1 + random.below(30))),
    );
    const verdicts = kernelVerdicts(programs);
    const taken = verdicts.filter(verdict => verdict === 0).length;
    assert.ok(taken > 1000 && taken < 19_000, `${taken} of 20,000 are taken: the damage says nothing`);
    programs.forEach((program, index) => {
      const reason = refusal(program);
      assert.equal(
        verdicts[index],
        reason === undefined ? 0 : EINVAL,
        `program ${index} of SEED=${start}: ${reason ?? 'accepted'}\n${JSON.stringify(program)}`,
      );
    });
  });
});

describe('validate and encode', () => {
  it('say what to pass instead of bytes and other values', () => {
    for (const value of [Buffer.alloc(16), 'text', undefined, { program: [] }])
      for (const use of [validate, encode])
        assert.throws(
          () => use(value as never),
          (error: unknown) =>
            error instanceof UsageError && error.code === 'bad-filter' && error.message.includes('decode'),
        );
  });
});

/** Gets the kernel's verdicts when the first test needs them. */
function kernelVerdictsOnce(programs: () => readonly Program[]): () => readonly number[] {
  let verdicts: readonly number[] | undefined;
  return () => (verdicts ??= kernelVerdicts(programs()));
}
