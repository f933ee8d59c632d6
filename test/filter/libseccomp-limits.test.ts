// The guard that keeps rules from libseccomp on which it may not end, and its copy in the fuzzers.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mayNotEnd, type RuleShape } from '#lib/filter/libseccomp-limits.js';
import { SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_MASKED_EQ } from '#lib/policy/constants.js';
import { probe } from '../support/kernel.js';
import { Random, seed } from '../support/random.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const equalities = (comparisons: number): RuleShape => ({ comparisons, onlyEquality: true });
const orders = (comparisons: number): RuleShape => ({ comparisons, onlyEquality: false });

describe('mayNotEnd', () => {
  const cases: readonly (readonly [name: string, rules: readonly RuleShape[], refused: boolean])[] = [
    ['one rule of several comparisons', [orders(3)], false],
    ['several rules of one comparison each', [orders(1), orders(1), equalities(1)], false],
    ['several rules that compare for equality', [equalities(2), equalities(3)], false],
    ['one rule of several comparisons beside simple ones', [orders(2), orders(1), equalities(1)], false],
    ['two rules of several comparisons, one by order', [equalities(2), orders(2)], true],
  ];
  for (const [name, rules, refused] of cases) {
    it(`${refused ? 'refuses' : 'takes'} ${name}`, () => {
      assert.equal(mayNotEnd(rules) !== undefined, refused);
    });
  }

  const start = seed();
  it(`refuses what the guard of the fuzzers refuses, and nothing else (SEED=${start})`, () => {
    const random = new Random(start);
    const sources = ['scripts/native-sources.mjs', 'libseccomp-include'];
    const include = execFileSync(process.execPath, sources, { cwd: root, encoding: 'utf8' }).trim();
    const guard = probe('may-not-end', {
      headers: ['native/fuzz/may_not_end.h', 'native/core/context.h'],
      flags: ['-isystem', `${root}${include}`],
    });
    for (let round = 0; round < 50; round++) {
      const rules = Array.from({ length: 1 + random.below(6) }, () =>
        Array.from({ length: random.below(4) }, () =>
          random.pick([SCMP_CMP_EQ, SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ, SCMP_CMP_MASKED_EQ, SCMP_CMP_GE]),
        ),
      );
      const taken: RuleShape[] = [];
      const expected = rules.map(operators => {
        const rule = {
          comparisons: operators.length,
          onlyEquality: operators.every(op => op === SCMP_CMP_EQ || op === SCMP_CMP_MASKED_EQ),
        };
        const refused = mayNotEnd([...taken, rule]) !== undefined;
        if (!refused) taken.push(rule);
        return refused ? '1' : '0';
      });
      const input = BigUint64Array.from(
        rules.flatMap(operators => [
          BigInt(operators.length),
          ...operators.flatMap((op, arg) => [BigInt(arg), BigInt(op), 1n, 0n]),
        ]),
      );
      const said = execFileSync(guard, { input: Buffer.from(input.buffer), encoding: 'utf8' });
      assert.equal(said.trim(), expected.join(''), JSON.stringify(rules));
    }
  });
});
