// The reason for a policy's action: the deciding rule, which is that of evaluate.
import assert from 'node:assert/strict';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { precedence } from '#lib/kernel/action.js';
import { SCMP_ACT_ERRNO } from '#lib/kernel/constants.js';
import { evaluate, holds } from '#lib/policy/evaluate.js';
import { reasonFor, type Reason } from '#lib/policy/reason.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { probes, randomPolicy, randomShape } from '../support/random-policy.js';
import { Random, seed } from '../support/random.js';

const profile = `{
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
  "syscalls": [
    { "names": ["read", "openat2"], "action": "SCMP_ACT_ALLOW" },
    { "names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }] },
    { "names": ["socket"], "action": "SCMP_ACT_LOG", "args": [{ "index": 1, "value": 2, "op": "SCMP_CMP_EQ" }] }
  ]
}`;

describe('the reason for an action', () => {
  const policy = resolveProfile(profile, { arch: 'x86_64' });
  const why = (abi: AbiName, name: string, ...args: bigint[]): Reason =>
    reasonFor(policy, { arch: ABIS[abi].audit, syscall: syscallNumber(abi, name) ?? -1, args });
  const line = (reason: Reason): number | undefined => ('at' in reason ? reason.at?.line : undefined);

  it('is the line that names the call, if the rule has no conditions', () => {
    const reason = why('x86_64', 'read');
    assert.deepEqual([reason.kind, line(reason)], ['call', 5]);
  });

  it('is the rule whose conditions hold', () => {
    const reason = why('x86_64', 'socket', 1n);
    assert.deepEqual([reason.kind, line(reason)], ['rule', 6]);
  });

  it('is the most restrictive of the matching rules', () => {
    assert.equal(line(why('x86_64', 'socket', 1n, 2n)), 7);
  });

  it('is the default if no rule matches, with the rules that do not', () => {
    const reason = why('x86_64', 'socket', 9n);
    assert.equal(reason.kind, 'default');
    assert.deepEqual(reason.kind === 'default' && reason.unmet.map(rule => rule.at?.line), [6, 7]);
  });

  it('is the default if the profile does not name the call', () => {
    assert.deepEqual(why('x86_64', 'write'), { kind: 'default', action: SCMP_ACT_ERRNO(1), unmet: [] });
  });

  it('is that the call is newer than the profile', () => {
    assert.deepEqual(why('x86_64', 'futex_wait'), { kind: 'newer', action: SCMP_ACT_ERRNO(38) });
  });

  it('is that the ABI is not covered', () => {
    assert.equal(why('aarch64', 'read').kind, 'foreign');
    assert.equal(why('x86', 'read').kind, 'call');
  });

  const start = seed();

  it(`has the action of evaluate, and a matching rule that no other one overrides (SEED=${start})`, () => {
    const random = new Random(start);
    const kinds = new Set<string>();
    for (let index = 0; index < 150; index++) {
      const policy = randomPolicy(random, randomShape(random));
      for (const event of probes(random, policy, 4)) {
        const reason = reasonFor(policy, event);
        kinds.add(reason.kind);
        assert.equal(reason.action, evaluate(policy, event), `policy ${index} of SEED=${start}`);
        const rules =
          policy.abis
            .find(
              ({ abi, syscalls }) => abi.audit === event.arch && syscalls.get(event.syscall) !== undefined,
            )
            ?.syscalls.get(event.syscall)?.rules ?? [];
        const matching = rules.filter(({ conditions }) => conditions.every(each => holds(each, event.args)));
        if (reason.kind === 'rule') {
          const strongest = Math.min(...matching.map(({ action }) => precedence(action)));
          assert.equal(
            reason.rule,
            matching.find(({ action }) => precedence(action) === strongest),
          );
        } else if (reason.kind === 'default') {
          assert.deepEqual(matching, []);
          assert.deepEqual(reason.unmet, rules);
        }
      }
    }
    assert.deepEqual([...kinds].sort(), ['call', 'default', 'foreign', 'newer', 'rule']);
  });
});
