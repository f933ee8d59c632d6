// withTraps: the same calls are refused with the same errno, and a handler in the process sees them.
import assert from 'node:assert/strict';
import { compilePolicy } from '#lib/filter/compile.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { actionData, actionKind, actionName, permits } from '#lib/kernel/action.js';
import * as scmp from '#lib/kernel/constants.js';
import { evaluate } from '#lib/policy/evaluate.js';
import type { Policy } from '#lib/policy/policy.js';
import { NEVER_TRAPPED, withTraps, type TrapOptions } from '#lib/policy/with-traps.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { probes, randomPolicy, randomShape } from '../support/random-policy.js';
import { Random, seed } from '../support/random.js';
import { written } from '../support/written.js';

const TRAP = scmp.SCMP_ACT_TRAP;
const kinds = {
  errno: scmp.SCMP_ACT_ERRNO(0),
  process: scmp.SCMP_ACT_KILL_PROCESS,
  thread: scmp.SCMP_ACT_KILL_THREAD,
};

const profile = (fields: object): Policy => resolveProfile(written(fields), { arch: 'x86_64' });

const answer = (policy: Policy, name: string, args: readonly bigint[] = []): string =>
  actionName(
    evaluate(policy, { arch: ABIS.x86_64.audit, syscall: syscallNumber('x86_64', name) ?? -1, args }),
  );

/** The action that `withTraps` must use in place of an action. */
function expected(action: number, { kills = false }: TrapOptions): number {
  const kind = actionKind(action);
  if (kind === kinds.errno && actionData(action) !== 0) return TRAP | actionData(action);
  if (kills && (kind === kinds.process || kind === kinds.thread)) return TRAP | 0xffff;
  return action;
}

describe('withTraps', () => {
  it('turns each errno into a trap that carries it, for the default and for rules', () => {
    const policy = withTraps(
      profile({
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [
          { names: ['read', 'umount2'], action: 'SCMP_ACT_ALLOW' },
          { names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 30 },
          { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
        ],
      }),
    );
    assert.deepEqual(
      [answer(policy, 'read'), answer(policy, 'mkdir'), answer(policy, 'rmdir')],
      ['ALLOW', 'TRAP(30)', 'TRAP(1)'],
    );
    assert.deepEqual([answer(policy, 'socket', [1n]), answer(policy, 'socket', [2n])], ['ALLOW', 'TRAP(1)']);
  });

  it('traps the known calls that are newer than the profile', () => {
    const policy = withTraps(
      profile({
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [{ names: ['write'], action: 'SCMP_ACT_ALLOW' }],
      }),
    );
    assert.deepEqual([answer(policy, 'mkdir'), answer(policy, 'statx')], ['TRAP(38)', 'TRAP(38)']);
    const unknown = evaluate(policy, { arch: ABIS.x86_64.audit, syscall: 10_000 });
    assert.equal(actionName(unknown), 'ERRNO(ENOSYS)');
  });

  it('does not change kills and an errno of 0, and turns kills into fatal traps on request', () => {
    const policy = profile({
      defaultAction: 'SCMP_ACT_KILL_PROCESS',
      syscalls: [
        { names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 0 },
        { names: ['rmdir', 'umount2'], action: 'SCMP_ACT_KILL_THREAD' },
      ],
    });
    const answers = (options: TrapOptions): readonly string[] =>
      ['mkdir', 'rmdir', 'link'].map(name => answer(withTraps(policy, options), name));
    assert.deepEqual(answers({}), ['ERRNO(0)', 'KILL_THREAD', 'KILL_PROCESS']);
    assert.deepEqual(answers({ kills: true }), ['ERRNO(0)', 'TRAP(65535)', 'TRAP(65535)']);
  });

  it('does not change calls that no handler can handle', () => {
    const policy = resolveProfile('docker-default', { arch: 'x86_64' });
    const changed = withTraps(policy);
    for (const name of NEVER_TRAPPED.filter(known => syscallNumber('x86_64', known) !== undefined))
      assert.equal(answer(changed, name), answer(policy, name), name);
    assert.equal(answer(changed, 'clone3'), 'ERRNO(ENOSYS)');
  });

  it('refuses exactly the calls that the policy refuses, with the same data, for random policies', () => {
    const start = seed();
    const random = new Random(start);
    const kept = new Set(NEVER_TRAPPED);
    for (let count = 0; count < 60; count++) {
      const policy = randomPolicy(random, randomShape(random));
      const options = { kills: random.chance(0.5) };
      const changed = withTraps(policy, options);
      const names = new Map(
        policy.abis.flatMap(({ abi }) =>
          [...kept].map(name => [`${abi.audit} ${String(syscallNumber(abi.name, name))}`, name] as const),
        ),
      );
      for (const event of probes(random, policy, 2)) {
        const before = evaluate(policy, event);
        const after = evaluate(changed, event);
        const what = `SEED=${start}`;
        assert.equal(permits(after), permits(before), what);
        if (names.has(`${event.arch} ${event.syscall}`)) assert.equal(after, before, what);
        else if (after !== before) assert.equal(after, expected(before, options), what);
        else if (before !== expected(before, options)) {
          assert.equal(
            before,
            scmp.SCMP_ACT_ERRNO(38),
            `only numbers that no table names are not trapped: ${what}`,
          );
        }
      }
    }
  });

  it('returns policies that can be compiled and proven', () => {
    const filter = compilePolicy(
      withTraps(resolveProfile('docker-default', { arch: 'aarch64' }), { kills: true }),
    );
    assert.ok(filter.instructions > 0);
  });
});
