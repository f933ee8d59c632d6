// From programs back to policies: nothing is lost, and programs that no policy can express are refused with the reason.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { SeccompError } from '#lib/util/errors.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { decompile } from '#lib/filter/decompile/decompile.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import type { Instruction, Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { ABIS } from '#lib/kernel/abi.js';
import { actionName } from '#lib/kernel/action.js';
import * as scmp from '#lib/kernel/constants.js';
import { evaluate } from '#lib/policy/evaluate.js';
import type { Condition, Operator, Policy, Rule } from '#lib/policy/policy.js';
import { makeTarget } from '#lib/policy/target.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy, randomShape } from '../support/random-policy.js';

const { SCMP_ACT_ALLOW, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP } = scmp;
const EPERM = scmp.SCMP_ACT_ERRNO(1);

/** A policy for only x86_64 with rules for `mmap`. */
const withRules = (rules: readonly Rule[], defaultAction = EPERM): Policy => ({
  target: makeTarget({ arch: 'x86_64' }),
  defaultAction,
  badArch: SCMP_ACT_KILL_THREAD,
  abis: [
    {
      abi: ABIS.x86_64,
      syscalls: new Map([[9, { rules, otherwise: defaultAction }]]),
      enosysAbove: undefined,
    },
  ],
  flags: [],
  warnings: [],
});

const allow = (...conditions: Condition[]): Rule => ({ conditions, action: SCMP_ACT_ALLOW });

type Ordered = Exclude<Operator, 'SCMP_CMP_MASKED_EQ'>;
const is = (op: Ordered, value: bigint, arg = 0, width: 32 | 64 = 64): Condition => ({
  op,
  arg,
  width,
  value,
});
const bits = (mask: bigint, value: bigint, arg = 0): Condition => ({
  op: 'SCMP_CMP_MASKED_EQ',
  arg,
  width: 64,
  mask,
  value,
});

/** The rules of `mmap` after compiling and decompiling, one per line. */
const roundTrip = (policy: Policy): readonly string[] =>
  (decompile(compilePolicy(policy).program).abis[0].syscalls.get(9)?.rules ?? []).map(
    ({ conditions, action }) =>
      `${conditions
        .map(condition =>
          condition.op === 'SCMP_CMP_MASKED_EQ'
            ? `a${condition.arg} & 0x${condition.mask.toString(16)} = 0x${condition.value.toString(16)}`
            : `a${condition.arg} ${condition.op.replace('SCMP_CMP_', '')} ${condition.value}`,
        )
        .join(', ')} -> ${actionName(action)}`,
  );

const code = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof SeccompError, String(error));
    return error.code;
  }
  return 'none';
};

describe('decompile: conditions', () => {
  const WIDE = 0x700000007n;
  for (const [what, rules, expected] of [
    ['an equal value', [allow(is('SCMP_CMP_EQ', WIDE))], ['a0 EQ 30064771079']],
    ['any other value', [allow(is('SCMP_CMP_NE', WIDE))], ['a0 NE 30064771079']],
    ['values up to one', [allow(is('SCMP_CMP_LE', WIDE))], ['a0 LE 30064771079']],
    ['values below one', [allow(is('SCMP_CMP_LT', WIDE))], ['a0 LE 30064771078']],
    ['values from one on', [allow(is('SCMP_CMP_GE', WIDE))], ['a0 GE 30064771079']],
    ['values above one', [allow(is('SCMP_CMP_GT', WIDE))], ['a0 GE 30064771080']],
    ['bits of both words', [allow(bits(0xff000000f0n, 0x1000000010n))], ['a0 & 0xff000000f0 = 0x1000000010']],
    [
      'both ends of a range, by their bits',
      [allow(is('SCMP_CMP_GE', 16n), is('SCMP_CMP_LE', 31n))],
      ['a0 & 0xfffffffffffffff0 = 0x10'],
    ],
    [
      'all but two values',
      [allow(is('SCMP_CMP_NE', 38n), is('SCMP_CMP_NE', 40n))],
      ['a0 LE 37', 'a0 EQ 39', 'a0 GE 41'],
    ],
    ['the low word alone', [allow(is('SCMP_CMP_EQ', 5n, 0, 32))], ['a0 & 0xffffffff = 0x5']],
    ['two arguments at once', [allow(is('SCMP_CMP_EQ', 1n), is('SCMP_CMP_NE', 2n, 1))], ['a0 EQ 1, a1 NE 2']],
    [
      'one argument or the other',
      [allow(is('SCMP_CMP_EQ', 1n)), allow(is('SCMP_CMP_EQ', 2n, 1))],
      ['a0 EQ 1', 'a1 EQ 2'],
    ],
    [
      'rules that share an argument',
      [
        allow(is('SCMP_CMP_EQ', 1n, 3), bits(4n, 0n, 2)),
        allow(is('SCMP_CMP_EQ', 34n, 3), is('SCMP_CMP_EQ', 3n, 2)),
      ],
      ['a2 & 0x4 = 0x0, a3 EQ 1', 'a2 EQ 3, a3 EQ 34'],
    ],
  ] satisfies readonly [string, readonly Rule[], readonly string[]][]) {
    it(`finds ${what}`, () => {
      assert.deepEqual(
        [...roundTrip(withRules(rules))].sort(),
        expected.map(text => `${text} -> ALLOW`).sort(),
      );
    });
  }

  it('makes rules with different actions disjoint, so that their order does not matter', () => {
    const rules = [
      allow(is('SCMP_CMP_LE', 9n)),
      { conditions: [is('SCMP_CMP_EQ', 5n)], action: SCMP_ACT_TRAP },
    ];
    assert.deepEqual(roundTrip(withRules(rules)), [
      ...[0, 1, 2, 3, 4, 6, 7, 8, 9].flatMap(value =>
        value === 0 ? ['a0 LE 4 -> ALLOW'] : value > 5 ? [`a0 EQ ${value} -> ALLOW`] : [],
      ),
      'a0 EQ 5 -> TRAP',
    ]);
  });

  it('has rules for both branches if neither has the default action', () => {
    const part = {
      rules: [{ conditions: [is('SCMP_CMP_EQ', 1n)], action: SCMP_ACT_TRAP }],
      otherwise: SCMP_ACT_ALLOW,
    };
    const policy = withRules([]);
    const both = { ...policy, abis: [{ ...policy.abis[0], syscalls: new Map([[9, part]]) }] as const };
    assert.deepEqual([...roundTrip(both)].sort(), ['a0 EQ 1 -> TRAP', 'a0 NE 1 -> ALLOW']);
  });
});

describe('decompile: whole programs', () => {
  for (const arch of ['x86_64', 'aarch64'] as const) {
    for (const codegen of ['tree', 'libseccomp'] as const) {
      for (const unknownSyscalls of ['enosys', 'default'] as const) {
        it(`returns Docker's default from ${codegen}'s program for ${arch}, ${unknownSyscalls} for newer calls`, () => {
          const { program, policy } = compile('docker-default', { arch, codegen, unknownSyscalls });
          const found = decompile(program);
          assert.equal(found.target.arch, arch);
          assert.equal(found.defaultAction, policy.defaultAction);
          assert.deepEqual(
            found.abis.map(({ abi, syscalls, enosysAbove }) => [
              abi.name,
              [...syscalls.keys()].sort(),
              enosysAbove,
            ]),
            policy.abis.map(({ abi, syscalls, enosysAbove }) => [
              abi.name,
              [...syscalls.keys()].sort(),
              enosysAbove,
            ]),
          );
        });
      }
    }
  }

  it('accepts a filter, a program and its bytes', () => {
    const filter = compile('docker-default', { arch: 'x86_64' });
    const [first, ...others] = [filter, filter.program, filter.bpf].map(layer => decompile(layer));
    for (const other of others) assert.deepEqual(other, first);
  });

  it('supports a program with an astronomical number of paths, because paths with the same action are merged', () => {
    const random = new Random(1);
    const step = (operation: number, k: number, jt = 0, jf = 0): Instruction => ({
      code: operation,
      jt,
      jf,
      k,
    });
    const tests = Array.from({ length: 400 }, () => [
      step(BPF.LD_ABS, 4 * (4 + random.below(12))),
      step(BPF.JEQ_K, random.below(64), random.below(2), 0),
    ]);
    const program = [
      step(BPF.LD_ABS, 4),
      step(BPF.JEQ_K, ABIS.x86_64.audit, 1, 0),
      step(BPF.RET_K, SCMP_ACT_KILL_THREAD),
      step(BPF.LD_ABS, 0),
      step(BPF.JEQ_K, 9, 1, 0),
      step(BPF.RET_K, EPERM),
      ...tests.flat(),
      step(BPF.RET_K, EPERM),
      step(BPF.RET_K, SCMP_ACT_ALLOW),
    ];
    const found = decompile(program, { arch: 'x86_64' });
    assert.deepEqual([...found.abis[0].syscalls.keys()], [9]);
    for (let round = 0; round < 200; round++) {
      const args = Array.from({ length: 6 }, () => BigInt(random.below(64)));
      const call = { arch: ABIS.x86_64.audit, syscall: 9, args, instructionPointer: 0n };
      assert.equal(evaluate(found, call), interpret(program, seccompData(call)).action);
    }
  });

  const start = seed();
  it(`has the same action as the program for every call, or reports why not (SEED=${start})`, function () {
    this.timeout(120_000);
    const random = new Random(start);
    let exact = 0;
    const rounds = 30;
    for (let round = 0; round < rounds; round++) {
      const policy = randomPolicy(random, randomShape(random));
      const { program } = compilePolicy(policy);
      let found: Policy;
      try {
        found = decompile(program, { arch: policy.target.arch });
      } catch (error) {
        assert.ok(error instanceof SeccompError, String(error));
        assert.match(error.code, /^(?:not-expressible|undecidable-program)$/);
        continue;
      }
      exact++;
      for (const call of probes(random, policy, 2))
        assert.equal(
          evaluate(found, call),
          interpret(program, seccompData(call)).action,
          `SEED=${start} round ${round}: ${JSON.stringify(call, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
        );
    }
    assert.ok(exact > rounds / 2, `only ${exact} of ${rounds} random policies came back (SEED=${start})`);
  });
});

describe('decompile: programs that no policy expresses', () => {
  const load = (word: number): Instruction => ({ code: BPF.LD_ABS, jt: 0, jf: 0, k: 4 * word });
  const jump = (k: number, jt: number, jf: number): Instruction => ({ code: BPF.JEQ_K, jt, jf, k });
  const bit = (k: number, jt: number, jf: number): Instruction => ({ code: BPF.JSET_K, jt, jf, k });
  const ret = (k: number): Instruction => ({ code: BPF.RET_K, jt: 0, jf: 0, k });
  const native = [load(1), jump(ABIS.x86_64.audit, 1, 0), ret(SCMP_ACT_KILL_THREAD)];

  for (const [what, program, expected] of [
    [
      'the instruction pointer',
      [...native, load(2), jump(0, 0, 1), ret(SCMP_ACT_ALLOW), ret(EPERM)],
      /instruction pointer/,
    ],
    ['an action that no kernel knows', [...native, ret(0x12340000)], /not an action/],
    [
      'two answers to foreign architectures',
      [
        load(1),
        jump(0x1234, 0, 1),
        ret(EPERM),
        jump(ABIS.x86_64.audit, 1, 0),
        ret(SCMP_ACT_TRAP),
        ret(SCMP_ACT_ALLOW),
      ],
      /other architectures/,
    ],
    [
      'the upper half of an argument of 32-bit x86',
      [
        load(1),
        jump(ABIS.x86.audit, 2, 0),
        jump(ABIS.x86_64.audit, 5, 0),
        ret(SCMP_ACT_KILL_THREAD),
        load(0),
        jump(3, 0, 2),
        load(5),
        jump(0, 1, 0),
        ret(EPERM),
        ret(SCMP_ACT_ALLOW),
      ],
      /upper half of argument 0/,
    ],
    [
      'half of all numbers',
      [...native, load(0), jump(0xffffffff, 1, 0), bit(0x8000, 0, 1), ret(EPERM), ret(SCMP_ACT_ALLOW)],
      /bits of the number/,
    ],
  ] satisfies readonly [string, Program, RegExp][]) {
    it(what, () => {
      assert.throws(
        () => decompile(program, { arch: 'x86_64' }),
        (error: unknown) =>
          error instanceof SeccompError &&
          /^(?:not-expressible|undecidable-program)$/.test(error.code) &&
          expected.test(error.message),
      );
    });
  }

  it('an unknown option, another architecture, and bytes that are not a program', () => {
    assert.equal(
      code(() => decompile(native, { architecture: 'x86_64' } as object)),
      'bad-option',
    );
    assert.equal(
      code(() => decompile(native, { arch: 'sparc' } as object)),
      'bad-option',
    );
    assert.equal(
      code(() => decompile(Buffer.alloc(9))),
      'bad-program-size',
    );
  });

  it('a program that multiplies arguments', () => {
    const op = (bpf: number): Instruction => ({ code: bpf, jt: 0, jf: 0, k: 0 });
    const product = [
      load(4),
      op(BPF.TAX),
      load(6),
      op(BPF.MUL_X),
      jump(6, 0, 1),
      ret(EPERM),
      ret(SCMP_ACT_ALLOW),
    ];
    assert.equal(
      code(() => decompile([...native, ...product], { arch: 'x86_64' })),
      'undecidable-program',
    );
  });

  it('but a call without a name is in the policy', () => {
    const program = [...native, load(0), jump(999, 0, 1), ret(SCMP_ACT_ALLOW), ret(EPERM)];
    const { abis } = decompile(program, { arch: 'x86_64' });
    assert.equal(abis[0].syscalls.get(999)?.otherwise, SCMP_ACT_ALLOW);
    assert.equal(abis[0].syscalls.size, 1);
  });
});
