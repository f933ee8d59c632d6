// Programs that the kernel accepts and that are designed to exhaust analyses.
import { MAX_INSTRUCTIONS, validate, type Instruction, type Program } from '#lib/bpf/program.js';
import { BPF } from '#lib/bpf/opcodes.js';
import { Random } from './random.js';

/** A program, named by its effect. */
export interface HostileProgram {
  readonly name: string;
  readonly program: Program;
}

const ALLOW = 0x7fff0000;
const REFUSE = 0x50001;

const op = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k: k >>> 0 });
const load = (word: number): Instruction => op(BPF.LD_ABS, 4 * word);
const RETURNS = [op(BPF.RET_K, ALLOW), op(BPF.RET_K, REFUSE)];

/** Repeats rounds of instructions as often as they fit before the end. */
function rounds(
  make: (index: number) => readonly Instruction[],
  end: readonly Instruction[] = RETURNS,
  start: readonly Instruction[] = [],
): Program {
  const program = [...start];
  for (let index = 0; ; index++) {
    const round = make(index);
    if (program.length + round.length + end.length > MAX_INSTRUCTIONS) return [...program, ...end];
    program.push(...round);
  }
}

const repeated = (count: number, make: (index: number) => readonly Instruction[]): readonly Instruction[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat();

/** Writes every scratch word. */
const STORES = repeated(16, slot => [op(BPF.ST, slot)]);

const mixed = (index: number): number => Math.imul(0x9e3779b9, index + 1) >>> 0;
/** The index of one of the twelve argument words. */
const argument = (index: number): number => 4 + (index % 12);
/** The end of a path: allows if the accumulator is 0. */
const ALLOW_ZERO = [op(BPF.JEQ_K, 0, 0, 1), ...RETURNS];

/** Each test has two branches of one instruction that join again; the tests at the end use every word. */
const diamonds = (code: number, k: (index: number) => number): Program =>
  rounds(
    index => [load(argument(index)), op(code, k(index), 0, 1), op(BPF.LDX_IMM, index), op(BPF.LD_IMM, index)],
    [...repeated(12, index => [load(argument(index)), op(BPF.JEQ_K, 1, 1, 0)]), ...RETURNS],
  );

/** Random instructions with random jumps. */
function random(seed: number, length: number, codes: readonly number[]): Program {
  const chance = new Random(seed);
  const program = Array.from({ length: length - 2 }, (_, index): Instruction => {
    const code = codes[chance.below(codes.length)] ?? BPF.LD_ABS;
    const room = Math.min(255, length - 2 - index);
    if (code === BPF.LD_ABS) return load(chance.below(16));
    if ((code & 7) === 5)
      return op(code, mixed(chance.below(2 ** 30)), chance.below(room), chance.below(room));
    if (code === BPF.ST || code === BPF.STX || code === BPF.LD_MEM || code === BPF.LDX_MEM)
      return op(code, chance.below(16));
    if (code === BPF.LSH_K || code === BPF.RSH_K) return op(code, chance.below(32));
    return op(code, mixed(chance.below(2 ** 30)));
  });
  return [...STORES, ...program.slice(STORES.length), ...RETURNS];
}

const JUMPS = [BPF.JEQ_K, BPF.JGT_K, BPF.JGE_K, BPF.JSET_K];

/** Programs of every kind, each as large as the kernel accepts. */
export const HOSTILE_PROGRAMS: readonly HostileProgram[] = (
  [
    ['comparisons whose sides meet again', diamonds(BPF.JGT_K, mixed)],
    ['equalities whose sides meet again', diamonds(BPF.JEQ_K, mixed)],
    ['single bits whose sides meet again', diamonds(BPF.JSET_K, index => 1 << (index % 32))],
    ['masks whose sides meet again', diamonds(BPF.JSET_K, index => mixed(index) & mixed(index + 7))],
    [
      'a jump for each bit without a side of its own',
      rounds(index => [load(argument(index >> 5)), op(BPF.JSET_K, 1 << (index & 31))]),
    ],
    [
      'a bit of scratch memory for each comparison',
      rounds(
        index => [
          load(argument(index)),
          op(BPF.JGT_K, mixed(index), 0, 2),
          op(BPF.LD_IMM, index),
          op(BPF.ST, index & 15),
        ],
        [op(BPF.LD_IMM, 0), ...repeated(16, slot => [op(BPF.LDX_MEM, slot), op(BPF.ADD_X)]), ...ALLOW_ZERO],
        STORES,
      ),
    ],
    [
      'a sum that grows with each comparison',
      rounds(
        index => [
          load(argument(index)),
          op(BPF.JGT_K, mixed(index), 0, 3),
          op(BPF.TXA),
          op(BPF.ADD_K, 2 ** (index % 32)),
          op(BPF.TAX),
        ],
        [op(BPF.TXA), ...ALLOW_ZERO],
      ),
    ],
    [
      'a count of the comparisons that held',
      rounds(
        index => [
          load(argument(index)),
          op(BPF.JEQ_K, index, 0, 3),
          op(BPF.TXA),
          op(BPF.ADD_K, 1),
          op(BPF.TAX),
        ],
        [op(BPF.TXA), ...ALLOW_ZERO],
      ),
    ],
    [
      'one argument compared with another',
      [load(4), op(BPF.TAX), load(14), op(BPF.JEQ_X, 0, 0, 1), ...RETURNS],
    ],
    [
      'every argument compared with every other',
      rounds(index => [
        load(argument(index)),
        op(BPF.TAX),
        load(argument(index + 1 + (index % 11))),
        op(BPF.JGT_X, 0, 0, 1),
        op(BPF.LD_IMM, index),
      ]),
    ],
    [
      'the sum of all arguments',
      [load(4), ...repeated(11, index => [op(BPF.TAX), load(5 + index), op(BPF.ADD_X)]), ...ALLOW_ZERO],
    ],
    [
      'the exclusive or of all arguments, shifted',
      [
        load(4),
        ...repeated(11, index => [op(BPF.LSH_K, 1), op(BPF.TAX), load(5 + index), op(BPF.XOR_X)]),
        op(BPF.JGT_K, 0x12345678, 0, 1),
        ...RETURNS,
      ],
    ],
    [
      'a chain of additions and shifts',
      rounds(
        index => [
          op(
            [BPF.ADD_K, BPF.XOR_K, BPF.RSH_K, BPF.SUB_K][index % 4] ?? 0,
            index % 4 === 2 ? 1 : mixed(index),
          ),
        ],
        ALLOW_ZERO,
      ).toSpliced(0, 1, load(4)),
    ],
    [
      'an arithmetic chain between tests',
      rounds(
        index => [
          op(BPF.ADD_K, mixed(index)),
          op(BPF.JGT_K, mixed(index + 1), 0, 1),
          op(BPF.XOR_K, mixed(index)),
        ],
        ALLOW_ZERO,
      ).toSpliced(0, 1, load(4)),
    ],
    ['a product of arguments', [load(4), op(BPF.TAX), load(6), op(BPF.MUL_X), ...ALLOW_ZERO]],
    ['the data of the call as the answer', [load(4), op(BPF.RET_A)]],
    [
      'an answer that is computed from two arguments',
      [load(4), op(BPF.TAX), load(14), op(BPF.ADD_X), op(BPF.RET_A)],
    ],
    [
      'another answer for each number',
      rounds(index => [op(BPF.JEQ_K, index, 0, 1), op(BPF.RET_K, 0x50000 + (index % 4000))])
        .toSpliced(0, 0, load(0))
        .slice(-4096),
    ],
    [
      'a range of numbers for each action',
      [
        load(0),
        ...rounds(index => [
          op(BPF.JGT_K, 0xfff00000 - index * 0x80000, 0, 1),
          op(BPF.RET_K, 0x50000 + (index % 3)),
        ]).slice(1),
      ],
    ],
    [
      'another answer for each of many values of two arguments',
      rounds(index => [
        load(4 + 2 * (index & 1)),
        op(BPF.JEQ_K, mixed(index), 0, 1),
        op(BPF.RET_K, 0x50000 + (index % 4000)),
      ]),
    ],
    [
      'masks of one word, another answer for each',
      rounds(index => [
        load(4),
        op(BPF.AND_K, mixed(index) & mixed(index * 3 + 1)),
        op(BPF.JEQ_K, 0, 0, 1),
        op(BPF.RET_K, 0x50000 + (index % 4000)),
      ]),
    ],
    [
      'masks that overlap, one answer',
      rounds(index => [
        load(4),
        op(BPF.AND_K, 7 << (index % 29)),
        op(BPF.JEQ_K, (mixed(index) & 7) << (index % 29), 1, 0),
        load(5),
      ]),
    ],
    [
      'masks that are compared by order',
      rounds(index => [
        load(argument(index)),
        op(BPF.AND_K, mixed(index)),
        op(BPF.JGT_K, mixed(index + 1), 0, 1),
        op(BPF.RET_K, 0x50000 + (index & 7)),
      ]),
    ],
    [
      'bits of numbers and arguments that are told apart',
      rounds(index => [
        load(index % 16),
        op(BPF.JSET_K, 1 << ((index * 7) & 31), 0, 1),
        op(BPF.RET_K, 0x50000 + (index & 3)),
      ]),
    ],
    ...[1, 2, 3].map((seed): [string, Program] => [
      `random tests of words (${seed})`,
      random(seed, 4096, [BPF.LD_ABS, ...JUMPS]),
    ]),
    ...[4, 5].map((seed): [string, Program] => [
      `random tests in 300 instructions (${seed})`,
      random(seed, 300, [BPF.LD_ABS, ...JUMPS]),
    ]),
    ...[6, 7].map((seed): [string, Program] => [
      `random tests, masks and scratch memory (${seed})`,
      random(seed, 4096, [BPF.LD_ABS, BPF.LD_ABS, ...JUMPS, BPF.AND_K, BPF.ST, BPF.LD_MEM, BPF.TAX, BPF.TXA]),
    ]),
    ...[8, 9].map((seed): [string, Program] => [
      `random instructions (${seed})`,
      random(seed, 4096, [
        ...[
          BPF.LD_ABS,
          BPF.LD_ABS,
          ...JUMPS,
          BPF.JEQ_X,
          BPF.JGT_X,
          BPF.JSET_X,
          BPF.AND_K,
          BPF.ST,
          BPF.STX,
          BPF.LD_MEM,
        ],
        ...[
          BPF.LDX_MEM,
          BPF.TAX,
          BPF.TXA,
          BPF.ADD_X,
          BPF.ADD_K,
          BPF.XOR_X,
          BPF.OR_X,
          BPF.LSH_K,
          BPF.RSH_K,
          BPF.NEG,
        ],
      ]),
    ]),
  ] as const
).map(([name, program]) => {
  validate(program);
  return { name, program };
});
