// Our generator on generated policies: what the program answers is what the policy says.
import assert from 'node:assert/strict';
import { interpret, seccompData } from '#lib/filter/interpret.js';
import { validate } from '#lib/filter/program.js';
import { generate } from '#lib/filter/tree/generate.js';
import { findDifference } from '#lib/filter/verify.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy, randomShape } from '../support/random-policy.js';

describe('generator: programs for random policies', () => {
  const start = seed();
  const count = Number(process.env['POLICIES'] ?? 2000);

  it(`answer as the policy does, on boundary calls and by proof (${count} policies, SEED=${start})`, () => {
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
