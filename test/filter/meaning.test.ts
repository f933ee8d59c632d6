// The meaning of programs with every instruction, as a diagram, compared with the interpreter for the same calls.
import assert from 'node:assert/strict';
import { CompileError } from '#lib/util/errors.js';
import { interpret } from '#lib/bpf/interpret.js';
import { bddBudget, Bdd } from '#lib/filter/meaning/bdd.js';
import { programMeaning } from '#lib/filter/meaning/meaning.js';
import { Vectors } from '#lib/filter/meaning/vectors.js';
import { DATA_SIZE, validate, WORD, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { Random, seed } from '../support/random.js';
import { randomComputation, randomWord } from '../support/random-computation.js';

/** The words of a call, in the order in which diagrams test them. */
const WORDS: readonly number[] = [
  WORD.arch,
  WORD.nr,
  ...[0, 1, 2, 3, 4, 5].flatMap(arg => [WORD.high(arg), WORD.low(arg)]),
  WORD.ipHigh,
  WORD.ipLow,
];

/** The return value of a program for a call, according to its diagram; undefined if there is no diagram. */
function meaning(program: Program): ((data: Uint32Array) => number | undefined) | undefined {
  const bdd = new Bdd(bddBudget(500_000));
  try {
    const whole = programMeaning(bdd, new Vectors(bdd), program);
    return data =>
      bdd.valueOf(WORDS.reduce((node, word) => bdd.cofactor(node, word, data[word] ?? 0), whole));
  } catch (error) {
    if (error instanceof CompileError && error.code === 'undecidable-program') return undefined;
    throw error;
  }
}

const insn = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });

describe('the meaning of programs', () => {
  const start = seed();

  it(`is what they return, for any instructions (SEED=${start})`, () => {
    const random = new Random(start);
    let decided = 0;
    for (let index = 0; index < 400; index++) {
      const program = randomComputation(random, 12, () => random.below(1000));
      const returned = meaning(program);
      if (returned === undefined) continue;
      decided++;
      for (let call = 0; call < 30; call++) {
        const data = Uint32Array.from({ length: DATA_SIZE / 4 }, () => randomWord(random));
        assert.equal(returned(data), interpret(program, data).action, `SEED=${start}, program ${index}`);
      }
    }
    assert.ok(decided > 100, `${decided} programs`);
  });

  it('does not depend on unreachable code, even if that cannot be followed', () => {
    const program: Program = [
      insn(BPF.LD_ABS, 4 * WORD.low(0)),
      insn(BPF.TAX),
      insn(BPF.LD_ABS, 4 * WORD.nr),
      insn(BPF.JEQ_K, 5, 0, 3),
      insn(BPF.JEQ_K, 6, 0, 2),
      insn(BPF.MUL_X),
      insn(BPF.RET_A),
      insn(BPF.RET_K, 7),
    ];
    validate(program);
    const returned = meaning(program);
    assert.equal(returned?.(new Uint32Array(DATA_SIZE / 4).fill(5)), 7);
  });

  it('has the values of a returned register', () => {
    const program: Program = [
      insn(BPF.LD_ABS, 4 * WORD.nr),
      insn(BPF.JGE_K, 4, 1, 0),
      insn(BPF.RET_A),
      insn(BPF.RET_K, 9),
    ];
    const returned = meaning(program);
    const of = (number: number): number | undefined =>
      returned?.(new Uint32Array(DATA_SIZE / 4).fill(number));
    assert.deepEqual([of(0), of(3), of(4), of(0xffffffff)], [0, 3, 9, 9]);
  });
});
