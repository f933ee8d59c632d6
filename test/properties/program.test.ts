// Arbitrary programs: they are parsed, listed and analysed, or refused as by the kernel.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compile } from '#lib/filter/compile-profile.js';
import { CompileError, ProgramError, SeccompError, VerificationError } from '#lib/util/errors.js';
import { assemble } from '#lib/bpf/assemble/assemble.js';
import { decompile } from '#lib/filter/decompile/decompile.js';
import { annotate, disassemble } from '#lib/bpf/listing/disassemble.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { lintProgram } from '#lib/lint/lint-program.js';
import { explain } from '#lib/filter/inspect/explain.js';
import { decode, encode, findFault, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { simulate } from '#lib/filter/inspect/simulate.js';
import { findDifference, verify } from '#lib/filter/prove/verify.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { load } from '#lib/process/load.js';
import { event, instructions } from '../support/arbitrary.js';
import { kernelAnswers, kernelVerdicts } from '../support/kernel.js';
import { property } from '../support/property.js';

const EINVAL = 22;
const { policy } = compile('docker-default', { arch: 'x86_64' });
const valid = instructions.filter(program => findFault(program) === undefined);

describe('properties of programs', () => {
  property(
    'the kernel takes what `validate` takes, and nothing else',
    fc.array(instructions, { minLength: 1, maxLength: 50 }),
    60,
    programs => {
      assert.deepEqual(
        kernelVerdicts(programs),
        programs.map(program => (findFault(program) === undefined ? 0 : EINVAL)),
      );
    },
  );

  property(
    'bytes are a program that encodes to them, or an error',
    fc.uint8Array({ maxLength: 64 }),
    500,
    bytes => {
      let program: Program;
      try {
        program = decode(bytes);
      } catch (error) {
        assert.ok(error instanceof ProgramError, String(error));
        return;
      }
      assert.deepEqual(Uint8Array.from(encode(program)), bytes);
    },
  );

  property('any program is listed', instructions, 500, program => {
    for (const form of ['listing', 'plain', 'source'] as const) disassemble(program, { form });
    assert.equal(annotate(program).length, program.length);
  });

  property('a listing in any form is assembled to the same program', valid, 700, program => {
    for (const form of ['listing', 'plain', 'source'] as const) {
      const again = assemble(disassemble(program, { form }));
      // Only a listing shows fields that an instruction does not use.
      if (form === 'listing') assert.deepEqual(again, program);
      assert.equal(disassemble(again, { form }), disassemble(program, { form }));
    }
  });

  property('analysis ends in a result or an error of this package', valid, 80, program => {
    const analyses = [
      () => {
        verify(program, policy);
      },
      () => decompile(program),
      () => explain(program),
      () => lintProgram(program),
      () => load(encode(program), { dryRun: true }),
    ];
    for (const analyse of analyses) {
      try {
        analyse();
      } catch (error) {
        assert.ok(error instanceof SeccompError, String(error));
      }
    }
  });

  property('a difference from a policy is one', valid, 300, program => {
    try {
      const difference = findDifference(program, policy);
      if (difference !== undefined)
        assert.notEqual(interpret(program, seccompData(difference)).action, evaluate(policy, difference));
    } catch (error) {
      assert.ok(error instanceof CompileError || error instanceof VerificationError, String(error));
    }
  });

  property(
    'what is decompiled answers as the program does',
    fc.tuple(valid, fc.array(event, { maxLength: 20 })),
    300,
    ([program, events]) => {
      let meaning;
      try {
        meaning = decompile(program, { arch: 'x86_64' });
      } catch (error) {
        assert.ok(error instanceof SeccompError, String(error));
        return;
      }
      for (const each of events)
        assert.equal(evaluate(meaning, each), interpret(program, seccompData(each)).action);
    },
  );

  property('a simulation ends as the interpreter does', fc.tuple(valid, event), 300, ([program, each]) => {
    const [layer] = simulate([program], each).layers;
    assert.equal(layer?.returned, interpret(program, seccompData(each)).action);
  });

  if (process.arch === 'x64') {
    const native = fc.record({
      arch: fc.constant(0xc000003e),
      // -1 never reaches a filter; 335 and 336 are internal to the kernel.
      syscall: event.map(({ syscall }) => syscall).filter(number => ![0xffffffff, 335, 336].includes(number)),
      args: event.map(({ args }) => args),
      instructionPointer: fc.constant(0n),
    });
    // Computed return values and the end by a division by zero cannot be distinguished in the kernel, and the test does not
    // control the instruction pointer.
    const constant = valid.filter(program =>
      program.every(
        ({ code, k }) =>
          code !== BPF.RET_A && code !== BPF.DIV_X && !(code === BPF.LD_ABS && (k === 8 || k === 12)),
      ),
    );
    property(
      'the interpreter answers as the kernel does',
      fc.tuple(constant, fc.array(native, { minLength: 1, maxLength: 40 })),
      60,
      ([program, events]) => {
        assert.deepEqual(
          kernelAnswers(program, events),
          events.map(each => interpret(program, seccompData(each)).action),
        );
      },
    );
  }
});
