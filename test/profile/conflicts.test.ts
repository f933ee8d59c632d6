// Conflicts: rules with different actions cause a warning exactly if both can match.
import assert from 'node:assert/strict';
import { holds } from '#lib/policy/evaluate.js';
import type { Condition } from '#lib/policy/policy.js';
import { canBothHold } from '#lib/profile/resolve/conflicts.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { Random, seed } from '../support/random.js';
import { codes } from './helpers.js';
import { written } from '../support/written.js';

type Test = readonly [index: number, op: string, value: number | bigint, valueTwo?: number | bigint];

const args = (tests: readonly Test[]): object[] =>
  tests.map(([index, op, value, valueTwo = 0]) => ({ index, op: `SCMP_CMP_${op}`, value, valueTwo }));

const conflicts = (first: readonly Test[], second: readonly Test[]): readonly string[] =>
  codes(
    resolveProfile(
      written({
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [
          { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: args(first) },
          { names: ['clone'], action: 'SCMP_ACT_KILL', args: args(second) },
        ],
      }),
      { arch: 'x86_64' },
    ).warnings,
  );

describe('conflicting rules', () => {
  const start = seed();

  const overlapping: readonly (readonly [readonly Test[], readonly Test[]])[] = [
    [[[0, 'EQ', 1]], [[1, 'EQ', 2]]],
    [[[0, 'NE', 1]], [[0, 'NE', 2]]],
    [[[0, 'GE', 5]], [[0, 'LE', 5]]],
    [[[0, 'LT', 6]], [[0, 'GT', 4]]],
    [[[0, 'MASKED_EQ', 0xf, 1]], [[0, 'MASKED_EQ', 0xf0, 0x10]]],
    [[[0, 'MASKED_EQ', 0xf, 1]], [[0, 'EQ', 0x21]]],
    [
      [
        [0, 'EQ', 1],
        [1, 'EQ', 2],
      ],
      [
        [0, 'EQ', 1],
        [2, 'EQ', 9],
      ],
    ],
    [[[0, 'GE', 0]], [[0, 'EQ', 0xffff_ffff_ffff_ffffn]]],
  ];
  for (const [first, second] of overlapping) {
    it(`${JSON.stringify(args(first), print)} and ${JSON.stringify(args(second), print)} conflict`, () => {
      assert.deepEqual(conflicts(first, second), ['conflicting-rules']);
      assert.deepEqual(conflicts(second, first), ['conflicting-rules']);
    });
  }

  const disjoint: readonly (readonly [readonly Test[], readonly Test[]])[] = [
    [[[0, 'EQ', 1]], [[0, 'EQ', 2]]],
    [[[0, 'EQ', 1]], [[0, 'NE', 1]]],
    [[[0, 'LT', 5]], [[0, 'GE', 5]]],
    [[[0, 'LE', 4]], [[0, 'GT', 4]]],
    [[[0, 'LT', 0]], [[0, 'GE', 0]]],
    [[[0, 'GT', 0xffff_ffff_ffff_ffffn]], [[0, 'GE', 0]]],
    [[[0, 'MASKED_EQ', 0xf, 1]], [[0, 'MASKED_EQ', 0x3, 2]]],
    [[[0, 'MASKED_EQ', 0xf, 1]], [[0, 'EQ', 0x22]]],
    [[[0, 'LT', 2]], [[0, 'MASKED_EQ', 2, 2]]],
    [
      [
        [0, 'EQ', 1],
        [1, 'EQ', 2],
      ],
      [
        [0, 'EQ', 1],
        [1, 'EQ', 3],
      ],
    ],
  ];
  for (const [first, second] of disjoint) {
    it(`${JSON.stringify(args(first), print)} and ${JSON.stringify(args(second), print)} do not`, () => {
      assert.deepEqual(conflicts(first, second), []);
      assert.deepEqual(conflicts(second, first), []);
    });
  }

  it(`are found if any arguments match both rules (SEED=${start})`, () => {
    const random = new Random(start);
    const operators = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT'] as const;
    const condition = (): Condition =>
      random.below(4) === 0
        ? { op: 'SCMP_CMP_MASKED_EQ', arg: 0, width: 32, mask: 6n, value: BigInt(random.below(4)) * 2n }
        : { op: `SCMP_CMP_${random.pick(operators)}`, arg: 0, width: 32, value: BigInt(random.below(8)) };
    for (let round = 0; round < 5000; round++) {
      const [first, second] = [[condition()], [condition(), condition()]];
      const both = [...first, ...second];
      const possible = Array.from({ length: 16 }, (_, value) => BigInt(value)).some(value =>
        both.every(each => holds(each, [value])),
      );
      if (possible) assert.ok(canBothHold(first, second), `round ${round}`);
    }
  });

  it('are reported with both rules, at the place of the later one', () => {
    const { warnings } = resolveProfile(
      `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_GE", "value": 1}]},
        {"names": ["clone"], "action": "SCMP_ACT_TRAP", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 5}]}
      ]}`,
      { arch: 'x86_64' },
    );
    assert.equal(warnings[0]?.at?.line, 3);
    assert.match(
      warnings[0].message,
      /this TRAP and the ALLOW of line 2, column 20 can both match "clone": TRAP applies/,
    );
  });

  it('are searched for up to a limit, which is reported', () => {
    const syscalls = Array.from({ length: 800 }, (_, index) => ({
      names: ['clone'],
      action: index % 2 === 0 ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_LOG',
      args: args([[0, 'EQ', index]]),
    }));
    const { warnings } = resolveProfile(written({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }), {
      arch: 'x86_64',
    });
    assert.deepEqual(codes(warnings), ['conflicts-unchecked']);
  });

  it('do not exist between rules with the same action', () => {
    const rules = [1, 2].map(index => ({
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: args([[index, 'EQ', 1]]),
    }));
    assert.deepEqual(
      resolveProfile(written({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: rules }), { arch: 'x86_64' })
        .warnings,
      [],
    );
  });
});

function print(key: string, value: unknown): unknown {
  return typeof value === 'bigint'
    ? `0x${value.toString(16)}`
    : key === 'valueTwo' && value === 0
      ? undefined
      : value;
}
