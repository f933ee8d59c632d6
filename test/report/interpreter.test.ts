// The interpreter of pages, compared with the package's own.
import assert from 'node:assert/strict';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { isConditional } from '#lib/bpf/program.js';
import { callWords, runProgram } from '#lib/report/interpreter.js';
import { Random, seed } from '../support/random.js';
import { randomProgram } from '../support/random-program.js';

const start = seed();

describe("the page's interpreter", () => {
  it(`has the same result and path as the package's (SEED=${start})`, () => {
    const random = new Random(start);
    for (let round = 0; round < 500; round++) {
      const program = randomProgram(random, 2 + random.below(40));
      const data = Uint32Array.from({ length: 16 }, () => random.word());
      const indexes: number[] = [];
      const before: number[] = [];
      const { action } = interpret(program, data, (index, a) => {
        indexes.push(index);
        before.push(a);
      });
      const run = runProgram(
        program.map(({ code, jt, jf, k }) => [code, jt, jf, k]),
        data,
      );
      assert.equal(run.action, action);
      assert.deepEqual(
        Array.from(run.path, ({ index }) => index),
        indexes,
      );
      assert.deepEqual(Array.from(run.path, ({ a }) => a).slice(0, -1), before.slice(1));
      for (const { index, held } of run.path) {
        const instruction = program[index];
        assert.equal(held !== undefined, instruction !== undefined && isConditional(instruction));
      }
    }
  });

  it('lays a call out as the kernel does', () => {
    const args = [1n, 2n ** 64n - 1n, 2n ** 32n];
    assert.deepEqual(
      Array.from(callWords(0xc000003e, 41, args)),
      Array.from(seccompData({ arch: 0xc000003e, syscall: 41, args, instructionPointer: 0n })),
    );
  });
});
