// withStops: a traced process stops at the calls that the policy refuses.
import assert from 'node:assert/strict';
import { compile } from '#lib/filter/compile-profile.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { actionKind, permits } from '#lib/kernel/action.js';
import { SCMP_ACT_ALLOW, SCMP_ACT_NOTIFY, SCMP_ACT_TRACE } from '#lib/kernel/constants.js';
import { evaluate } from '#lib/policy/evaluate.js';
import { withStops } from '#lib/policy/with-stops.js';
import type { Policy } from '#lib/policy/policy.js';
import { written } from '../support/written.js';

const { audit: arch } = ABIS.x86_64;
const TARGET = { arch: 'x86_64', kernel: { major: 6, minor: 12 }, capabilities: [] } as const;
const TRACE = SCMP_ACT_TRACE(0);

const policyOf = (syscalls: object[], defaultAction = 'SCMP_ACT_ALLOW'): Policy =>
  compile(written({ defaultAction, syscalls }), TARGET).policy;

const answer = (policy: Policy, name: string, ...args: bigint[]): number =>
  evaluate(policy, { arch, syscall: syscallNumber('x86_64', name) ?? -1, args });

describe('withStops', () => {
  for (const action of ['ERRNO', 'KILL_PROCESS', 'KILL_THREAD', 'TRAP', 'TRACE', 'NOTIFY']) {
    it(`stops for ${action}`, () => {
      const policy = withStops(policyOf([{ names: ['chdir'], action: `SCMP_ACT_${action}` }]));
      assert.equal(actionKind(answer(policy, 'chdir')), TRACE);
      assert.equal(answer(policy, 'mkdir'), SCMP_ACT_ALLOW);
    });
  }

  it('leaves NOTIFY to a supervisor if there is one', () => {
    const policy = policyOf([{ names: ['chdir'], action: 'SCMP_ACT_NOTIFY' }]);
    assert.equal(answer(withStops(policy, { notifications: true }), 'chdir'), SCMP_ACT_NOTIFY);
  });

  it('has data that identify the deciding rule, the strongest first', () => {
    const policy = withStops(
      policyOf([
        { names: ['chdir'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 1 }] },
        {
          names: ['chdir'],
          action: 'SCMP_ACT_KILL_PROCESS',
          args: [{ index: 1, op: 'SCMP_CMP_EQ', value: 1 }],
        },
      ]),
    );
    const [errno, kill, both] = [
      answer(policy, 'chdir', 1n, 0n),
      answer(policy, 'chdir', 0n, 1n),
      answer(policy, 'chdir', 1n, 1n),
    ];
    assert.notEqual(errno, kill);
    assert.equal(both, kill);
    assert.equal(answer(policy, 'chdir', 0n, 0n), SCMP_ACT_ALLOW);
  });

  it('stops for numbers above the highest one that the profile names, instead of ENOSYS', () => {
    const policy = withStops(policyOf([{ names: ['getpid'], action: 'SCMP_ACT_ALLOW' }], 'SCMP_ACT_ERRNO'));
    for (const syscall of [2, 400, 5000])
      assert.equal(actionKind(evaluate(policy, { arch, syscall })), TRACE);
  });

  it('stops calls that would detach its tracer, even if they are permitted', () => {
    const policy = withStops(policyOf([]));
    const LOOK = { ptrace: 0x8000, clone: 0x4000 };
    for (const [name, first, data] of [
      ['ptrace', 0n, LOOK.ptrace],
      ['ptrace', 16n, LOOK.ptrace],
      ['ptrace', 0x4206n, LOOK.ptrace],
      ['clone', 0x00800011n, LOOK.clone],
    ] as const) {
      assert.equal(answer(policy, name, first), SCMP_ACT_TRACE(data), `${name} ${first}`);
    }
    assert.equal(answer(policy, 'ptrace', 7n), SCMP_ACT_ALLOW);
    assert.equal(answer(policy, 'clone', 17n), SCMP_ACT_ALLOW);
  });

  it("is compiled and proven for Docker's profile", () => {
    const { policy } = compile('docker-default', TARGET);
    const filter = compilePolicy(withStops(policy));
    assert.ok(filter.program.length < 4096);
    assert.ok(permits(evaluate(policy, { arch, syscall: 0 })));
  });
});
