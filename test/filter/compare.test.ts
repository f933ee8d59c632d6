// Two filters or stacks are compared by meaning: equality and inclusion are exact, and a witness refutes them.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { CompileError } from '#lib/util/errors.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { composeLayers } from '#lib/filter/compose.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { findDisagreement, findExcess, isEquivalent, isSubset } from '#lib/filter/inspect/compare.js';
import { latitude } from '#lib/kernel/action.js';
import { isReturn, validate, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { generate } from '#lib/filter/generate/generate.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import {
  SCMP_ACT_ALLOW,
  SCMP_ACT_ERRNO,
  SCMP_ACT_LOG,
  SCMP_ACT_NOTIFY,
  SCMP_ACT_TRACE,
} from '#lib/kernel/constants.js';
import type { Policy } from '#lib/policy/policy.js';
import type { Witness } from '#lib/util/errors.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy, randomShape } from '../support/random-policy.js';
import { written } from '../support/written.js';

const op = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const returns = (action: number): Program => [op(BPF.RET_K, action)];
const answer = (layers: readonly Program[], event: Witness): number =>
  composeLayers(layers.map(program => interpret(program, seccompData(event)).action));
const only = (syscall: string, args: readonly object[] = []): Program =>
  compile(
    written({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: [syscall], action: 'SCMP_ACT_ALLOW', args }],
    }),
    { arch: 'x86_64', unknownSyscalls: 'default' },
  ).program;

describe('comparing filters', () => {
  const start = seed();

  it(`agrees with the proof for every mutated program, with a valid witness (SEED=${start})`, () => {
    const random = new Random(start);
    let [different, alike] = [0, 0];
    for (let index = 0; index < 60; index++) {
      const policy = randomPolicy(random, randomShape(random));
      const program = generate(policy);
      for (let change = 0; change < 10; change++) {
        const mutant = mutate(random, program);
        if (mutant === undefined) continue;
        const expected = difference(mutant, policy);
        if (expected === 'undecidable') continue;
        const found = findDisagreement(program, mutant);
        assert.equal(found === undefined, expected === undefined, `SEED=${start}, policy ${index}`);
        if (found === undefined) alike++;
        else {
          different++;
          assert.notEqual(found.first, found.second);
          assert.equal(found.first, answer([program], found.call));
          assert.equal(found.second, answer([mutant], found.call));
        }
      }
    }
    assert.ok(different > 200 && alike > 5, `${different} different, ${alike} alike`);
  });

  it(`finds programs of both generators equal (SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < 40; index++) {
      const arch = random.pick(['x86_64', 'aarch64'] as const);
      const policy = randomPolicy(random, {
        ...randomShape(random),
        // A shape that libseccomp compiles correctly.
        arch,
        abis: [arch],
        maxConditions: 1,
        operators: ['SCMP_CMP_EQ', 'SCMP_CMP_MASKED_EQ'],
        actions: [SCMP_ACT_ALLOW],
      });
      assert.ok(
        isEquivalent(compilePolicy(policy), compilePolicy(policy, { codegen: 'libseccomp' })),
        `SEED=${start}, policy ${index}`,
      );
    }
  });

  it(`has the same actions for stacks as running every layer (SEED=${start})`, () => {
    const random = new Random(start);
    let different = 0;
    for (let index = 0; index < 30; index++) {
      const policies = Array.from({ length: 3 }, () => randomPolicy(random, randomShape(random)));
      const layers = policies.map(policy => generate(policy));
      const [older, newer, other] = layers as [Program, Program, Program];
      const [first, second] = [[older, newer], random.chance(0.5) ? [newer, older] : [older, newer, other]];
      const found = findDisagreement(first, second);
      if (found !== undefined) {
        different++;
        assert.notEqual(answer(first, found.call), answer(second, found.call));
        continue;
      }
      for (const policy of policies) {
        for (const event of probes(random, policy, 2))
          assert.equal(answer(first, event), answer(second, event), `SEED=${start}, stack ${index}`);
      }
    }
    assert.ok(different > 3, `${different} pairs differ (SEED=${start})`);
  });

  it('sees one of 2^64 values, and one of 2^32 architectures', () => {
    const at = (value: bigint): Program => only('read', [{ index: 2, value, op: 'SCMP_CMP_NE' }]);
    const found = findDisagreement(at(0x123456789abcdef0n), at(0x123456789abcdef1n));
    assert.ok([0x123456789abcdef0n, 0x123456789abcdef1n].includes(found?.call.args[2] ?? 0n));
    const arch = (value: number): Program => [
      op(BPF.LD_ABS, 4),
      op(BPF.JEQ_K, value, 0, 1),
      ...returns(0),
      ...returns(1 << 16),
    ];
    assert.ok(
      [0x12345678, 0x12345679].includes(findDisagreement(arch(0x12345678), arch(0x12345679))?.call.arch ?? 0),
    );
  });

  it('detects that an action depends on the instruction pointer', () => {
    const program = [
      op(BPF.LD_ABS, 12),
      op(BPF.JEQ_K, 7, 0, 1),
      ...returns(SCMP_ACT_ALLOW),
      ...returns(SCMP_ACT_LOG),
    ];
    assert.equal(
      (findDisagreement(program, returns(SCMP_ACT_LOG))?.call.instructionPointer ?? 0n) >> 32n,
      7n,
    );
  });

  it('composes layers as the kernel does: the strongest action, and of equally strong ones the newest', () => {
    const [one, two] = [returns(SCMP_ACT_ERRNO(1)), returns(SCMP_ACT_ERRNO(2))];
    assert.ok(isEquivalent([one, two], two));
    assert.ok(isEquivalent([two, one, returns(SCMP_ACT_ALLOW)], one));
    assert.ok(isEquivalent(returns(0x00060000), returns(0x80000000)), 'an unknown action kills the process');
    assert.ok(isEquivalent(returns(0x0005ffff), returns(SCMP_ACT_ERRNO(4095))), 'an errno is capped');
  });

  it('decides programs that compute with data, which the proof cannot', () => {
    const computing = (...body: readonly Instruction[]): Program => [
      op(BPF.LD_ABS, 16),
      ...body,
      op(BPF.JEQ_K, 0, 0, 1),
      ...returns(SCMP_ACT_ALLOW),
      ...returns(SCMP_ACT_LOG),
    ];
    const same: readonly (readonly [Program, Program])[] = [
      [computing(op(BPF.RSH_K, 4)), computing(op(BPF.AND_K, 0xfffffff0))],
      [computing(op(BPF.RSH_K, 4)), computing(op(BPF.DIV_K, 16))],
      [computing(op(BPF.LSH_K, 4)), computing(op(BPF.MUL_K, 16))],
      [computing(op(BPF.ADD_K, 1)), computing(op(BPF.XOR_K, 0xffffffff))],
      [computing(op(BPF.SUB_K, 7)), computing(op(BPF.XOR_K, 7))],
      [computing(op(BPF.NEG)), computing()],
      [computing(op(BPF.TAX), op(BPF.SUB_X)), [...returns(SCMP_ACT_ALLOW)]],
      [
        computing(op(BPF.ST, 3), op(BPF.OR_K, 6), op(BPF.LDX_MEM, 3), op(BPF.SUB_X)),
        computing(op(BPF.AND_K, 6), op(BPF.XOR_K, 6)),
      ],
    ];
    for (const [index, [first, second]] of same.entries()) {
      validate(first);
      validate(second);
      assert.deepEqual(findDisagreement(first, second), undefined, `pair ${index}`);
    }
    assert.ok(!isEquivalent(computing(op(BPF.RSH_K, 4)), computing(op(BPF.RSH_K, 5))));
  });

  it('reports programs that it cannot decide', () => {
    const multiplying = [op(BPF.LD_ABS, 16), op(BPF.TAX), op(BPF.MUL_X), op(BPF.RET_A)];
    const anything = [op(BPF.LD_ABS, 16), op(BPF.RET_A)];
    for (const program of [multiplying, anything])
      assert.throws(() => isEquivalent(program, returns(0)), { code: 'undecidable-program' });
  });

  it('follows data into the return value, for reachable values', () => {
    const returning = [op(BPF.LD_ABS, 16), op(BPF.JGT_K, 2, 1, 0), op(BPF.RET_A), ...returns(0x30000)];
    const spelled = [op(BPF.LD_ABS, 16), op(BPF.JGT_K, 2, 1, 0), ...returns(0), ...returns(0x30000)];
    const found = findDisagreement(returning, spelled);
    assert.ok(found !== undefined && [1n, 2n].includes((found.call.args[0] ?? 0n) & 0xffffffffn));
    const masked = [op(BPF.LD_ABS, 16), op(BPF.AND_K, 1), op(BPF.OR_K, SCMP_ACT_ERRNO(2)), op(BPF.RET_A)];
    const tested = [
      op(BPF.LD_ABS, 16),
      op(BPF.JSET_K, 1, 0, 1),
      ...returns(SCMP_ACT_ERRNO(3)),
      ...returns(SCMP_ACT_ERRNO(2)),
    ];
    assert.ok(isEquivalent(masked, tested));
  });

  it('refuses values that are not filters', () => {
    assert.throws(() => isEquivalent([], returns(0)), { code: 'bad-filter' });
    assert.throws(() => isSubset(returns(0), new Uint8Array(7)), { code: 'bad-program-size' });
  });
});

describe('inclusion', () => {
  const [read, write] = [only('read'), only('write')];
  const narrower = only('read', [{ index: 0, value: 3, op: 'SCMP_CMP_EQ' }]);

  it('holds if the first filter allows nothing that the second denies', () => {
    assert.ok(isSubset(narrower, read));
    assert.ok(isSubset(read, read));
    assert.ok(isSubset([read, write], narrower), 'both layers together allow nothing');
  });

  it('is refuted by a call that only the first filter allows', () => {
    const found = findExcess(read, narrower);
    assert.equal(found?.call.syscall, 0);
    assert.notEqual(found.call.args[0], 3n);
    assert.deepEqual([found.first, found.second], [SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1)]);
    assert.ok(!isSubset(write, read));
  });

  it('orders calls that a supervisor decides between refused and executed ones', () => {
    const steps = [
      [0, 0x80000000, 0x30000, SCMP_ACT_ERRNO(0)],
      [SCMP_ACT_NOTIFY, SCMP_ACT_TRACE(3)],
      [SCMP_ACT_LOG, SCMP_ACT_ALLOW],
    ];
    for (const [low, actions] of steps.entries()) {
      for (const [high, others] of steps.entries()) {
        for (const action of actions) {
          assert.equal(latitude(action), low);
          for (const other of others) assert.equal(isSubset(returns(action), returns(other)), low <= high);
        }
      }
    }
  });
});

/** A valid program with one changed test or load; undefined if the change makes the program invalid. */
function mutate(random: Random, program: Program): Program | undefined {
  const index = random.below(program.length);
  const instruction = program[index];
  if (instruction === undefined || isReturn(instruction)) return undefined;
  const mutant = program.with(index, {
    ...instruction,
    ...(random.chance(0.5)
      ? { k: random.pick([instruction.k ^ 1, instruction.k + 1]) >>> 0 }
      : { jt: instruction.jf, jf: instruction.jt }),
  });
  try {
    validate(mutant);
    return mutant;
  } catch {
    return undefined;
  }
}

function difference(program: Program, policy: Policy): Witness | 'undecidable' | undefined {
  try {
    return findDifference(program, policy);
  } catch (error) {
    if (error instanceof CompileError && error.code === 'undecidable-program') return 'undecidable';
    throw error;
  }
}
