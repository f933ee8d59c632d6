// Lint rules about actions for calls.
import assert from 'node:assert/strict';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import { lint } from '#lib/lint/lint.js';
import { rule, when } from '../../profile/helpers.js';
import { type Case, absent, all, allow, allows, codesOf, deny, describeRules } from '../helpers.js';

const CASES: readonly Case[] = [
  {
    what: 'a refusal reports success',
    code: 'errno-zero',
    has: deny({ ...rule('mount', 'ERRNO'), errnoRet: 0 }),
    lacks: deny({ ...rule('mount', 'ERRNO'), errnoRet: 38 }),
  },
  {
    what: 'clone3 has no rule',
    code: 'clone3-answer',
    has: deny(allows('clone', 'statx', 'mseal')),
    lacks: deny(allows('clone', 'statx', 'mseal'), absent('clone3')),
  },
  {
    what: 'clone3 gets EPERM',
    code: 'clone3-answer',
    has: allow({ ...rule('clone3', 'ERRNO'), errnoRet: 1 }),
    lacks: allow(absent('clone3')),
  },
  {
    what: 'a probe is deadly',
    code: 'kill-on-probe',
    has: allow(rule('io_uring_setup', 'KILL_PROCESS')),
    lacks: allow(absent('io_uring_setup')),
  },
  {
    what: 'chmod is refused and fchmodat2 forgotten',
    code: 'equivalent-open',
    has: allow({ ...rule('chmod', 'ERRNO'), names: ['chmod', 'fchmod', 'fchmodat'] }),
    lacks: allow({ ...rule('chmod', 'ERRNO'), names: ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'] }),
  },
  {
    what: 'clone is restricted and clone3 allowed',
    code: 'equivalent-open',
    has: deny(rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 0x7e020000, 0)), allows('clone3')),
    lacks: deny(rule('clone', 'ALLOW', when(0, 'MASKED_EQ', 0x7e020000, 0)), absent('clone3')),
  },
  {
    what: 'connect is refused, and sendto connects with MSG_FASTOPEN',
    code: 'equivalent-open',
    has: allow({ ...rule('connect', 'ERRNO'), names: ['connect', 'io_uring_setup'] }),
    lacks: allow({ ...rule('connect', 'ERRNO'), names: ['connect', 'socket', 'io_uring_setup'] }),
  },
  {
    what: 'calls that set the clock are refused, but for clock_adjtime and adjtimex',
    code: 'equivalent-open',
    has: allow({ ...rule('settimeofday', 'ERRNO'), names: ['settimeofday', 'clock_settime'] }),
    lacks: allow({
      ...rule('settimeofday', 'ERRNO'),
      names: ['settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex'],
    }),
  },
  {
    what: 'ptrace is refused, and pidfd_getfd takes descriptors',
    code: 'equivalent-open',
    has: allow({ ...rule('ptrace', 'ERRNO'), names: ['ptrace', 'process_vm_readv', 'process_vm_writev'] }),
    lacks: allow(rule('sendto', 'ERRNO'), { ...rule('sendmsg', 'ERRNO'), names: ['sendmsg', 'sendmmsg'] }),
  },
  {
    what: 'a call that the vDSO serves is refused by name',
    code: 'not-filtered',
    has: allow({ ...rule('clock_gettime', 'ERRNO'), names: ['clock_gettime', 'gettimeofday', 'time'] }),
    lacks: deny(allows('read', 'mseal')),
  },
  {
    what: 'a call that the kernel serves before it runs filters is refused by name',
    code: 'not-filtered',
    has: allow(rule('uretprobe', 'KILL')),
    lacks: deny(allows('uretprobe', 'mseal')),
  },
  {
    what: 'a ring writes what writev is refused for',
    code: 'io-uring-open',
    has: allow(rule('writev', 'ERRNO')),
    lacks: allow(rule('writev', 'ERRNO'), rule('io_uring_setup', 'ERRNO')),
  },
  {
    what: 'open is allowed and openat2 refused',
    code: 'equivalent-refused',
    has: deny(allows('open', 'openat', 'creat', 'mseal')),
    lacks: deny(allows('open', 'openat', 'creat', 'mseal'), absent('openat2')),
  },
  {
    what: 'a ring makes the sockets that are refused',
    code: 'io-uring-open',
    has: deny(allows('io_uring_setup', 'io_uring_enter', 'read', 'write')),
    lacks: deny(allows('io_uring_setup', 'read', 'write')),
  },
  {
    what: 'socketcall makes the sockets that are refused',
    code: 'multiplexer-open',
    has: all(deny(rule('socket', 'ALLOW', when(0, 'EQ', 1)), allows('socketcall'))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'EQ', 1)), allows('socketcall')),
  },
  {
    what: 'conditions are lost by way of socketcall',
    code: 'i386-multiplexer',
    has: all(deny(rule('socket', 'ALLOW', when(0, 'EQ', 1)))),
    lacks: deny(rule('socket', 'ALLOW', when(0, 'EQ', 1))),
  },
  {
    what: 'x32 is open by default',
    code: 'x32-open',
    has: all(allow(rule('reboot', 'ERRNO'))),
    lacks: allow(rule('reboot', 'ERRNO')),
  },
  {
    what: 'a process may be traced',
    code: 'ptrace-open',
    has: deny(allows('ptrace')),
    lacks: deny(allows('read')),
  },
];

describe('lint rules of actions of calls', () => {
  describeRules(CASES);

  it('foreign-abi-open: for a badArch that allows', () => {
    const open = lint(deny(), { badArch: SCMP_ACT_ALLOW });
    assert.ok(codesOf(open).includes('foreign-abi-open'));
    assert.ok(!codesOf(lint(deny())).includes('foreign-abi-open'));
  });

  for (const action of ['ERRNO', 'KILL_PROCESS', 'TRAP', 'LOG', 'NOTIFY'] as const) {
    it(`newer-calls-allowed: ${action === 'LOG' ? 'not ' : ''}for a list of calls that get ${action}`, () => {
      for (const defaultAction of ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'] as const) {
        const profile = { ...allow(rule('mount', action)), defaultAction };
        const found = lint(profile).find(({ code }) => code === 'newer-calls-allowed');
        assert.equal(found !== undefined, action !== 'LOG', defaultAction);
        if (found !== undefined)
          assert.match(found.message, /allows every call that is newer than Linux \d+\.\d+/);
      }
      assert.ok(!codesOf(lint(deny(rule('mount', action)))).includes('newer-calls-allowed'));
    });
  }
});
