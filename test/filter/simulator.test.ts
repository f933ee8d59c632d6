// The fast simulator, compared with the interpreter, which is compared with the kernel.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { composeLayers } from '#lib/filter/compose.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { WORD, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { simulate } from '#lib/filter/inspect/simulate.js';
import { simulator } from '#lib/filter/inspect/simulator.js';
import { ABIS } from '#lib/kernel/abi.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO } from '#lib/kernel/constants.js';
import { evaluate } from '#lib/policy/evaluate.js';
import type { Event } from '#lib/kernel/event.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';
import { kernelAnswers } from '../support/kernel.js';
import { randomComputation, randomWord } from '../support/random-computation.js';
import { ALL_ACTIONS, probes, randomPolicy, randomShape } from '../support/random-policy.js';
import { Random, seed } from '../support/random.js';

const show = (program: Program): string =>
  program.map(({ code, jt, jf, k }) => `${code.toString(16)} ${jt} ${jf} ${k.toString(16)}`).join('; ');

describe('simulator', () => {
  const start = seed();

  it(`has the same result as the interpreter for random programs of every instruction (SEED=${start})`, () => {
    const random = new Random(start);
    const ran = new Set<number>();
    for (let index = 0; index < 4000; index++) {
      const program = randomComputation(random, 40, () => random.pick(ALL_ACTIONS));
      const answer = simulator(program);
      for (let call = 0; call < 12; call++) {
        const data = Uint32Array.from({ length: 16 }, () => randomWord(random));
        const { action } = interpret(program, data, at => ran.add(program[at]?.code ?? -1));
        assert.equal(
          answer(data),
          composeLayers([action]),
          `program ${index} of SEED=${start}: ${show(program)}`,
        );
        assert.equal(answer(data), composeLayers([action]), 'the same call again');
      }
    }
    assert.deepEqual(
      Object.values(BPF).filter(code => !ran.has(code)),
      [],
      'every instruction ran',
    );
  });

  it(`has the same result as the composed interpreters for random stacks and calls that share numbers (SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < 500; index++) {
      const layers = Array.from({ length: 1 + random.below(5) }, () =>
        randomComputation(random, 12, () => random.pick(ALL_ACTIONS)),
      );
      const answer = simulator(layers);
      for (let call = 0; call < 40; call++) {
        // Few numbers, some of which collide in the table of cached actions.
        const syscall = random.pick([0, 1, 2048, 4096, 0x40000000]);
        const event: Event = { arch: random.pick([0, 4, 0xc000003e]), syscall, args: [random.register()] };
        const returned = layers.map(program => interpret(program, seccompData(event)).action);
        assert.equal(answer(event), composeLayers(returned), `stack ${index} of SEED=${start}`);
        assert.equal(
          answer(seccompData(event)),
          composeLayers(returned),
          `stack ${index} of SEED=${start}, words`,
        );
        assert.equal(
          simulate(layers, event).action,
          composeLayers(returned),
          `stack ${index} of SEED=${start}`,
        );
      }
    }
  });

  it(`has the same result as the policy for compiled ones (SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < 60; index++) {
      const policy = randomPolicy(random, randomShape(random));
      const answer = simulator(compile(policy));
      for (const event of probes(random, policy, 3)) assert.equal(answer(event), evaluate(policy, event));
    }
  });

  it('keeps no reference to the array that it was given', () => {
    const answer = simulator(compile('docker-default', { arch: 'x86_64' }));
    const data = seccompData({ arch: ABIS.x86_64.audit, syscall: 41, args: [1n] });
    assert.equal(answer(data), SCMP_ACT_ALLOW);
    data[4] = 38;
    assert.equal(answer(data), SCMP_ACT_ERRNO(1));
    data[0] = 0;
    assert.equal(answer(data), SCMP_ACT_ALLOW);
  });
});

/** Loads the first argument instead of the instruction pointer, which differs between runs. */
const withoutAddress = (instruction: Instruction): Instruction =>
  instruction.code === BPF.LD_ABS &&
  (instruction.k >>> 2 === WORD.ipLow || instruction.k >>> 2 === WORD.ipHigh)
    ? { ...instruction, k: 4 * WORD.low(0) }
    : instruction;

describe('interpreter', () => {
  const start = seed();

  it(`runs random programs as the kernel does (SEED=${start})`, () => {
    const random = new Random(start);
    const { audit } = ABIS[nativeArchitecture()];
    // The probe must know the return value and survive: no RET A, no division by zero.
    const leaveOut = [BPF.RET_A, BPF.DIV_X];
    for (let index = 0; index < 60; index++) {
      const program = randomComputation(random, 60, () => random.pick(ALL_ACTIONS), leaveOut).map(
        withoutAddress,
      );
      const events = Array.from({ length: 20 }, () => ({
        arch: audit,
        syscall: random.below(300),
        args: Array.from(
          { length: 6 },
          () => (BigInt(randomWord(random)) << 32n) | BigInt(randomWord(random)),
        ),
        instructionPointer: 0n,
      }));
      const answers = kernelAnswers(program, events);
      events.forEach((event, call) => {
        assert.equal(
          answers[call],
          interpret(program, seccompData(event)).action,
          `program ${index} of SEED=${start}`,
        );
      });
    }
  });
});
