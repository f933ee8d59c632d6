// The proof: every program of this package passes, and every change of one instruction that changes an action is found.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { CompileError, VerificationError } from '#lib/util/errors.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { isConditional, validate, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { generate } from '#lib/filter/generate/generate.js';
import { findDifference, verify } from '#lib/filter/prove/verify.js';
import { evaluate } from '#lib/policy/evaluate.js';
import type { Event } from '#lib/kernel/event.js';
import type { Policy } from '#lib/policy/policy.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy, randomShape } from '../support/random-policy.js';

/** Every valid program that differs from this one in a jump, an operand or an opcode of one instruction. */
function* mutants(program: Program): Generator<Program> {
  for (const [index, instruction] of program.entries()) {
    for (const changed of changes(instruction)) {
      const mutant = program.with(index, changed);
      try {
        validate(mutant);
      } catch {
        continue; // the kernel would refuse it
      }
      yield mutant;
    }
  }
}

function changes(instruction: Instruction): readonly Instruction[] {
  const { code, jt, jf, k } = instruction;
  const operands = [k ^ 1, k + 1, k - 1, k ^ 0x80000000, 0]
    .map(value => value >>> 0)
    .filter(value => value !== k);
  const result = operands.map(value => ({ ...instruction, k: value }));
  if (!isConditional(instruction)) return result;
  const opposite = [BPF.JEQ_K, BPF.JGE_K, BPF.JGT_K, BPF.JSET_K]
    .filter(other => other !== code)
    .map(other => ({ ...instruction, code: other }));
  return [
    ...result,
    ...opposite,
    { ...instruction, jt: jf, jf: jt },
    { ...instruction, jt: jt + 1 },
    { ...instruction, jf: jf + 1 },
  ];
}

/** Whether a probe shows that a program differs from the policy: a second, slower way to check. */
function probed(program: Program, policy: Policy, random: Random): boolean {
  for (const event of probes(random, policy, 6)) {
    if (interpret(program, seccompData(event)).action !== evaluate(policy, event)) return true;
  }
  return false;
}

/** The difference, or 'undecidable' for an ordered comparison of masked bits: such a program would not be loaded either. */
function differenceOf(program: Program, policy: Policy): Event | 'undecidable' | undefined {
  try {
    return findDifference(program, policy);
  } catch (error) {
    if (error instanceof CompileError && error.code === 'undecidable-program') return 'undecidable';
    throw error;
  }
}

describe('verify', () => {
  it('refuses a program that the kernel would reject, whatever its actions', () => {
    const policy = randomPolicy(new Random(1), randomShape(new Random(1)));
    const unaligned = generate(policy).map(instruction =>
      instruction.code === BPF.LD_ABS ? { ...instruction, k: instruction.k + 1 } : instruction,
    );
    assert.throws(() => findDifference(unaligned, policy), { name: 'ProgramError' });
  });

  const start = seed();

  it(`finds every change of one instruction that a probe finds, with a witness (SEED=${start})`, () => {
    const random = new Random(start);
    let [caught, harmless] = [0, 0];
    for (let index = 0; index < 25; index++) {
      const policy = randomPolicy(random, {
        ...randomShape(random),
        abis: ['x86_64'],
        arch: 'x86_64',
        maxRules: 3,
      });
      for (const mutant of mutants(generate(policy))) {
        const difference = differenceOf(mutant, policy);
        if (difference === 'undecidable') continue;
        if (difference === undefined) {
          harmless++;
          assert.equal(probed(mutant, policy, random), false, `SEED=${start}, policy ${index}`);
        } else {
          caught++;
          assert.notEqual(
            interpret(mutant, seccompData(difference)).action,
            evaluate(policy, difference),
            'the witness is real',
          );
        }
      }
    }
    assert.ok(caught > 1000, `only ${caught} caught`);
    assert.ok(harmless < caught / 4, `${harmless} harmless, ${caught} caught`);
  });

  it('rejects a program with a wrong action for one call, and reports the call', () => {
    const { policy, program } = compile('docker-default', { arch: 'x86_64' });
    const wrong = program.map(instruction =>
      instruction.code === BPF.RET_K && instruction.k === 0x50026
        ? { ...instruction, k: 0x50001 }
        : instruction,
    );
    assert.throws(
      () => {
        verify(wrong, policy);
      },
      (error: unknown) => {
        assert.ok(error instanceof VerificationError);
        assert.equal(error.code, 'verification-failed');
        assert.equal(interpret(wrong, seccompData(error.witness)).action, error.actual);
        assert.equal(evaluate(policy, error.witness), error.expected);
        return true;
      },
    );
  });

  it('finds a difference for only one of 2^64 argument values', () => {
    const only = (value: bigint): Policy =>
      compile(
        {
          defaultAction: 'SCMP_ACT_ERRNO',
          syscalls: [
            { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 2, value, op: 'SCMP_CMP_NE' }] },
          ],
        },
        { arch: 'x86_64' },
      ).policy;
    const difference = findDifference(generate(only(0x123456789abcdef0n)), only(0x123456789abcdef1n));
    assert.ok(difference !== undefined);
    assert.ok([0x123456789abcdef0n, 0x123456789abcdef1n].includes(difference.args[2] ?? 0n));
  });

  it('finds a difference on architectures that the policy does not cover', () => {
    const { policy, program } = compile('docker-default', { arch: 'aarch64' });
    const other = { ...policy, badArch: 0x7fff0000 };
    const difference = findDifference(program, other);
    assert.ok(difference !== undefined && ![0xc00000b7, 0x40000028].includes(difference.arch));
  });

  it('reports that it cannot decide a program that computes with arguments', () => {
    const { policy } = compile({ defaultAction: 'SCMP_ACT_ALLOW' }, { arch: 'x86_64' });
    const adding = [
      { code: BPF.LD_ABS, jt: 0, jf: 0, k: 16 },
      { code: BPF.ADD_K, jt: 0, jf: 0, k: 1 },
      { code: BPF.RET_A, jt: 0, jf: 0, k: 0 },
    ];
    assert.throws(() => findDifference(adding, policy), { code: 'undecidable-program' });
  });

  it('follows registers, scratch words and constants', () => {
    const { policy } = compile({ defaultAction: 'SCMP_ACT_ALLOW' }, { arch: 'x86_64' });
    const plain = generate({ ...policy, badArch: 0x7fff0000 });
    assert.equal(plain.length, 1);
    const roundabout = [
      { code: BPF.LD_ABS, jt: 0, jf: 0, k: 16 },
      { code: BPF.ST, jt: 0, jf: 0, k: 3 },
      { code: BPF.LDX_MEM, jt: 0, jf: 0, k: 3 },
      { code: BPF.TXA, jt: 0, jf: 0, k: 0 },
      { code: BPF.AND_K, jt: 0, jf: 0, k: 0 },
      { code: BPF.JEQ_K, jt: 1, jf: 0, k: 0 },
      { code: BPF.RET_K, jt: 0, jf: 0, k: 0 },
      { code: BPF.LD_IMM, jt: 0, jf: 0, k: 0x7ffe0000 },
      { code: BPF.ADD_K, jt: 0, jf: 0, k: 0x10000 },
      { code: BPF.RET_A, jt: 0, jf: 0, k: 0 },
    ];
    validate(roundabout);
    assert.equal(findDifference(roundabout, { ...policy, badArch: 0x7fff0000 }), undefined);
  });
});
