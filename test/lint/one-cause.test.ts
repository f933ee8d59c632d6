// Findings with one cause are merged into one, which names everything that it is about.
import assert from 'node:assert/strict';
import { syscallsOf } from '#lib/kernel/abi.js';
import type { RuleCode } from '#lib/lint/rules.js';
import { lint } from '#lib/lint/lint.js';
import { rule, when } from '../profile/helpers.js';
import { written } from '../support/written.js';
import { type Source, all, allow, allows, deny } from './helpers.js';

describe('lint: one finding for one cause', () => {
  /** Profiles in which one cause affects many calls and ABIs. */
  const ONE_CAUSE: readonly (readonly [code: RuleCode, profile: Source | object, message: RegExp])[] = [
    [
      'wide-comparison',
      all(deny({ ...rule('socket', 'ALLOW', when(0, 'GT', 40)), names: ['socket', 'dup', 'fsync'] })),
      /argument 0 of "socket" \(int domain\), "dup" \(unsigned int fildes\) and "fsync"/,
    ],
    [
      'pointer-compared',
      deny({ ...rule('stat', 'ALLOW', when(0, 'EQ', 4096)), names: ['stat', 'lstat'] }),
      /argument 0 of "stat" \(.*\) and "lstat" \(.*\) is a pointer/,
    ],
    [
      'no-such-argument',
      deny({ ...rule('getpid', 'ALLOW', when(5, 'EQ', 1)), names: ['getpid', 'gettid'] }),
      /"getpid" \(\) and "gettid" \(\) have no argument 5/,
    ],
    [
      'impossible-condition',
      all(deny({ ...rule('socket', 'ALLOW', when(0, 'LT', 0)), names: ['socket', 'bind', 'dup'] })),
      /no call of .*socket.* meets/,
    ],
    [
      'repeated-name',
      deny(allows('socket', 'bind', 'listen'), allows('listen', 'bind', 'socket')),
      /^"listen", "bind" and "socket" are already named by the rule at line \d+, column \d+/,
    ],
    [
      'conditions-without-effect',
      deny(allows('dup', 'dup2'), { ...rule('dup', 'ALLOW', when(0, 'EQ', 1)), names: ['dup', 'dup2'] }),
      /the conditions on "dup" and "dup2" have no effect/,
    ],
    [
      'name-elsewhere',
      deny(allows('vm86', 'vm86old', 'read')),
      /^"vm86" and "vm86old" are not system calls of x86_64, only of x86$/,
    ],
    [
      'multiplexer-open',
      all(
        deny(allows('socketcall'), {
          ...rule('socket', 'ALLOW', when(0, 'EQ', 1)),
          names: ['socket', 'bind'],
        }),
      ),
      /32-bit programs on x86 can make "socket" and "bind" through socketcall/,
    ],
    [
      'kill-on-probe',
      all(allow({ ...rule('rseq', 'KILL'), names: ['rseq', 'statx'] })),
      /rseq and statx|statx and rseq/,
    ],
    ['equivalent-refused', deny(allows('read', 'write', 'openat')), /readv.*writev.*refused/],
    [
      'not-filtered',
      allow({ ...rule('time', 'ERRNO'), names: ['gettimeofday', 'clock_gettime'] }),
      /^clock_gettime and gettimeofday are refused, but the vDSO serves programs without a system call$/,
    ],
    [
      'equivalent-open',
      {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ ...rule('chmod', 'ERRNO'), names: ['chmod', 'fchmod'] }],
      },
      /^chmod \(x86_64\) and fchmod get ERRNO\(EPERM\), but fchmodat and fchmodat2 can do the same$/,
    ],
    [
      'conflicting-rules',
      deny(
        rule('socket', 'ALLOW', when(0, 'LT', 9)),
        rule('socket', 'ALLOW', when(0, 'LT', 8)),
        rule('socket', 'LOG', when(0, 'EQ', 2)),
      ),
      /^this LOG and the ALLOW of line \d+.* can both match "socket": LOG applies$/,
    ],
    [
      'i386-multiplexer',
      all(deny({ ...rule('socket', 'ALLOW', when(0, 'EQ', 1)), names: ['socket', 'bind', 'listen'] })),
      /; the rule has 2 more of these$/,
    ],
    ['ptrace-open', all(deny(allows('ptrace', 'pidfd_getfd'))), /ptrace and pidfd_getfd are allowed/],
    [
      'silent-refusal',
      allow({ ...rule('getsockopt', 'ERRNO'), names: ['getsockopt', 'getsockname'] }),
      /getsockname and getsockopt are refused/,
    ],
  ];

  for (const [code, profile, message] of ONE_CAUSE) {
    it(`${code}: one finding for one cause`, () => {
      const found = lint(written(profile)).filter(finding => finding.code === code);
      assert.equal(found.length, 1, JSON.stringify(found.map(finding => finding.message)));
      assert.match(found[0]?.message ?? '', message);
    });
  }

  it('equivalent-open: rules and kinds of calls have separate findings', () => {
    const found = lint(allow(rule('chmod', 'ERRNO'), rule('mount', 'ERRNO'), rule('fchmod', 'ERRNO')));
    const messages = found.filter(({ code }) => code === 'equivalent-open').map(({ message }) => message);
    assert.deepEqual(
      messages.map(message => message.split(' ')[0]),
      ['chmod', 'mount', 'fchmod'],
    );
  });

  it('names at most twenty items in a message, and counts the others', () => {
    const names = [...syscallsOf('x86_64').keys()].slice(0, 50);
    const found = lint(deny(allows(...names), allows(...names))).filter(
      ({ code }) => code === 'repeated-name',
    );
    assert.equal(found.length, 1);
    assert.match(found[0]?.message ?? '', / and 30 more are already named by the rule at /);
    assert.ok((found[0]?.message.length ?? 0) < 500);
  });

  it('names ABIs if a finding does not apply to all of them', () => {
    const findings = lint(all(deny(rule('socket', 'ALLOW', when(0, 'GT', 40)))));
    const finding = findings.find(({ code }) => code === 'wide-comparison');
    assert.deepEqual(finding?.abis, ['x86_64']);
    assert.match(finding.message, /\(x86_64\)$/);
  });
});
