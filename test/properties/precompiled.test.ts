// Precompiled programs of profiles of every shape: each has the actions of its profile on every kernel on which it is used.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decode } from '#lib/bpf/program.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { programIn, VARIANTS, type ProgramFile } from '#lib/filter/stored/program-file.js';
import { ARCHITECTURES } from '#lib/kernel/architectures.js';
import { kernelAtLeast } from '#lib/kernel/kernel-version.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { variantOf } from '#lib/process/apply/apply-profile.js';
import { programFile } from '#lib/process/apply/precompile.js';
import { objectText } from '#lib/profile/object-text.js';
import { SeccompError } from '#lib/util/errors.js';
import { event, profile } from '../support/arbitrary.js';
import { property } from '../support/property.js';
import { sha256 } from '../support/sha256.js';

const minKernel = fc.constantFrom('3.17', '4.8', '5.11', '6.12');
const restriction = fc.record({ minKernel });
const restrictions = fc.record({ includes: restriction, excludes: restriction }, { requiredKeys: [] });
const kernel = fc.record({ major: fc.integer({ min: 3, max: 7 }), minor: fc.nat(20) });

interface Written {
  readonly syscalls?: readonly object[];
}

/** A profile under which Node can continue, with rules for only some kernels. */
const restricted = fc
  .tuple(profile, fc.array(restrictions, { minLength: 5, maxLength: 5 }))
  .map(([written, each]) => ({
    ...written,
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: ((written as Written).syscalls ?? []).map((rule, index) => ({ ...rule, ...each[index] })),
  }));

describe('properties of precompiled programs', () => {
  let made = 0;
  property(
    'each answers as its profile does, and is not used on older kernels',
    fc.tuple(
      restricted,
      fc.constantFrom(...ARCHITECTURES),
      fc.constantFrom(...VARIANTS),
      kernel,
      fc.array(event, { maxLength: 20 }),
    ),
    200,
    ([source, arch, variant, running, events]) => {
      const text = objectText(source);
      let file: ProgramFile;
      try {
        file = programFile({ text, file: 'generated.json' }, arch, sha256);
      } catch (error) {
        assert.ok(error instanceof SeccompError, String(error));
        return;
      }
      made++;
      const target = { arch, kernel: running };
      const program = programIn(JSON.stringify(file), Buffer.from(text), target, variant, sha256);
      assert.equal(program !== undefined, kernelAtLeast(running, file.minKernel));
      if (program === undefined) return;
      const policy = variantOf(text, target, variant);
      for (const each of events)
        assert.equal(interpret(decode(program), seccompData(each)).action, evaluate(policy, each));
    },
  );

  after(() => {
    assert.ok(made > 10, `only ${made} profiles could be precompiled`);
  });
});
