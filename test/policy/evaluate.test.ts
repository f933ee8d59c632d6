// The meaning of a policy, case by case: evaluate is the reference for everything else.
import assert from 'node:assert/strict';
import { ABIS } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { actionName, mostRestrictive, precedence } from '#lib/kernel/action.js';
import * as scmp from '#lib/kernel/constants.js';
import { evaluate, holds, outcome } from '#lib/policy/evaluate.js';
import type { Event } from '#lib/kernel/event.js';
import type { Condition, Policy, Rule, SyscallPolicy } from '#lib/policy/policy.js';
import { runsOf } from '#lib/policy/runs.js';
import { makeTarget } from '#lib/policy/target.js';
import { Random, seed } from '../support/random.js';
import { randomPolicy, randomShape } from '../support/random-policy.js';

const { SCMP_ACT_ALLOW: ALLOW, SCMP_ACT_KILL_THREAD: KILL, SCMP_ACT_ERRNO: ERRNO } = scmp;
const X86_64 = ABIS.x86_64.audit;

interface Part {
  readonly name: AbiName;
  readonly calls: readonly (readonly [number: number, call: SyscallPolicy])[];
  readonly enosysAbove?: number;
}

function policyOf(first: Part, ...rest: readonly Part[]): Policy {
  const table = ({ name, calls, enosysAbove }: Part) => ({
    abi: ABIS[name],
    syscalls: new Map(calls),
    enosysAbove,
  });
  return {
    target: makeTarget({ arch: 'x86_64' }),
    defaultAction: ERRNO(1),
    badArch: KILL,
    abis: [table(first), ...rest.map(table)],
    flags: [],
    warnings: [],
  };
}

const allow: SyscallPolicy = { rules: [], otherwise: ALLOW };
const event = (syscall: number, args: readonly bigint[] = [], arch = X86_64): Event => ({
  arch,
  syscall,
  args,
  instructionPointer: 0n,
});

describe('evaluate: numbers', () => {
  const native = policyOf({ name: 'x86_64', calls: [[0, allow]], enosysAbove: 5 });
  const withX32 = policyOf(
    { name: 'x86_64', calls: [[0, allow]], enosysAbove: 5 },
    { name: 'x32', calls: [[0x40000001, allow]], enosysAbove: 0x40000003 },
  );
  const open = policyOf({ name: 'x86_64', calls: [[0, allow]] });

  const cases: readonly (readonly [name: string, policy: Policy, event: Event, answer: string])[] = [
    ['a call that is named gets its action', native, event(0), 'ALLOW'],
    ['one that is not gets the default', native, event(1), 'ERRNO(EPERM)'],
    ['one above the highest named gets ENOSYS', native, event(6), 'ERRNO(ENOSYS)'],
    ['the highest one itself does not', native, event(5), 'ERRNO(EPERM)'],
    [
      'a foreign architecture gets the bad-architecture action',
      native,
      event(0, [], 0x40000003),
      'KILL_THREAD',
    ],
    ['x32 is foreign where the policy does not cover it', native, event(0x40000000), 'KILL_THREAD'],
    ['-1, which a tracer sets, is not foreign', native, event(0xffffffff), 'ERRNO(EPERM)'],
    [
      'a number with bit 31 but not bit 30 is newer than the profile',
      native,
      event(0x80000000),
      'ERRNO(ENOSYS)',
    ],
    ['without the ENOSYS rule it is foreign', open, event(0x80000000), 'KILL_THREAD'],
    ['without the ENOSYS rule a high number gets the default', open, event(0x3fffffff), 'ERRNO(EPERM)'],
    ['x32 calls have their own numbers', withX32, event(0x40000001), 'ALLOW'],
    ['x32 calls have their own highest number', withX32, event(0x40000004), 'ERRNO(ENOSYS)'],
    ['with x32 no number of the architecture is foreign', withX32, event(0x80000000), 'ERRNO(ENOSYS)'],
    ['a negative number is taken as unsigned', native, event(-1), 'ERRNO(EPERM)'],
  ];
  for (const [name, policy, call, answer] of cases) {
    it(name, () => {
      assert.equal(actionName(evaluate(policy, call)), answer);
    });
  }
});

describe('evaluate: rules', () => {
  const equals = (arg: number, value: bigint): Condition => ({ op: 'SCMP_CMP_EQ', arg, width: 64, value });
  const answer = (rules: readonly Rule[], args: readonly bigint[]): string =>
    actionName(
      evaluate(policyOf({ name: 'x86_64', calls: [[7, { rules, otherwise: ERRNO(9) }]] }), event(7, args)),
    );

  it('conditions of a rule are combined by AND', () => {
    const rules = [{ conditions: [equals(0, 1n), equals(1, 2n)], action: ALLOW }];
    assert.equal(answer(rules, [1n, 2n]), 'ALLOW');
    assert.equal(answer(rules, [1n, 3n]), 'ERRNO(EBADF)');
  });

  it('rules of a call are combined by OR', () => {
    const rules = [
      { conditions: [equals(0, 1n)], action: ALLOW },
      { conditions: [equals(0, 2n)], action: ALLOW },
    ];
    assert.equal(answer(rules, [2n]), 'ALLOW');
  });

  it('the most restrictive of several matching rules wins, in any order', () => {
    const strict = { conditions: [equals(1, 5n)], action: KILL };
    const lax = { conditions: [equals(0, 1n)], action: ALLOW };
    for (const rules of [
      [strict, lax],
      [lax, strict],
    ])
      assert.equal(answer(rules, [1n, 5n]), 'KILL_THREAD');
  });

  it('the first of equally restrictive matching rules provides the data', () => {
    const rules = [
      { conditions: [equals(0, 1n)], action: ERRNO(13) },
      { conditions: [equals(0, 1n)], action: ERRNO(22) },
    ];
    assert.equal(answer(rules, [1n]), 'ERRNO(EACCES)');
  });

  it('a matching rule wins over the action without a match, even if it is weaker', () => {
    assert.equal(answer([{ conditions: [equals(0, 1n)], action: ALLOW }], [1n]), 'ALLOW');
  });
});

describe('evaluate: comparisons', () => {
  const big = 0x100000005n;
  const cases: readonly (readonly [
    op: Exclude<Condition['op'], 'SCMP_CMP_MASKED_EQ'>,
    below: boolean,
    equal: boolean,
    above: boolean,
  ])[] = [
    ['SCMP_CMP_NE', true, false, true],
    ['SCMP_CMP_LT', true, false, false],
    ['SCMP_CMP_LE', true, true, false],
    ['SCMP_CMP_EQ', false, true, false],
    ['SCMP_CMP_GE', false, true, true],
    ['SCMP_CMP_GT', false, false, true],
  ];
  for (const [op, ...expected] of cases) {
    it(`${op} is unsigned and 64 bits wide`, () => {
      const condition: Condition = { op, arg: 3, width: 64, value: big };
      assert.deepEqual(
        [big - 1n, big, big + 1n].map(value => holds(condition, [0n, 0n, 0n, value])),
        expected,
      );
      assert.deepEqual(
        [5n, big, 0xffffffffffffffffn].map(value => holds(condition, [0n, 0n, 0n, value])),
        expected,
      );
    });

    it(`${op} with 32 bits does not see the high word`, () => {
      const condition: Condition = { op, arg: 0, width: 32, value: 5n };
      assert.deepEqual(
        [4n, 5n, 6n].map(value => holds(condition, [value | (7n << 32n)])),
        expected,
      );
    });
  }

  it('SCMP_CMP_MASKED_EQ only compares the bits of the mask', () => {
    const condition: Condition = {
      op: 'SCMP_CMP_MASKED_EQ',
      arg: 0,
      width: 64,
      mask: 0xf0000000fn,
      value: 0x300000001n,
    };
    assert.deepEqual(
      [0x300000001n, 0x3000000f1n, 0x300000002n, 0x1n].map(value => holds(condition, [value])),
      [true, true, false, false],
    );
  });
});

describe('actions', () => {
  const order = [
    scmp.SCMP_ACT_KILL_PROCESS,
    KILL,
    scmp.SCMP_ACT_TRAP,
    ERRNO(4095),
    scmp.SCMP_ACT_NOTIFY,
    scmp.SCMP_ACT_TRACE(1),
    scmp.SCMP_ACT_LOG,
    ALLOW,
  ];

  it('are ordered as seccomp(2) orders them', () => {
    assert.deepEqual(
      [...order].sort((a, b) => precedence(a) - precedence(b)),
      order,
    );
    for (const [index, action] of order.entries())
      for (const weaker of order.slice(index)) assert.equal(mostRestrictive(weaker, action), action);
  });

  it('are printed by name, with their data', () => {
    assert.deepEqual(order.map(actionName), [
      'KILL_PROCESS',
      'KILL_THREAD',
      'TRAP',
      'ERRNO(4095)',
      'NOTIFY',
      'TRACE(1)',
      'LOG',
      'ALLOW',
    ]);
    assert.equal(actionName(0x12340000), '0x12340000');
  });
});

describe('runs of numbers', () => {
  const start = seed();

  it(`cover every number once, and have the same actions as outcome (SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < 100; index++) {
      const policy = randomPolicy(random, randomShape(random));
      for (const { abi } of policy.abis) {
        const runs = runsOf(policy, abi.audit);
        let next = 0;
        for (const { low, high, part } of runs) {
          assert.equal(low, next);
          next = high + 1;
          for (const number of [low, high, low + random.below(high - low + 1)]) {
            const { rules, otherwise } = outcome(policy, abi.audit, number);
            assert.deepEqual({ rules, otherwise }, { rules: part.rules, otherwise: part.otherwise });
          }
        }
        assert.equal(next, 2 ** 32);
      }
    }
  });
});
