// FilterContext.verify: compares libseccomp's program with the rules.
import assert from 'node:assert/strict';
import { CompileError, VerificationError } from '#lib/util/errors.js';
import { FilterContext, type Comparison } from '#lib/libseccomp/context.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import { decode } from '#lib/bpf/program.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import type { CheckedEvent } from '#lib/kernel/event.js';
import {
  SCMP_ACT_ALLOW,
  SCMP_ACT_ERRNO,
  SCMP_ARCH_ARM,
  SCMP_ARCH_X86,
  SCMP_CMP_EQ,
  SCMP_CMP_GE,
  SCMP_CMP_LE,
  SCMP_CMP_MASKED_EQ,
  SCMP_CMP_NE,
  SCMP_FLTATR_API_TSKIP,
} from '#lib/kernel/constants.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';
import { needs26 } from '../support/libseccomp.js';
import { Random, seed } from '../support/random.js';
import { skip } from '../support/skip.js';

const DENY = SCMP_ACT_ERRNO(1);
const arch = nativeArchitecture();
const SIBLING = arch === 'x86_64' ? SCMP_ARCH_X86 : SCMP_ARCH_ARM;

const compare = (arg: number, op: number, a: bigint, b = 0n): Comparison => ({ arg, op, a, b });
const ne = (arg: number, a: bigint): Comparison => compare(arg, SCMP_CMP_NE, a);
const eq = (arg: number, a: bigint): Comparison => compare(arg, SCMP_CMP_EQ, a);

describe('FilterContext.verify', () => {
  let context: FilterContext;

  beforeEach(() => {
    context = new FilterContext(DENY);
  });
  afterEach(() => {
    context.close();
  });

  const unprovable = (reason: RegExp) => (error: unknown) =>
    error instanceof CompileError && error.code === 'not-provable' && reason.test(error.message);

  it('accepts rules that libseccomp compiles correctly', () => {
    context.ruleAdd(SCMP_ACT_ALLOW, 'read');
    context.ruleAdd(SCMP_ACT_ALLOW, 'write', eq(0, 1n));
    context.ruleAdd(SCMP_ACT_ALLOW, 'write', compare(0, SCMP_CMP_MASKED_EQ, 0xf0n, 0x110n));
    context.ruleAdd(SCMP_ACT_ALLOW, 'close', eq(0, 5n));
    context.ruleAdd(SCMP_ACT_ALLOW, 'close');
    context.verify();
  });

  it('covers the 32-bit ABI of the architecture', () => {
    context.archAdd(SIBLING);
    context.ruleAdd(SCMP_ACT_ALLOW, 'read', eq(0, 3n));
    context.archRemove(SIBLING);
    context.archAdd(SIBLING);
    context.ruleAdd(SCMP_ACT_ALLOW, 'write');
    context.verify();
  });

  it('rejects a program that allows a call which no rule allows', () => {
    context.ruleAdd(SCMP_ACT_ALLOW, 'read', ne(2, 6n), ne(0, 4n));
    context.ruleAdd(SCMP_ACT_ALLOW, 'read', ne(0, 3n));
    const call = {
      arch: ABIS[arch].audit,
      syscall: syscallNumber(arch, 'read') ?? -1,
      args: [3n, 4n, 6n],
    };
    // The rules refuse it: a0 is 3, and a2 is 6.
    assert.equal(interpret(decode(context.exportBpf()), seccompData(call)).action, SCMP_ACT_ALLOW);
    assert.throws(
      () => {
        context.verify();
      },
      (error: unknown) => error instanceof VerificationError && error.remedy !== undefined,
    );
  });

  it('follows transactions', function () {
    needs26(this);
    context.ruleAdd(SCMP_ACT_ALLOW, 'read');
    context.transactionStart();
    context.ruleAdd(SCMP_ACT_ALLOW, 'write');
    context.transactionReject();
    context.verify();
    context.transactionStart();
    context.ruleAdd(SCMP_ACT_ALLOW, 'write');
    context.transactionCommit();
    context.verify();
  });

  it('follows a rule that fails, which removes an architecture that was added', () => {
    context.ruleAdd(SCMP_ACT_ALLOW, 'read');
    context.archAdd(SIBLING);
    assert.throws(() => {
      context.ruleAdd(SCMP_ACT_ALLOW, 100000);
    });
    context.verify();
  });

  it('follows reset and merge', () => {
    context.ruleAdd(SCMP_ACT_ALLOW, 'read');
    context.reset(DENY);
    context.ruleAdd(SCMP_ACT_ALLOW, 'write');
    const other = new FilterContext(DENY);
    other.archRemove(ABIS[arch].token);
    other.archAdd(SIBLING);
    other.ruleAdd(SCMP_ACT_ALLOW, 'read');
    context.merge(other);
    context.verify();
  });

  it('reports filters that it cannot compare', () => {
    context.archAdd(arch === 'x86_64' ? ABIS.aarch64.token : ABIS.x86_64.token);
    assert.throws(
      () => {
        context.verify();
      },
      unprovable(/covers SCMP_ARCH_\w+ in addition to/),
    );
    context.reset(DENY);
    context.attrSet(SCMP_FLTATR_API_TSKIP, 1);
    assert.throws(
      () => {
        context.verify();
      },
      unprovable(/SCMP_FLTATR_API_TSKIP/),
    );
  });

  it('does not compare rules of calls that i386 makes by socketcall', function () {
    if (arch !== 'x86_64') skip(this, 'this is for x86_64');
    context.archAdd(SCMP_ARCH_X86);
    context.ruleAdd(SCMP_ACT_ALLOW, 'socket', eq(0, 1n));
    assert.throws(
      () => {
        context.verify();
      },
      unprovable(/rewrites socket/),
    );
  });

  const start = seed();
  it(`is right whether it passes or fails, for random rules (SEED=${start})`, () => {
    const random = new Random(start);
    const calls = ['read', 'write', 'close'] as const;
    const operators = [SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_GE, SCMP_CMP_LE];
    const tried = everyValue();
    let wrong = 0;
    for (let round = 0; round < 300; round++) {
      context.reset(DENY);
      const rules: { readonly call: string; readonly comparisons: readonly Comparison[] }[] = [];
      for (let count = 1 + random.below(3); count > 0; count--) {
        const args = [0, 1, 2].filter(() => random.chance(0.5));
        const comparisons = args.map(arg => compare(arg, random.pick(operators), BigInt(random.below(4))));
        const call = random.pick(calls);
        try {
          context.ruleAdd(SCMP_ACT_ALLOW, call, ...comparisons);
          rules.push({ call, comparisons });
        } catch (error) {
          assert.ok(error instanceof CompileError, String(error));
        }
      }
      const program = decode(context.exportBpf());
      /** Whether the program has the action of the rules for a call. */
      const isRight = (event: Omit<CheckedEvent, 'instructionPointer'>): boolean => {
        const expected = rules.some(
          rule =>
            event.arch === ABIS[arch].audit &&
            syscallNumber(arch, rule.call) === event.syscall &&
            rule.comparisons.every(({ arg, op, a }) => holds(op, event.args[arg] ?? 0n, BigInt(a))),
        );
        return (interpret(program, seccompData(event)).action === SCMP_ACT_ALLOW) === expected;
      };
      try {
        context.verify();
        for (const call of calls)
          for (const args of tried)
            assert.ok(isRight({ arch: ABIS[arch].audit, syscall: syscallNumber(arch, call) ?? -1, args }));
      } catch (error) {
        if (!(error instanceof VerificationError)) throw error;
        assert.ok(!isRight(error.witness), error.message);
        wrong += 1;
      }
    }
    assert.ok(wrong > 0, 'no program of libseccomp was wrong');
  });
});

/** All values that programs can distinguish by conditions on small numbers: programs compare the halves of a register separately. */
const everyValue = (): readonly (readonly bigint[])[] => {
  const low = [0n, 1n, 2n, 3n, 4n];
  const values = [...low, ...low.map(value => value + (1n << 33n))];
  return values.flatMap(a0 => values.flatMap(a1 => values.map(a2 => [a0, a1, a2])));
};

function holds(op: number, value: bigint, a: bigint): boolean {
  if (op === SCMP_CMP_EQ) return value === a;
  if (op === SCMP_CMP_NE) return value !== a;
  return op === SCMP_CMP_GE ? value >= a : value <= a;
}
