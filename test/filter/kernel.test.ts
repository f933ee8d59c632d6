// The kernel as an independent check: for random policies, evaluate, the interpreter and the kernel agree.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { generateWithLibseccomp } from '#lib/libseccomp/generate.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { generate } from '#lib/filter/generate/generate.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL_THREAD } from '#lib/kernel/constants.js';
import type { Witness } from '#lib/util/errors.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { OPERATORS, type Condition, type Policy, type SyscallPolicy } from '#lib/policy/policy.js';
import { makeTarget } from '#lib/policy/target.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';
import { kernelAnswers, servesI386 } from '../support/kernel.js';
import { Random, seed } from '../support/random.js';
import { probes, randomPolicy, randomShape } from '../support/random-policy.js';
import { written } from '../support/written.js';
import { skip } from '../support/skip.js';

const arch = nativeArchitecture();

/** Numbers that never reach a filter: -1, and on x86_64 the kernel's internal uretprobe and uprobe, which kill the process. */
const UNFILTERED = new Set(arch === 'x86_64' ? [0xffffffff, 335, 336] : [0xffffffff]);

const i386 = servesI386();

/** Whether this machine can make a call. */
const makeable = ({ arch: audit, syscall }: Witness): boolean =>
  (audit === ABIS[arch].audit && !UNFILTERED.has(syscall)) ||
  (i386 && audit === ABIS.x86.audit && syscall !== 0xffffffff);

/** The call as the kernel passes it to filters: i386 calls have 32-bit registers. */
const asMade = (event: Witness): Witness =>
  event.arch === ABIS.x86.audit ? { ...event, args: event.args.map(arg => arg & 0xffffffffn) } : event;

describe('kernel: actions under compiled policies', () => {
  const start = seed();

  it(`are those of evaluate and of the interpreter, for random policies (SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < 40; index++) {
      const policy = randomPolicy(random, {
        ...randomShape(random),
        arch,
        abis: arch === 'x86_64' ? ['x86_64', 'x86', 'x32'] : ['aarch64'],
      });
      const program = generate(policy);
      const events = [...probes(random, policy, 4)].filter(makeable).map(asMade);
      const answers = kernelAnswers(program, events);
      events.forEach((event, at) => {
        const expected = evaluate(policy, event);
        const where = `policy ${index} of SEED=${start}, call ${event.syscall} (${event.args.join()})`;
        assert.equal(interpret(program, seccompData(event)).action, expected, where);
        assert.equal(answers[at], expected, where);
      });
    }
  });

  it('include those to calls of i386', function () {
    if (!i386) skip(this, 'this kernel has no calls of i386');
    const policy = randomPolicy(new Random(start), {
      ...randomShape(new Random(start)),
      arch,
      abis: ['x86_64', 'x86'],
    });
    const events = [...probes(new Random(start), policy, 4)].filter(makeable).map(asMade);
    assert.ok(events.some(({ arch: audit }) => audit === ABIS.x86.audit));
    assert.deepEqual(
      kernelAnswers(generate(policy), events),
      events.map(event => evaluate(policy, event)),
    );
  });

  for (const arg of [0, 1, 2, 3, 4, 5]) {
    it(`compare argument ${arg} by every operator, in both halves of the register`, () => {
      for (const op of OPERATORS) {
        for (const value of [0n, 5n, 0xffffffffn, 0x100000000n, 0x500000005n, 0xffffffffffffffffn]) {
          const condition: Condition =
            op === 'SCMP_CMP_MASKED_EQ'
              ? { op, arg, width: 64, mask: 0x500000005n, value: value & 0x500000005n }
              : { op, arg, width: 64, value };
          const policy = onePolicy([condition]);
          const events = [value - 1n, value, value + 1n, value ^ 0x100000000n, value ^ 1n, 0n].map(register =>
            callOf(Array.from({ length: 6 }, (_, at) => (at === arg ? BigInt.asUintN(64, register) : 7n))),
          );
          const expected = events.map(each => evaluate(policy, each));
          assert.deepEqual(kernelAnswers(generate(policy), events), expected, `${op} ${value}`);
          assert.deepEqual(
            kernelAnswers(generateWithLibseccomp(policy).program, events),
            expected,
            `libseccomp, ${op} ${value}`,
          );
        }
      }
    });
  }
});

const number = syscallNumber(arch, 'getppid') ?? 0;
const callOf = (args: readonly bigint[]): Witness => ({
  arch: ABIS[arch].audit,
  syscall: number,
  args,
  instructionPointer: 0n,
});

function onePolicy(conditions: readonly Condition[]): Policy {
  return {
    target: makeTarget(),
    defaultAction: SCMP_ACT_ERRNO(1),
    badArch: SCMP_ACT_KILL_THREAD,
    abis: [
      {
        abi: ABIS[arch],
        syscalls: new Map([
          [number, { rules: [{ conditions, action: SCMP_ACT_ALLOW }], otherwise: SCMP_ACT_ERRNO(1) }],
        ]),
        enosysAbove: undefined,
      },
    ],
    flags: [],
    warnings: [],
  };
}

describe('libseccomp: programs for random policies', () => {
  const start = seed();

  it(`pass the same proof on 64-bit ABIs where conditions compare for equality, for either architecture (SEED=${start})`, () => {
    const random = new Random(start);
    for (let index = 0; index < 300; index++) {
      const target = random.pick(['x86_64', 'aarch64'] as const);
      const equality = ['SCMP_CMP_EQ', 'SCMP_CMP_MASKED_EQ'] as const;
      const shape = {
        ...randomShape(random),
        arch: target,
        abis: [target],
        operators: equality,
        actions: [SCMP_ACT_ALLOW],
      };
      const policy = oncePerArgument(randomPolicy(random, shape));
      const { program } = generateWithLibseccomp(policy, random.chance(0.5) ? 1 : 2);
      assert.equal(findDifference(program, policy), undefined, `policy ${index} of SEED=${start}`);
    }
  });
});

/** The policy with at most one condition per argument in a rule, because libseccomp accepts no more. */
function oncePerArgument(policy: Policy): Policy {
  const [part] = policy.abis;
  const calls = [...part.syscalls].map(([at, { rules, otherwise }]): [number, SyscallPolicy] => {
    const once = rules.map(rule => ({
      ...rule,
      conditions: rule.conditions.filter(
        ({ arg }, place) => rule.conditions.findIndex(other => other.arg === arg) === place,
      ),
    }));
    return [at, { rules: once, otherwise }];
  });
  return { ...policy, abis: [{ ...part, syscalls: new Map(calls) }] };
}

describe('kernel: calls of Linux 6.15 and later', () => {
  it('are refused if they are named, and allowed otherwise', () => {
    const names = ['mount', 'open_tree', 'open_tree_attr', 'file_getattr'];
    const events = names.map(name => ({
      arch: ABIS[arch].audit,
      syscall: syscallNumber(arch, name) ?? -1,
      args: Array<bigint>(6).fill(0xffff_ffff_ffff_ffffn),
      instructionPointer: 0n,
    }));
    const answers = (denied: readonly string[]) =>
      kernelAnswers(
        compile(
          written({
            defaultAction: 'SCMP_ACT_ALLOW',
            syscalls: [{ names: denied, action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
          }),
          { arch },
        ).program,
        events,
      );
    assert.deepEqual(answers(names), Array(4).fill(SCMP_ACT_ERRNO(77)));
    assert.deepEqual(answers(names.slice(0, 2)).slice(2), [SCMP_ACT_ALLOW, SCMP_ACT_ALLOW]);
  });
});
