// withNotifications: a supervisor is notified of exactly the calls that the policy refuses, and nothing else changes.
import assert from 'node:assert/strict';
import { compile, resolveProfile } from 'seccomp';
import { ABIS, actionName, evaluate, withNotifications, syscallNumber } from 'seccomp/inspect';
import type { ActionName } from '#lib/kernel/action.js';
import type { SyscallName } from '#lib/kernel/calls/call-names.js';

const target = { arch: 'x86_64', kernel: { major: 6, minor: 12 }, capabilities: [] } as const;
const rule = (name: SyscallName, action: ActionName) => ({ names: [name], action });

const policy = resolveProfile(
  {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      rule('read', 'SCMP_ACT_ALLOW'),
      rule('write', 'SCMP_ACT_LOG'),
      rule('mkdir', 'SCMP_ACT_KILL_PROCESS'),
      rule('rmdir', 'SCMP_ACT_KILL_THREAD'),
      rule('chdir', 'SCMP_ACT_TRAP'),
      rule('rename', 'SCMP_ACT_TRACE'),
      rule('unlink', 'SCMP_ACT_NOTIFY'),
    ],
  },
  target,
);

describe('withNotifications', () => {
  const answers = (name: string | number, traps: boolean): string => {
    const syscall = typeof name === 'number' ? name : (syscallNumber('x86_64', name) ?? -1);
    const event = { arch: ABIS.x86_64.audit, syscall, args: [], instructionPointer: 0n };
    return actionName(evaluate(withNotifications(policy, { traps }), event)).replace(/\(.*/, '');
  };

  const cases: readonly [call: string | number, plain: string, withTraps: string][] = [
    ['read', 'ALLOW', 'ALLOW'],
    ['write', 'LOG', 'LOG'],
    ['mkdir', 'NOTIFY', 'NOTIFY'],
    ['rmdir', 'NOTIFY', 'NOTIFY'],
    ['chdir', 'TRAP', 'NOTIFY'],
    ['rename', 'TRACE', 'NOTIFY'],
    ['unlink', 'NOTIFY', 'NOTIFY'],
    ['getpid', 'NOTIFY', 'NOTIFY'],
    // Above every number that the profile names.
    [100_000, 'NOTIFY', 'NOTIFY'],
  ];
  for (const [call, plain, withTraps] of cases) {
    it(`has ${plain} for ${call}, and ${withTraps} with traps`, () => {
      assert.deepEqual([answers(call, false), answers(call, true)], [plain, withTraps]);
    });
  }

  it('notifies of ABIs that the policy does not cover', () => {
    const event = { arch: ABIS.arm.audit, syscall: 0, args: [], instructionPointer: 0n };
    assert.equal(actionName(evaluate(withNotifications(policy), event)), 'NOTIFY');
  });

  it('returns a policy that can be compiled and proven', () => {
    for (const traps of [false, true])
      assert.ok(compile(withNotifications(policy, { traps })).bpf.length > 0);
  });

  it('refuses unknown options', () => {
    assert.throws(() => withNotifications(policy, { trap: true } as never), { code: 'bad-option' });
  });
});
