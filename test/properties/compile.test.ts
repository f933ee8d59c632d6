// Profiles of every shape, end to end: the compiled program, its listing, its policy and its conversions are equivalent.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compile } from '#lib/filter/compile-profile.js';
import { convert } from '#lib/filter/convert.js';
import {
  CompileError,
  ConversionError,
  ProfileError,
  SeccompError,
  VerificationError,
} from '#lib/util/errors.js';
import { assemble } from '#lib/bpf/assemble/assemble.js';
import { decompile } from '#lib/filter/decompile/decompile.js';
import { disassemble } from '#lib/bpf/listing/disassemble.js';
import type { Filter } from '#lib/filter/filter.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { load } from '#lib/process/load.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { event, profile } from '../support/arbitrary.js';
import { property } from '../support/property.js';
import { written } from '../support/written.js';

/** The filter, or undefined for a profile that contradicts itself. */
function compiled(source: object, options: object): Filter | undefined {
  try {
    return compile(written(source), options);
  } catch (error) {
    assert.ok(error instanceof ProfileError, String(error));
    return undefined;
  }
}

/** Whether `decompile` reports that there are too many disjoint rules, or too many masks of one word. */
const isTooHard = (error: unknown): boolean =>
  (error instanceof ConversionError && error.code === 'not-expressible') ||
  (error instanceof CompileError && error.code === 'undecidable-program');

const target = fc.record({
  arch: fc.constantFrom('x86_64', 'aarch64'),
  unknownSyscalls: fc.constantFrom('enosys', 'default'),
  argWidth: fc.constantFrom('profile', 'declared'),
});

const hostileOptions = fc.dictionary(
  fc.oneof(
    fc.constantFrom('arch', 'kernel', 'capabilities', 'unknownSyscalls', 'badArch', 'argWidth', 'strict'),
    fc.constantFrom(
      'codegen',
      'weights',
      'optimize',
      '__proto__',
      'scope',
      'listener',
      'force',
      'noNewPrivs',
    ),
  ),
  fc.oneof(
    fc.constantFrom<unknown>('x86_64', 'process', 'thread', true, undefined, 1),
    fc.anything({ withNullPrototype: true, withBigInt: true }),
  ),
  { maxKeys: 3 },
);

describe('properties of compilation', () => {
  property(
    'a program answers as its policy does',
    fc.tuple(profile, target, fc.array(event, { maxLength: 40 })),
    300,
    ([source, options, events]) => {
      const filter = compiled(source, options);
      if (filter === undefined) return;
      for (const each of events)
        assert.equal(interpret(filter.program, seccompData(each)).action, evaluate(filter.policy, each));
    },
  );

  property(
    'its listing is assembled to the same program',
    fc.tuple(profile, target),
    150,
    ([source, options]) => {
      const program = compiled(source, options)?.program;
      if (program === undefined) return;
      for (const form of ['listing', 'plain', 'source'] as const)
        assert.deepEqual(assemble(disassemble(program, { form })), program);
    },
  );

  property(
    'the policy that is read from it is the same',
    fc.tuple(profile, target),
    25,
    ([source, options]) => {
      const filter = compiled(source, options);
      if (filter === undefined) return;
      let again;
      try {
        again = decompile(filter, { arch: filter.policy.target.arch });
      } catch (error) {
        assert.ok(isTooHard(error), String(error));
        return;
      }
      assert.equal(findDifference(filter.program, again), undefined);
    },
  );

  property(
    'a conversion means the same, or is refused',
    fc.tuple(profile, target, fc.constantFrom('docker', 'oci')),
    150,
    ([source, options, format]) => {
      const filter = compiled(source, options);
      if (filter === undefined) return;
      try {
        const { unknownSyscalls } = options as { unknownSyscalls: 'enosys' | 'default' };
        const text = convert(filter.policy, format, { unknownSyscalls });
        const again = resolveProfile(Buffer.from(text), filter.policy.target, { unknownSyscalls });
        assert.equal(findDifference(filter.program, again), undefined);
      } catch (error) {
        assert.ok(isTooHard(error), String(error));
      }
    },
  );

  property(
    'what libseccomp makes is proven, or refused',
    fc.tuple(profile, target),
    100,
    ([source, options]) => {
      try {
        compile(written(source), { ...options, codegen: 'libseccomp' } as object);
      } catch (error) {
        assert.ok(
          error instanceof ProfileError ||
            error instanceof CompileError ||
            error instanceof VerificationError ||
            (error instanceof SeccompError && error.code === 'libseccomp'),
          String(error),
        );
      }
    },
  );

  property('options of any kind are taken or refused', hostileOptions, 400, options => {
    const filter = compile({ defaultAction: 'SCMP_ACT_ALLOW' });
    const calls = [
      () => compile({ defaultAction: 'SCMP_ACT_ALLOW' }, options),
      () => load(filter, { ...options, dryRun: true }),
      () => load(filter.bpf, { ...options, dryRun: true }),
      () => disassemble(filter, options),
      () => decompile(filter, options),
      () => convert(filter.policy, 'docker', options),
    ];
    for (const call of calls) {
      try {
        call();
      } catch (error) {
        assert.ok(error instanceof SeccompError, String(error));
      }
    }
  });
});
