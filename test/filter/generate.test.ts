// This package's generator: its programs have the actions of their policies.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { CompileError } from '#lib/util/errors.js';
import { compilePolicy } from '#lib/filter/compile.js';
import type { Filter } from '#lib/filter/filter.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { validate } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { generate } from '#lib/filter/generate/generate.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import { ABIS, syscallName } from '#lib/kernel/abi.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import { evaluate } from '#lib/policy/evaluate.js';
import type { Policy } from '#lib/policy/policy.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy, randomShape } from '../support/random-policy.js';
import { written } from '../support/written.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';

type Args = readonly (readonly [index: number, op: string, value: bigint, valueTwo?: bigint])[];

/** A profile that allows getppid if one of these conjunctions holds, and refuses everything else. */
const allowing = (rules: readonly Args[]): SeccompProfile =>
  written({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: rules.map(args => ({
      names: ['getppid'],
      action: 'SCMP_ACT_ALLOW',
      args: args.map(([index, op, value, valueTwo]) => ({
        index,
        op: `SCMP_CMP_${op}`,
        value,
        ...(valueTwo !== undefined && { valueTwo }),
      })),
    })),
  });

/** Compiles for only x86_64; compile also verifies the program. */
const compileRules = (rules: readonly Args[]): Filter =>
  compile(allowing(rules), { arch: 'x86_64', unknownSyscalls: 'default' });

describe('generator: shapes', () => {
  const shapes: readonly (readonly [name: string, rules: readonly Args[]])[] = [
    [
      'joint rules with inequalities',
      [
        [
          [0, 'NE', 3n],
          [1, 'EQ', 2n],
        ],
        [
          [0, 'NE', 3n],
          [1, 'EQ', 0x200000000n],
        ],
      ],
    ],
    [
      'joint rules over three arguments',
      [
        [
          [0, 'GE', 7n],
          [1, 'LE', 5n],
          [2, 'LT', 8n],
        ],
        [
          [0, 'GE', 7n],
          [2, 'GT', 7n],
        ],
        [[2, 'GE', 3n]],
      ],
    ],
    ['ranges that cross the words', [[[0, 'GE', 0x200000000n]], [[0, 'LE', 0n]]]],
    [
      'bits of both words',
      [[[0, 'MASKED_EQ', 0xf0000000fn, 0x500000005n]], [[0, 'MASKED_EQ', 0x30n, 0x10n]]],
    ],
    ['all six arguments', [[0, 1, 2, 3, 4, 5].map(index => [index, 'EQ', BigInt(index) << 32n] as const)]],
    ['conditions that are always true', [[[0, 'GE', 0n]]]],
    ['conditions that are never true', [[[0, 'LT', 0n]]]],
  ];
  for (const [name, rules] of shapes) {
    it(`${name} compile and pass the proof`, () => {
      assert.ok(compileRules(rules).instructions < 60);
    });
  }

  it('a grid of two arguments needs no more instructions than its values', () => {
    const grid = (size: number): readonly Args[] =>
      Array.from({ length: size * size }, (_, cell): Args => [
        [0, 'EQ', BigInt(7 * Math.floor(cell / size))],
        [1, 'EQ', BigInt(11 * (cell % size))],
      ]);
    const [small, large] = [compileRules(grid(8)), compileRules(grid(64))];
    assert.ok(
      large.instructions < 10 * small.instructions,
      `${small.instructions} and ${large.instructions} instructions`,
    );
  });

  it('a grid in which all rows differ fails with its exact size', () => {
    const rows: readonly Args[] = Array.from({ length: 4096 }, (_, cell): Args => [
      [0, 'EQ', BigInt(7 * (cell >> 6))],
      [1, 'EQ', BigInt(11 * cell)],
    ]);
    assert.throws(
      () => compileRules(rows),
      (error: unknown) => {
        assert.ok(error instanceof CompileError);
        assert.equal(error.code, 'program-too-large');
        assert.match(
          error.message,
          /needs \d{4,} instructions, but the kernel accepts at most 4096.*getppid on x86_64/s,
        );
        return true;
      },
    );
  });

  it('thousands of masks on one argument fail without overflowing the stack', () => {
    const random = new Random(3);
    const masks = Array.from({ length: 5000 }, (): Args => {
      const mask = BigInt((random.word() & random.word()) >>> 0);
      return [[0, 'MASKED_EQ', mask, mask & BigInt(random.word())]];
    });
    assert.throws(() => compileRules(masks), { code: 'too-much-work' });
  });

  it('jumps reach tests that are more than 255 instructions away', () => {
    const values: readonly Args[] = Array.from({ length: 900 }, (_, index): Args => [
      [0, 'EQ', BigInt(index * index * 3)],
    ]);
    const { instructions } = compileRules(values);
    assert.ok(instructions > 900 && instructions < 2000, `${instructions} instructions`);
  });
});

describe('generator: without a search', () => {
  it('the search is used if the program would be too large without it', () => {
    const rules = Array.from({ length: 2600 }, (_, index): Args => [[0, 'EQ', BigInt(3 * index)]]);
    const { policy, program } = compileRules(rules);
    assert.deepEqual(compilePolicy(policy, {}, { effort: 'soon' }).program, program);
  });
});

describe('generator: quality', () => {
  const { program, policy } = compile('docker-default', { arch: 'x86_64', unknownSyscalls: 'default' });
  const native: Policy = { ...policy, abis: [policy.abis[0]] };

  it("Docker's default for only x86_64 is as small and as shallow as promised", () => {
    const { instructions, worstPath, meanPath } = compilePolicy(native, { weights: 'uniform' }).metrics;
    assert.ok(instructions <= 88, `${instructions} instructions`);
    assert.ok(worstPath <= 13, `worst path ${worstPath}`);
    assert.ok(meanPath <= 8.8, `mean path ${meanPath}`);
  });

  it('weights of Node programs make its paths even shorter', () => {
    const { weightedPath } = compilePolicy(native).metrics;
    assert.ok(weightedPath <= 6.2, `weighted path ${weightedPath}`);
  });

  it('it has at most 300 instructions with x86 and x32, and at most 95 for only aarch64', () => {
    assert.ok(program.length <= 300, `${program.length} instructions`);
    const arm = compile('docker-default', { arch: 'aarch64', unknownSyscalls: 'default' }).policy;
    assert.ok(compilePolicy({ ...arm, abis: [arm.abis[0]] }).instructions <= 95);
  });

  it('x32 and foreign architectures do not make native calls slower', () => {
    const data = seccompData({ arch: ABIS.x86_64.audit, syscall: 0 });
    assert.equal(interpret(program, data).steps, interpret(compilePolicy(native).program, data).steps);
  });

  it('no argument is loaded if the number decides, so the kernel caches every such call', () => {
    const { cachedNumbers } = compilePolicy(native).metrics;
    const [{ syscalls }] = policy.abis;
    const decided = [...syscalls].filter(
      ([number, { rules, otherwise }]) =>
        rules.length === 0 && otherwise === SCMP_ACT_ALLOW && syscallName('x86_64', number) !== undefined,
    );
    assert.equal(cachedNumbers, decided.length);
  });

  it('no word of an argument is loaded twice on a path', () => {
    for (const event of probes(new Random(1), policy, 2)) {
      const loaded = new Set<number>();
      interpret(program, seccompData(event), index => {
        const { code = 0, k = 0 } = program[index] ?? {};
        if (code !== BPF.LD_ABS) return;
        assert.ok(!loaded.has(k), `offset ${k} twice for call ${event.syscall}`);
        loaded.add(k);
      });
    }
  });
});

describe('generator: programs for random policies', () => {
  const start = seed();
  const count = Number(process.env['POLICIES'] ?? 2000);

  it(`have the same actions as the policy, on boundary calls and by proof (${count} policies, SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < count; index++) {
      const policy = randomPolicy(random, randomShape(random));
      const program = generate(policy);
      validate(program);
      for (const event of probes(random, policy, 3)) {
        const { action } = interpret(program, seccompData(event));
        assert.equal(
          action,
          evaluate(policy, event),
          `policy ${index} of SEED=${start}, call ${event.syscall} (${event.args.join()})`,
        );
      }
      assert.equal(findDifference(program, policy), undefined, `policy ${index} of SEED=${start}`);
    }
  });
});
