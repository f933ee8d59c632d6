// remedyFor: the proposed rule allows the call, and nothing else.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { ProfileError } from '#lib/util/errors.js';
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { permits } from '#lib/kernel/action.js';
import { evaluate } from '#lib/policy/evaluate.js';
import type { Event } from '#lib/kernel/event.js';
import { describeRemedy, remedyFor } from '#lib/policy/remedy.js';
import { withTraps } from '#lib/policy/with-traps.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { Random, seed } from '../support/random.js';
import { written } from '../support/written.js';

const call = (name: string, args: readonly bigint[] = [], abi: AbiName = 'x86_64'): Event => ({
  arch: ABIS[abi].audit,
  syscall: syscallNumber(abi, name) ?? -1,
  args,
});

interface WrittenRule {
  names: string[];
  action: string;
  args?: readonly object[];
}
interface WrittenProfile {
  readonly defaultAction: string;
  readonly syscalls: WrittenRule[];
}

const resolve = (profile: object) => resolveProfile(written(profile), { arch: 'x86_64' });

const when = (index: number, value: number, op = 'SCMP_CMP_EQ'): object => ({ index, value, op });
const rule = (name: string, action: string, ...args: object[]): WrittenRule => ({
  names: [name],
  action: `SCMP_ACT_${action}`,
  ...(args.length > 0 && { args }),
});
const denying = (...syscalls: WrittenRule[]): WrittenProfile => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls,
});
const allowing = (...syscalls: WrittenRule[]): WrittenProfile => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls,
});

describe('remedyFor', () => {
  const cases: readonly [what: string, profile: WrittenProfile, event: Event, text: string | undefined][] = [
    ['a call that is allowed', denying(rule('read', 'ALLOW')), call('read'), undefined],
    [
      'a call that the profile does not name',
      denying(rule('write', 'ALLOW')),
      call('mkdir'),
      'add to "syscalls": {"names":["mkdir"],"action":"SCMP_ACT_ALLOW"}',
    ],
    [
      'a call that is allowed with other arguments',
      denying(rule('socket', 'ALLOW', when(0, 1)), rule('socket', 'ALLOW', when(0, 2), when(2, 0))),
      call('socket', [16n, 3n, 0xffffffff00000000n]),
      'add to "syscalls": {"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":16,"op":"SCMP_CMP_EQ"},{"index":2,"value":18446744069414584320,"op":"SCMP_CMP_EQ"}]}',
    ],
    [
      'a call that a rule refuses',
      allowing(rule('mkdir', 'ERRNO')),
      call('mkdir'),
      'remove "mkdir" from the rule at <object>:',
    ],
    [
      'a call that a rule refuses for its arguments',
      allowing(rule('socket', 'ERRNO', when(0, 40))),
      call('socket', [40n]),
      'remove "socket" from the rule at <object>:',
    ],
    [
      'a call that a rule and the default action refuse',
      denying(rule('clone3', 'LOG'), { ...rule('mkdir', 'KILL_PROCESS') }),
      call('mkdir'),
      'and add to "syscalls": {"names":["mkdir"],"action":"SCMP_ACT_ALLOW"}',
    ],
    [
      'a call by an ABI that is not covered',
      denying(rule('mkdir', 'ALLOW')),
      call('mkdir', [], 'x86'),
      'add SCMP_ARCH_X86 to the architectures',
    ],
    [
      'a number without a name',
      denying(rule('read', 'ALLOW')),
      { arch: ABIS.x86_64.audit, syscall: 9999 },
      undefined,
    ],
    ['an architecture without a name', denying(), { arch: 1, syscall: 1 }, undefined],
  ];
  for (const [what, profile, event, text] of cases) {
    it(`has the remedy for ${what}`, () => {
      const remedy = remedyFor(event, resolve(profile));
      if (remedy === undefined || text === undefined) assert.equal(remedy, text);
      else assert.ok(describeRemedy(remedy).includes(text), describeRemedy(remedy));
    });
  }

  it('has the same remedy for a policy with traps', () => {
    for (const [what, profile, event] of cases)
      assert.deepEqual(
        remedyFor(event, withTraps(resolve(profile))),
        remedyFor(event, resolve(profile)),
        what,
      );
  });

  it('leads to a profile that allows the call, in at most as many steps as there are rules, for random profiles', () => {
    const start = seed();
    const random = new Random(start);
    const names = ['socket', 'mkdir', 'ioctl', 'personality'];
    const actions = ['ALLOW', 'ALLOW', 'ERRNO', 'KILL_PROCESS', 'TRAP', 'LOG'];
    const randomRule = (): WrittenRule => {
      const indexes = [0, 1, 2].filter(() => random.chance(0.4));
      const operators = ['SCMP_CMP_EQ', 'SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_GE'];
      return rule(
        random.pick(names),
        random.pick(actions),
        ...indexes.map(index => when(index, random.below(4), random.pick(operators))),
      );
    };
    const isContradictory = (profile: Parameters<typeof resolve>[0]): boolean => {
      try {
        resolve(profile);
        return false;
      } catch (error) {
        assert.ok(
          error instanceof ProfileError && error.problems.every(({ code }) => code === 'contradicting-rules'),
        );
        return true;
      }
    };
    for (let count = 0; count < 500; count++) {
      const profile = random.chance(0.7) ? denying() : allowing();
      profile.syscalls.push(...Array.from({ length: random.below(6) }, randomRule));
      const event = call(
        random.pick(names),
        [0, 1, 2].map(() => BigInt(random.below(4))),
      );
      // Runtimes refuse contradicting rules, and so does resolve.
      if (isContradictory(profile)) continue;
      const steps = profile.syscalls.length + 1;
      // Without a rule that took precedence, other rules may contradict each other.
      for (let step = 0; step < steps && !isContradictory(profile); step++) {
        const remedy = remedyFor(event, resolve(profile));
        if (remedy === undefined) break;
        assert.notEqual(remedy.kind, 'architecture');
        if (remedy.kind === 'remove') {
          const index = Number(/^\/syscalls\/(\d+)\/names\/0$/.exec(remedy.at?.pointer ?? '')?.[1]);
          // A rule needs a name: each rule gets the name of a different call that is not tested.
          const standIn =
            ['reboot', 'acct', 'swapon', 'swapoff', 'sethostname', 'setdomainname'][index % 6] ?? '';
          assert.deepEqual(profile.syscalls[index]?.names.splice(0, 1, standIn), [remedy.name]);
        }
        if (remedy.kind !== 'architecture' && remedy.rule !== undefined) {
          profile.syscalls.push({ ...remedy.rule, names: [...remedy.rule.names] });
        }
      }
      if (isContradictory(profile)) continue;
      assert.ok(
        permits(evaluate(resolve(profile), event)),
        `SEED=${start} ${inspect(profile, { depth: 9 })}`,
      );
    }
  });
});
