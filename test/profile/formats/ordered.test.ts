// Formats with ordered rules: a parsed text is equivalent to the program that the original tool makes from it.
import assert from 'node:assert/strict';
import { pfc } from '#lib/filter/inspect/pfc.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import { ABIS, syscallName } from '#lib/kernel/abi.js';
import { actionName, type Action } from '#lib/kernel/action.js';
import * as scmp from '#lib/kernel/constants.js';
import { generateWithLibseccomp } from '#lib/libseccomp/generate.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { ConversionError, ProfileError } from '#lib/util/errors.js';
import { Random, seed } from '../../support/random.js';
import { randomPolicy, randomShape } from '../../support/random-policy.js';

const RUNS = Number(process.env['FORMAT_RUNS'] ?? 40);
const start = seed();

describe('parsed pseudo filter code', () => {
  for (const arch of ['x86_64', 'aarch64'] as const) {
    const policy = resolveProfile('docker-default', { arch });
    for (const optimize of [1, 2] as const) {
      it(`is equivalent to libseccomp's program for Docker's default on ${arch}, optimized by ${optimize}`, () => {
        const { abis } = policy;
        // libseccomp has no rule for newer calls.
        const [native, ...others] = abis.map(part => ({ ...part, enosysAbove: undefined }));
        const plain = { ...policy, abis: [native ?? abis[0], ...others] as const };
        const output = generateWithLibseccomp(plain, optimize);
        const read = resolveProfile(output.pfc, { arch });
        assert.equal(findDifference(output.program, read), undefined);
      });
    }
    it(`is the same policy if this package writes Docker's default on ${arch}`, () => {
      const { program } = compilePolicy(policy);
      assert.equal(findDifference(program, resolveProfile(pfc(policy), { arch })), undefined);
    });
  }

  it(`is the same policy for random policies (SEED=${start})`, () => {
    const random = new Random(start);
    let given = 0;
    for (let run = 0; run < RUNS; run++) {
      const shape = randomShape(random);
      const policy = randomPolicy(random, { ...shape, maxConditions: Math.min(3, shape.maxConditions) });
      const text = pfc(policy);
      const { program } = compilePolicy(policy);
      let read;
      try {
        read = resolveProfile(text, { arch: shape.arch });
      } catch (error) {
        // The complement of many conditions may need more rules than a policy can have.
        if (!(error instanceof ProfileError) || error.code !== 'too-many-rules') throw error;
        given++;
        continue;
      }
      assert.equal(findDifference(program, read), undefined, `run ${run} of SEED=${start}: ${text}`);
    }
    assert.ok(given <= 2 + RUNS / 20, `${given} of ${RUNS} were given up: SEED=${start}`);
  });
});

/** A condition of easyseccomp, and whether it holds. */
interface Test {
  readonly text: string;
  readonly holds: (arch: number, syscall: number, args: readonly bigint[]) => boolean;
}

const COMPARE = {
  '==': (a: bigint, b: bigint) => a === b,
  '!=': (a: bigint, b: bigint) => a !== b,
  '<': (a: bigint, b: bigint) => a < b,
  '<=': (a: bigint, b: bigint) => a <= b,
  '>': (a: bigint, b: bigint) => a > b,
  '>=': (a: bigint, b: bigint) => a >= b,
} as const;
const NUMBERS = [0, 1, 2, 3, 9, 41, 56, 317];

function randomTest(random: Random): Test {
  const comparison = random.pick(Object.keys(COMPARE) as (keyof typeof COMPARE)[]);
  const value = random.pick([0, 1, 2, 3, 5, 6, 7, 12, 0x7fffffff, 0xffffffff]);
  const arg = random.below(3);
  const low = (args: readonly bigint[]): bigint => (args[arg] ?? 0n) & 0xffffffffn;
  switch (random.below(3)) {
    case 0:
      return {
        text: `$arg${arg} ${comparison} ${value}`,
        holds: (_, __, args) => COMPARE[comparison](low(args), BigInt(value)),
      };
    case 1: {
      const mask = random.pick([1, 2, 3, 4, 6, 0xf0, 0x80000001]);
      return {
        text: `$arg${arg} & ${mask} ${comparison} ${value}`,
        holds: (_, __, args) => COMPARE[comparison](low(args) & BigInt(mask), BigInt(value)),
      };
    }
    default: {
      const values = [value, random.below(8), random.below(8)];
      const negated = random.chance(0.5);
      return {
        text: `$arg${arg} ${negated ? 'not in' : 'in'} (${values.join(', ')})`,
        holds: (_, __, args) => values.includes(Number(low(args))) !== negated,
      };
    }
  }
}

function randomSubject(random: Random): Test {
  const number = random.pick(NUMBERS);
  const name = `@${syscallName('x86_64', number) ?? ''}`;
  if (random.chance(0.15)) {
    const negated = random.chance(0.5);
    return {
      text: `$arch ${negated ? '!=' : '=='} @x86`,
      holds: arch => (arch === ABIS.x86.audit) !== negated,
    };
  }
  if (random.chance(0.5)) {
    const others = [number, random.pick(NUMBERS), random.pick(NUMBERS)];
    return {
      text: `$syscall in (${others.map(one => (random.chance(0.5) ? `@${syscallName('x86_64', one) ?? ''}` : one)).join(', ')})`,
      holds: (_, syscall) => others.includes(syscall),
    };
  }
  const order = random.chance(0.2);
  return {
    text: `$syscall ${order ? '<=' : '=='} ${name}`,
    holds: (_, syscall) => (order ? syscall <= number : syscall === number),
  };
}

describe('policies of easyseccomp', () => {
  it(`have the action of the first rule that holds (SEED=${start})`, () => {
    const random = new Random(start);
    let read = 0;
    for (let run = 0; run < RUNS * 5; run++) {
      const rules = Array.from({ length: 1 + random.below(6) }, () => ({
        tests: [randomSubject(random), ...Array.from({ length: random.below(3) }, () => randomTest(random))],
        action: random.pick(['ALLOW()', 'LOG()', 'TRAP()', 'KILL_PROCESS()', 'ERRNO(EACCES)', 'TRACE(7)']),
      }));
      const end = random.pick(['ALLOW()', 'ERRNO(EPERM)']);
      const text = [
        ...rules.map(({ tests, action }) => `${tests.map(test => test.text).join(' && ')} => ${action};`),
        `=> ${end};`,
        '',
      ].join('\n');
      let policy;
      try {
        policy = resolveProfile(Buffer.from(text), { arch: 'x86_64' });
      } catch (error) {
        // Conditions on arguments for every call of an architecture cannot be expressed.
        if (!(error instanceof ProfileError || error instanceof ConversionError)) throw error;
        assert.ok(error.code === 'not-expressible' || error.code === 'too-many-rules', error.message);
        continue;
      }
      read++;
      for (const abi of [ABIS.x86_64, ABIS.x86]) {
        for (const syscall of [...NUMBERS, 4, 57, 300]) {
          for (let probe = 0; probe < 6; probe++) {
            const args = Array.from({ length: 3 }, () =>
              random.pick([0n, 1n, 2n, 3n, 4n, 6n, 13n, 0x80000001n, 0xffffffffn, 0x100000002n]),
            ).map(arg => (abi.width === 32 ? arg & 0xffffffffn : arg));
            const first = rules.find(({ tests }) =>
              tests.every(({ holds }) => holds(abi.audit, syscall, args)),
            );
            assert.equal(
              actionName(evaluate(policy, { arch: abi.audit, syscall, args })),
              actionName(ACTIONS[first?.action ?? end] ?? 0),
              `${syscall}(${args.join(', ')}) on ${abi.name}, run ${run} of SEED=${start}:\n${text}`,
            );
          }
        }
      }
    }
    assert.ok(read > RUNS, `${read} of ${RUNS * 5} were read`);
  });
});

const ACTIONS: Readonly<Record<string, Action>> = {
  'ALLOW()': scmp.SCMP_ACT_ALLOW,
  'LOG()': scmp.SCMP_ACT_LOG,
  'TRAP()': scmp.SCMP_ACT_TRAP,
  'KILL_PROCESS()': scmp.SCMP_ACT_KILL_PROCESS,
  'ERRNO(EACCES)': scmp.SCMP_ACT_ERRNO(13),
  'ERRNO(EPERM)': scmp.SCMP_ACT_ERRNO(1),
  'TRACE(7)': scmp.SCMP_ACT_TRACE(7),
};
