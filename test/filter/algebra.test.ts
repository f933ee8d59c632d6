// Union, intersection and difference of policies: the laws of a lattice for pairs of every shape, decided by the engine that
// proves programs; the definition, for calls that would reveal a mistake; and layers in the kernel.
import assert from 'node:assert/strict';
import { difference, intersection, union } from '#lib/filter/algebra/combine.js';
import { compile } from '#lib/filter/compile-profile.js';
import { diff } from '#lib/filter/inspect/diff.js';
import { Bdd } from '#lib/filter/meaning/bdd.js';
import { setOf } from '#lib/filter/meaning/sections.js';
import { policyMeaning } from '#lib/filter/meaning/policy-meaning.js';
import { actionKind, actionName, permits, precedence, type ActionName } from '#lib/kernel/action.js';
import { ABIS } from '#lib/kernel/abi.js';
import { WORD } from '#lib/bpf/program.js';
import { evaluate, outcome } from '#lib/policy/evaluate.js';
import { parseEvent } from '#lib/policy/parse-event.js';
import type { Operator, Policy } from '#lib/policy/policy.js';
import type { SeccompProfile, SeccompRule } from '#lib/profile/seccomp-profile.js';
import type { SyscallName } from '#lib/kernel/calls/call-names.js';
import { runTable } from '#lib/policy/runs.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { CompileError, ConversionError } from '#lib/util/errors.js';
import { probes, randomPolicy, randomShape, type Shape } from '../support/random-policy.js';
import { Random, seed } from '../support/random.js';
import { inChild, told } from '../support/child.js';

const PAIRS = Number(process.env['ALGEBRA_PAIRS'] ?? 60);

/** A call for which the actions of two policies are not related as expected; undefined if there is none. */
function refute(a: Policy, b: Policy, related: (a: number, b: number) => boolean): unknown {
  const bdd = new Bdd();
  // The kernel serves no x86_64 number with bit 31.
  const served = bdd.not(
    bdd.and(
      setOf(bdd, WORD.arch, [[ABIS.x86_64.audit, ABIS.x86_64.audit]]),
      setOf(bdd, WORD.nr, [[0x80000000, 0xffffffff]]),
    ),
  );
  const [x, y] = [a, b].map(policy => policyMeaning(bdd, policy, runTable(policy)));
  return bdd.witness(
    bdd.and(
      served,
      bdd.combine(x ?? 0, y ?? 0, (one, other) => (related(one, other) ? 0 : 1)),
    ),
    0,
  );
}

const same = (a: Policy, b: Policy): boolean => refute(a, b, (x, y) => x === y) === undefined;
const sameKind = (a: Policy, b: Policy): boolean =>
  refute(a, b, (x, y) => actionKind(x) === actionKind(y)) === undefined;
/** Whether the action for every call is at least as strong in one policy as in the other. */
const atMost = (a: Policy, b: Policy): boolean =>
  refute(a, b, (x, y) => precedence(x) <= precedence(y)) === undefined;

/** Adds the rule for newer calls like resolveProfile: on all ABIs if the default refuses, otherwise on none. */
const asResolved = (policy: Policy): Policy => {
  const [native, ...others] = policy.abis.map(part => ({
    ...part,
    enosysAbove: permits(policy.defaultAction) ? undefined : Math.max(...part.syscalls.keys()),
  }));
  return native === undefined ? policy : { ...policy, abis: [native, ...others] };
};

describe('the algebra of policies', () => {
  it(`obeys the laws of a lattice for pairs of every shape`, function () {
    this.timeout(0);
    const start = seed();
    const random = new Random(start);
    let inexpressible = 0;
    for (let pair = 0; pair < PAIRS; pair++) {
      const shape = randomShape(random);
      const small: Shape = {
        ...shape,
        maxRules: Math.min(3, shape.maxRules),
        maxConditions: Math.min(2, shape.maxConditions),
      };
      const differ = random.chance(0.2);
      const policy = (): Policy => {
        const abis = small.abis.filter((_, index) => index === 0 || !differ || random.chance(0.5));
        return asResolved(randomPolicy(random, { ...small, abis }));
      };
      const [a, b, c] = [policy(), policy(), policy()];
      const where = `pair ${pair} of SEED=${start}`;
      try {
        const [both, either] = [intersection(a, b), union(a, b)];
        assert.ok(atMost(both, a) && atMost(both, b), `intersection within both: ${where}`);
        assert.ok(atMost(a, either) && atMost(b, either), `both within union: ${where}`);
        assert.ok(same(intersection(a, a), a) && same(union(a, a), a), `idempotent: ${where}`);
        assert.ok(
          sameKind(both, intersection(b, a)) && sameKind(either, union(b, a)),
          `commutative: ${where}`,
        );
        assert.ok(sameKind(union(a, both), a) && sameKind(intersection(either, a), a), `absorbing: ${where}`);
        const rest = difference(a, b);
        assert.ok(
          refute(rest, b, (x, y) => !(permits(x) && permits(y))) === undefined,
          `the difference permits nothing of the second: ${where}`,
        );
        assert.ok(
          refute(union(rest, both), a, (x, y) => permits(x) === permits(y)) === undefined,
          `the difference and the intersection permit what the first does: ${where}`,
        );
        if (pair % 10 === 0) {
          const [left, right] = [intersection(intersection(a, b), c), intersection(a, intersection(b, c))];
          assert.ok(sameKind(left, right), `intersection is associative: ${where}`);
          assert.ok(sameKind(union(union(a, b), c), union(a, union(b, c))), `union is associative: ${where}`);
          for (const call of probes(random, a, 3)) {
            if (call.arch === ABIS.x86_64.audit && call.syscall >= 0x80000000) continue;
            const [x, y] = [evaluate(a, call), evaluate(b, call)];
            const knows = (policy: Policy): boolean =>
              outcome(policy, call.arch, call.syscall).unnamed !== 'newer';
            const tie = precedence(x) === precedence(y);
            const [stronger, weaker] = precedence(y) < precedence(x) ? [y, x] : [x, y];
            assert.equal(
              actionName(evaluate(both, call)),
              actionName(tie ? (knows(b) ? y : x) : stronger),
              where,
            );
            assert.equal(
              actionName(evaluate(either, call)),
              actionName(tie ? (knows(a) ? x : y) : weaker),
              where,
            );
          }
        }
        if (pair % 25 === 0) {
          const layers = [compile(a), compile(b)];
          assert.deepEqual(
            diff(compile(both), layers).filter(
              ({ from, to, witness }) =>
                actionKind(from) !== actionKind(to) &&
                (witness.syscall < 0x80000000 || witness.arch !== ABIS.x86_64.audit),
            ),
            [],
            `equal to two layers: ${where}`,
          );
        }
      } catch (error) {
        if (!(error instanceof ConversionError || error instanceof CompileError))
          throw new Error(where, { cause: error });
        inexpressible++;
      }
    }
    assert.ok(inexpressible * 5 <= PAIRS, `${inexpressible} of ${PAIRS} pairs have no policy: SEED=${start}`);
  });

  const EPERM = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 } as const;
  const rule = (names: SyscallName[], action: ActionName, more: object = {}): SeccompRule => ({
    names,
    action,
    ...more,
  });
  const arg = (index: number, value: number, op: Operator = 'SCMP_CMP_EQ'): object => ({
    args: [{ index, value, op }],
  });
  const target = { arch: 'x86_64' } as const;
  const call = (policy: Policy, words: string): string =>
    actionName(evaluate(policy, parseEvent(words, 'x86_64')));

  const table: readonly (readonly [
    what: string,
    first: SeccompProfile,
    second: SeccompProfile,
    words: string,
    both: string,
    either: string,
    rest: string,
  ])[] = [
    [
      'conditions on one argument',
      { ...EPERM, syscalls: [rule(['socket'], 'SCMP_ACT_ALLOW', arg(0, 40, 'SCMP_CMP_NE'))] },
      { ...EPERM, syscalls: [rule(['socket'], 'SCMP_ACT_ALLOW', arg(0, 1))] },
      'socket 2',
      'ERRNO(EPERM)',
      'ALLOW',
      'ALLOW',
    ],
    [
      'conditions on different arguments',
      { ...EPERM, syscalls: [rule(['socket'], 'SCMP_ACT_ALLOW', arg(0, 2))] },
      { ...EPERM, syscalls: [rule(['socket'], 'SCMP_ACT_ALLOW', arg(1, 1))] },
      'socket 2 2',
      'ERRNO(EPERM)',
      'ALLOW',
      'ALLOW',
    ],
    [
      'a list of what is allowed and a list of what is denied',
      { ...EPERM, syscalls: [rule(['read', 'chmod'], 'SCMP_ACT_ALLOW')] },
      {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [rule(['chmod'], 'SCMP_ACT_ERRNO', { errnoRet: 13 })],
      },
      'chmod',
      'ERRNO(EACCES)',
      'ALLOW',
      'ALLOW',
    ],
    [
      'a kill and an errno',
      { ...EPERM, syscalls: [rule(['ptrace'], 'SCMP_ACT_KILL_PROCESS')] },
      { ...EPERM, syscalls: [rule(['read'], 'SCMP_ACT_ALLOW')] },
      'ptrace',
      'KILL_PROCESS',
      'ERRNO(EPERM)',
      'KILL_PROCESS',
    ],
    [
      'a log and an allow',
      { ...EPERM, syscalls: [rule(['read'], 'SCMP_ACT_LOG')] },
      { ...EPERM, syscalls: [rule(['read'], 'SCMP_ACT_ALLOW')] },
      'read',
      'LOG',
      'ALLOW',
      'ERRNO(EPERM)',
    ],
    [
      'two errnos',
      { ...EPERM, syscalls: [rule(['read'], 'SCMP_ACT_ERRNO', { errnoRet: 13 })] },
      { ...EPERM, syscalls: [rule(['read'], 'SCMP_ACT_ERRNO', { errnoRet: 38 })] },
      'read',
      'ERRNO(ENOSYS)',
      'ERRNO(EACCES)',
      'ERRNO(EACCES)',
    ],
    [
      'a call that one of them is too old for',
      { ...EPERM, syscalls: [rule(['listmount'], 'SCMP_ACT_ALLOW')] },
      { ...EPERM, syscalls: [rule(['read'], 'SCMP_ACT_ALLOW')] },
      'openat2',
      'ERRNO(EPERM)',
      'ERRNO(EPERM)',
      'ERRNO(EPERM)',
    ],
  ];
  for (const [what, first, second, words, both, either, rest] of table) {
    it(`has rules for ${what}`, () => {
      assert.equal(call(intersection(first, second, target), words), both);
      assert.equal(call(union(first, second, target), words), either);
      assert.equal(call(difference(first, second, target), words), rest);
    });
  }

  it('keeps the rules of a profile, and their positions, for calls that the other one does not mention', () => {
    const base = resolveProfile('docker-default', target);
    const both = intersection(base, {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [rule(['chmod'], 'SCMP_ACT_ERRNO')],
    });
    const [ours] = both.abis;
    const [theirs] = base.abis;
    assert.equal(ours.syscalls.get(0), theirs.syscalls.get(0));
    assert.equal(ours.syscalls.get(41), theirs.syscalls.get(41));
    assert.equal(call(both, 'chmod'), 'ERRNO(EPERM)');
  });

  it('disables mitigations only if both do, and keeps every other flag', () => {
    const first = { ...EPERM, flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW', 'SECCOMP_FILTER_FLAG_LOG'] } as const;
    assert.deepEqual(intersection(first, EPERM, target).flags, ['SECCOMP_FILTER_FLAG_LOG']);
    assert.deepEqual(union(first, EPERM, target).flags, ['SECCOMP_FILTER_FLAG_LOG']);
  });

  it('requires the same target and listener', () => {
    const other = resolveProfile(EPERM, { arch: 'aarch64' });
    assert.throws(() => union(resolveProfile(EPERM, target), other), { code: 'targets-differ' });
    const [a, b] = ['/a', '/b'].map(listenerPath => ({ ...EPERM, listenerPath }));
    assert.throws(() => union(a ?? EPERM, b ?? EPERM, target), { code: 'listeners-differ' });
    const policy = resolveProfile(EPERM, target);
    assert.throws(() => union(policy, policy, target), { code: 'bad-option' });
  });

  it('has the same actions as the kernel under both filters', function () {
    this.timeout(60_000);
    const verdicts = (profiles: string): readonly (number | string)[] =>
      told(
        inChild(`
        const a = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [
          { names: ['getpriority'], action: 'SCMP_ACT_ERRNO', errnoRet: 5, args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
          { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 },
        ] };
        const b = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [
          { names: ['getpriority'], action: 'SCMP_ACT_ERRNO', errnoRet: 22, args: [{ index: 1, value: 0, op: 'SCMP_CMP_EQ' }] },
          { names: ['mkdir', 'mkdirat', 'rmdir', 'unlinkat'], action: 'SCMP_ACT_ERRNO', errnoRet: 17 },
        ] };
        for (const profile of ${profiles}) s.load(s.compile(profile));
        const os = m('os'), fs = m('fs');
        const errno = act => { try { act(); return 'made'; } catch (error) { return error.errno ?? error.info.errno; } };
        tell([errno(() => fs.mkdirSync('/tmp/never-made-' + process.pid)), errno(() => fs.rmdirSync('/nowhere')),
          errno(() => os.getPriority(0)), errno(() => os.getPriority(process.ppid)), errno(() => fs.statSync('/'))]);`),
      );
    const layers = verdicts('[a, b]');
    assert.deepEqual(verdicts('[inspect.intersection(a, b)]'), layers);
    assert.deepEqual(layers, [-17, -17, -22, 'made', 'made']);
  });
});
