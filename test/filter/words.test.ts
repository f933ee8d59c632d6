// Sets of words: divisions by tests are exact, compared with every value of a small range.
import assert from 'node:assert/strict';
import {
  intersection,
  interval,
  member,
  split,
  type WordSet,
  type WordTest,
} from '#lib/filter/prove/words.js';
import { Random, seed } from '../support/random.js';

const SIZE = 256;

const holds = ({ op, mask, k }: WordTest, x: number): boolean => {
  const a = (x & mask) >>> 0;
  return op === 'eq' ? a === k : op === 'gt' ? a > k : op === 'ge' ? a >= k : (a & k) !== 0;
};

/** The members of a set below SIZE, found by splitting by equality with each value. */
const members = (set: WordSet | undefined): readonly number[] =>
  set === undefined
    ? []
    : Array.from({ length: SIZE }, (_, x) => x).filter(
        x => split(set, { op: 'eq', mask: 0xffffffff, k: x }).yes !== undefined,
      );

describe('words: division of a set by a test', () => {
  const start = seed();

  it(`divides exactly into values that pass and those that do not (SEED=${start})`, () => {
    const random = new Random(start);
    for (let round = 0; round < 300; round++) {
      let sets: readonly (WordSet | undefined)[] = [interval(0, SIZE - 1)];
      let expected: readonly (readonly number[])[] = [Array.from({ length: SIZE }, (_, x) => x)];
      for (let depth = 0; depth < 4; depth++) {
        const op = random.pick(['eq', 'gt', 'ge', 'set'] as const);
        const ordered = op === 'gt' || op === 'ge';
        const mask =
          ordered || random.chance(0.4)
            ? random.pick([0xffffffff, 0xfffffff0, 0xffffff80])
            : random.below(SIZE);
        const test = { op, mask, k: random.below(SIZE) };
        sets = sets.flatMap(set =>
          set === undefined ? [undefined, undefined] : [split(set, test).yes, split(set, test).no],
        );
        expected = expected.flatMap(values => [
          values.filter(x => holds(test, x)),
          values.filter(x => !holds(test, x)),
        ]);
      }
      sets.forEach((set, index) => {
        const found = set === undefined ? undefined : member(set);
        assert.equal(found === undefined || expected[index]?.includes(found), true, `SEED=${start}`);
        assert.deepEqual(members(set), expected[index], `SEED=${start}`);
      });
    }
  });

  it(`intersects sets value by value (SEED=${start})`, () => {
    const random = new Random(start);
    const randomSet = (): WordSet => {
      let set = interval(0, SIZE - 1);
      for (let depth = random.below(4); depth > 0; depth--) {
        const op = random.pick(['eq', 'ge', 'set'] as const);
        const mask = op === 'ge' ? 0xffffffff : random.pick([0xffffffff, 0xfffffff8, random.below(SIZE)]);
        const { yes, no } = split(set, { op, mask, k: random.below(SIZE) });
        set = (random.chance(0.5) ? yes : no) ?? set;
      }
      return set;
    };
    for (let round = 0; round < 500; round++) {
      const [a, b] = [randomSet(), randomSet()];
      const [inA, inB] = [members(a), members(b)];
      assert.deepEqual(
        members(intersection(a, b)),
        inA.filter(x => inB.includes(x)),
        `SEED=${start} round ${round}`,
      );
    }
  });

  it('represents tests of leading bits as ranges, however many there are', () => {
    let set: WordSet | undefined = interval(0, 0xffffffff);
    for (let block = 0; block < 2000; block++)
      set = set && split(set, { op: 'eq', mask: 0xfffffff0, k: block * 16 }).no;
    assert.ok(set !== undefined);
    assert.equal(member(set), 32000);
  });

  it('handles the minimum and the maximum', () => {
    const all = interval(0, 0xffffffff);
    assert.deepEqual(split(all, { op: 'ge', mask: 0xffffffff, k: 0 }), { yes: all, no: undefined });
    assert.deepEqual(split(all, { op: 'gt', mask: 0xffffffff, k: 0xffffffff }), { yes: undefined, no: all });
    assert.deepEqual(split(all, { op: 'eq', mask: 0xffffffff, k: 0xffffffff }).no?.ranges, [0, 0xfffffffe]);
    assert.equal(member(split(all, { op: 'set', mask: 0xffffffff, k: 0x80000000 }).yes ?? all), 0x80000000);
  });

  it('finds a member that many masks do not exclude', () => {
    let set: WordSet | undefined = interval(0, 0xffffffff);
    for (let bit = 0; bit < 31; bit++) set = set && split(set, { op: 'eq', mask: (3 << bit) >>> 0, k: 0 }).no;
    const found = (set && member(set)) ?? 0;
    for (let bit = 0; bit < 31; bit++)
      assert.notEqual((found >>> bit) & 3, 0, `bits ${bit} and ${bit + 1} of ${found.toString(2)}`);
  });

  it('rejects an ordered comparison under a mask with holes as undecidable', () => {
    assert.throws(() => split(interval(0, 9), { op: 'ge', mask: 5, k: 1 }), { code: 'undecidable-program' });
  });
});
