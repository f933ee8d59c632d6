// Explanations: exact for generated filters and stacks, and in the words of the profile for real ones.
import assert from 'node:assert/strict';
import { compilePolicy } from '#lib/filter/compile.js';
import { composed } from '#lib/filter/compose.js';
import { interpret, seccompData } from '#lib/filter/interpret.js';
import { explain } from '#lib/filter/meaning/explain.js';
import type { Program } from '#lib/filter/program.js';
import { generate } from '#lib/filter/tree/generate.js';
import type { Witness } from '#lib/errors.js';
import type { Policy } from '#lib/policy/policy.js';
import { explained } from '../support/explained.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy, randomShape, type Shape } from '../support/random-policy.js';

const answer = (layers: readonly Program[], event: Witness): number =>
  composed(layers.map(program => interpret(program, seccompData(event)).action));

/** Holds an explanation against the programs, on calls that probe the policies that they were made from. */
function assertExact(
  random: Random,
  layers: readonly Program[],
  policies: readonly Policy[],
  message: string,
): number {
  const explanation = explain(layers);
  let events = 0;
  for (const policy of policies) {
    for (const event of probes(random, policy, 12)) {
      events++;
      assert.deepEqual(explained(explanation, event), [answer(layers, event)], `${message}: ${show(event)}`);
    }
  }
  return events;
}

const show = ({ arch, syscall, args }: Witness): string =>
  `${syscall} of 0x${arch.toString(16)} (${args.map(arg => `0x${arg.toString(16)}`).join(', ')})`;

describe('explanations', () => {
  const start = seed();

  it(`give for every call what the program answers (SEED=${start})`, () => {
    const random = new Random(start);
    let events = 0;
    for (let index = 0; index < 120; index++) {
      const policy = randomPolicy(random, randomShape(random));
      events += assertExact(random, [generate(policy)], [policy], `SEED=${start}, policy ${index}`);
    }
    assert.ok(events > 10_000);
  });

  it(`do so for programs of libseccomp (SEED=${start})`, () => {
    const random = new Random(start + 1);
    const safe: Partial<Shape> = {
      maxConditions: 1,
      operators: ['SCMP_CMP_EQ', 'SCMP_CMP_MASKED_EQ'],
      actions: [0x7fff0000],
    };
    for (let index = 0; index < 20; index++) {
      const arch = random.pick(['x86_64', 'aarch64'] as const);
      const policy = randomPolicy(random, { ...randomShape(random), ...safe, arch, abis: [arch] });
      const { program } = compilePolicy(policy, { codegen: 'libseccomp' });
      assertExact(random, [program], [policy], `SEED=${start}, policy ${index}`);
    }
  });

  it(`do so for stacks (SEED=${start})`, () => {
    const random = new Random(start + 2);
    for (let index = 0; index < 60; index++) {
      const policies = Array.from({ length: 2 + random.below(2) }, () =>
        randomPolicy(random, { ...randomShape(random), maxRules: 3, maxConditions: 2 }),
      );
      assertExact(
        random,
        policies.map(policy => generate(policy)),
        policies,
        `SEED=${start}, stack ${index}`,
      );
    }
  });
});
