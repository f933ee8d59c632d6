// Lint rules about programs that cannot start or run.
import { rule } from '../../profile/helpers.js';
import { type Case, allow, allows, deny, describeRules } from '../helpers.js';

/** The calls that glibc's dynamic loader needs. */
const LOADER = ['mmap', 'mprotect', 'openat', 'read', 'pread64', 'newfstatat', 'close'];

const CASES: readonly Case[] = [
  ...(
    [
      ['getsockname', 'getpeername'],
      ['getsockopt', 'setsockopt'],
      ['recvmsg', 'recvfrom'],
      ['shutdown', 'bind'],
      ['accept4', 'accept'],
      ['sendto', 'sendmsg'],
    ] as const
  ).map(([silent, reported]) => ({
    what: `Node or Bun does not report that ${silent} is refused`,
    code: 'silent-refusal' as const,
    has: allow(rule(silent, 'ERRNO')),
    lacks: allow(rule(reported, 'ERRNO')),
  })),
  {
    what: 'a call without which Node goes silent kills where it is made',
    code: 'silent-refusal',
    has: allow(rule('getsockname', 'ERRNO')),
    lacks: allow(rule('getsockname', 'KILL_PROCESS')),
  },
  {
    what: 'a server that cannot listen meets an error before',
    code: 'silent-refusal',
    has: allow(rule('accept4', 'ERRNO')),
    lacks: allow(rule('accept4', 'ERRNO'), rule('listen', 'ERRNO')),
  },
  {
    what: 'Node cannot run at all, so that it does not matter',
    code: 'silent-refusal',
    has: allow(rule('getsockname', 'ERRNO')),
    lacks: allow(rule('getsockname', 'ERRNO'), rule('futex', 'ERRNO')),
  },
  {
    what: 'nothing but the end is allowed',
    code: 'nothing-starts',
    has: { defaultAction: 'SCMP_ACT_KILL', syscalls: [allows('exit_group')] },
    lacks: { defaultAction: 'SCMP_ACT_KILL', syscalls: [allows('read', 'write', 'exit', 'rt_sigreturn')] },
  },
  {
    what: 'programs may be executed and cannot set up a thread',
    code: 'nothing-starts',
    has: deny(allows('execve', 'exit_group', ...LOADER)),
    lacks: deny(allows('execve', 'exit_group', 'arch_prctl', ...LOADER)),
  },
  {
    what: 'a thread that computes loads its filter itself',
    code: 'only-self-applied',
    has: deny(allows('read', 'write', 'futex', 'exit', 'rt_sigreturn')),
    lacks: deny(allows('read', 'write', 'futex', 'exit', 'rt_sigreturn', 'execve', 'arch_prctl')),
  },
  {
    what: 'a running Node goes on without starting programs',
    code: 'only-self-applied',
    has: allow(rule('execve', 'ERRNO'), rule('execveat', 'ERRNO')),
    lacks: allow(rule('execve', 'ERRNO')),
  },
  {
    what: 'the loader cannot open libraries',
    code: 'no-dynamic-start',
    has: allow(...['open', 'openat', 'openat2', 'creat'].map(name => rule(name, 'ERRNO'))),
    lacks: allow(...['openat2', 'creat'].map(name => rule(name, 'ERRNO'))),
  },
];

describe('lint rules of programs that cannot start or run', () => {
  describeRules(CASES);
});
