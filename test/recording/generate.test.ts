// Profiles from recordings: they allow everything that was seen, and nothing without a justification.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkProfile,
  compile,
  generateProfile,
  mergeRecordings,
  readLog,
  resolveProfile,
  SCMP_ACT_ALLOW,
  SCMP_ACT_ERRNO,
  type AbiName,
  type GenerateOptions,
  type Recording,
  type SeccompProfile,
} from 'seccomp';
import { ABIS, evaluate, isSubset, syscallNumber } from 'seccomp/inspect';
import { property } from '../support/property.js';
import { run } from './arbitrary-recording.js';

const strace = (...lines: string[]): Recording => readLog(lines, { arch: 'x86_64' }).recording;
const made = (recording: Recording, options: GenerateOptions = {}): SeccompProfile =>
  generateProfile([recording], options).profile;

/** The action of a profile for a call. */
function answer(profile: SeccompProfile, abi: AbiName, syscall: string, ...args: bigint[]): number {
  const number = syscallNumber(abi, syscall);
  assert.ok(number !== undefined, `${abi} has ${syscall}`);
  const arch = abi === 'aarch64' || abi === 'arm' ? 'aarch64' : 'x86_64';
  return evaluate(resolveProfile(profile, { arch }), { arch: ABIS[abi].audit, syscall: number, args });
}

const allows = (profile: SeccompProfile, abi: AbiName, syscall: string, ...args: bigint[]): boolean =>
  answer(profile, abi, syscall, ...args) === SCMP_ACT_ALLOW;

const ENOSYS = SCMP_ACT_ERRNO(38);
const EPERM = SCMP_ACT_ERRNO(1);
const GETPID = 'getpid() = 1';

describe('A generated profile', () => {
  const modes = fc.constantFrom('none', 'safe', 'all' as const);
  property(
    'refuses nothing that was seen',
    fc.tuple(fc.array(run, { minLength: 1, maxLength: 4 }), modes),
    100,
    ([runs, mode]) => {
      const { profile, leftOut } = generateProfile(runs, { arguments: mode as 'safe' });
      const { refused } = checkProfile(profile, runs);
      assert.deepEqual(refused, [], JSON.stringify(leftOut));
    },
  );

  property('allows only what was seen or is reported', fc.tuple(run, modes), 100, ([recording, mode]) => {
    const { profile, unseen } = generateProfile([recording], { arguments: mode as 'safe' });
    const known = new Set([...recording.calls, ...unseen].map(({ syscall }) => syscall));
    for (const { names, action } of profile.syscalls ?? [])
      if (action === 'SCMP_ACT_ALLOW')
        for (const name of names ?? []) assert.ok(known.has(String(name)), String(name));
  });

  property('is narrower the more arguments count', run, 30, recording => {
    const [none, safe, all] = (['none', 'safe', 'all'] as const).map(mode =>
      compile(made(recording, { arguments: mode }), { arch: 'x86_64' }),
    );
    assert.ok(none !== undefined && safe !== undefined && all !== undefined);
    assert.ok(isSubset(all, safe) && isSubset(safe, none));
  });

  property('is never more than its base', fc.tuple(run, modes), 15, ([recording, mode]) => {
    const profile = made(recording, { arguments: mode as 'safe', base: 'docker-default' });
    for (const arch of ['x86_64', 'aarch64'] as const)
      assert.ok(isSubset(compile(profile, { arch }), compile('docker-default', { arch })));
  });

  it('is the same for any order of the recordings', () => {
    const [a, b] = [strace(GETPID), strace('socket(AF_UNIX, SOCK_STREAM, 0) = 3')];
    assert.deepEqual(generateProfile([a, b]), generateProfile([b, a]));
  });

  it('has a comment with the reason for each rule', () => {
    const a = strace('1 execve("/bin/a", [], 0x1) = 0', '1 socket(AF_UNIX, SOCK_STREAM, 0) = 3');
    const { profile } = generateProfile([a, strace(GETPID)]);
    const comments = (profile.syscalls ?? []).map(({ comment }) => comment);
    assert.ok(comments.every(comment => typeof comment === 'string'));
    assert.ok(comments.includes('network: seen in 1 of 2 runs, by /bin/a; domain AF_UNIX'));
    assert.ok(comments.includes('memory: not seen: malloc() calls it for other sizes'));
  });

  for (const syscall of [
    'clock_gettime',
    'getrandom',
    'exit',
    'exit_group',
    'rt_sigreturn',
    'restart_syscall',
    'futex',
    'munmap',
    'tgkill',
  ])
    it(`allows ${syscall} without a recorded call`, () => {
      for (const abi of ['x86_64', 'aarch64'] as const) assert.ok(allows(made(strace(GETPID)), abi, syscall));
    });

  for (const [seen, abi, needed] of [
    ['write(1, "x", 1) = 1', 'x86_64', 'writev'],
    ['open("/", O_RDONLY) = 3', 'aarch64', 'openat'],
    ['epoll_wait(3, 0x1, 1, 0) = 0', 'aarch64', 'epoll_pwait'],
    ['poll(0x1, 1, 0) = 0', 'aarch64', 'ppoll'],
    ['dup2(3, 4) = 4', 'aarch64', 'dup3'],
    ['pipe(0x1) = 0', 'aarch64', 'pipe2'],
    ['stat("/", 0x1) = 0', 'aarch64', 'newfstatat'],
    ['rename("a", "b") = 0', 'aarch64', 'renameat'],
    ['mkdir("a", 0777) = 0', 'aarch64', 'mkdirat'],
    ['getpgrp() = 1', 'aarch64', 'getpgid'],
    ['pause() = ?', 'aarch64', 'ppoll'],
    ['newfstatat(AT_FDCWD, "/", 0x1, 0) = 0', 'x86_64', 'stat'],
  ] as const)
    it(`of a program that calls ${seen} allows ${needed} on ${abi}`, () => {
      assert.ok(allows(made(strace(seen)), abi, needed));
    });

  it('allows getpgid only for the caller, as C libraries call it for getpgrp, unless other targets were seen', () => {
    const unseen = made(strace(GETPID));
    for (const abi of ['x86_64', 'aarch64'] as const) {
      assert.ok(allows(unseen, abi, 'getpgid', 0n) && !allows(unseen, abi, 'getpgid', 1n));
      assert.ok(!allows(made(strace('getpgrp() = 1')), abi, 'getpgid', 1n));
      assert.ok(allows(made(strace('getpgid(7) = 7')), abi, 'getpgid', 1n));
    }
  });

  it('names no calls that its ABIs lack', () => {
    const native = JSON.stringify(made(strace(GETPID)));
    const with32 = JSON.stringify(made(strace('[ Process PID=1 runs in 32 bit mode. ]', '1 getpid() = 1')));
    for (const name of ['"sigreturn"', '"clock_gettime64"'])
      assert.ok(!native.includes(name) && with32.includes(name), name);
  });

  it('of a program that starts others allows redirecting their descriptors', () => {
    const starts = ['clone(child_stack=NULL, flags=SIGCHLD) = 2', 'execve("/a", [], 0x1) = 0'];
    for (const syscall of ['dup2', 'dup3']) {
      assert.ok(allows(made(strace(...starts)), 'x86_64', syscall));
      for (const alone of starts) assert.ok(!allows(made(strace(alone)), 'x86_64', syscall));
    }
  });

  for (const [seen, not] of [
    ['kill(1, SIGTERM) = 0', 'pidfd_send_signal'],
    ['ptrace(PTRACE_TRACEME) = 0', 'process_vm_readv'],
    ['execve("/a", [], 0x1) = 0', 'execveat'],
    ['bind(3, 0x1, 16) = 0', 'socket'],
  ] as const)
    it(`of a program that calls ${seen} does not allow ${not}`, () => {
      for (const mode of ['none', 'safe', 'all'] as const)
        assert.ok(!allows(made(strace(seen), { arguments: mode }), 'x86_64', not));
    });

  it('of a 32-bit program covers its ABI, and no other profile does', () => {
    const profile = made(strace('[ Process PID=1 runs in 32 bit mode. ]', '1 getuid32() = 0'));
    assert.ok(allows(profile, 'x86', 'getuid32'));
    assert.ok(!allows(made(strace(GETPID)), 'x86', 'getpid'));
  });

  it('of a socketcall allows nothing else', () => {
    const profile = made(strace('[ Process PID=1 runs in 32 bit mode. ]', '1 socketcall(0x1, 0x2) = 0'));
    assert.ok(!allows(profile, 'x86_64', 'connect'));
  });
});

describe('Arguments in a generated profile', () => {
  const W = 2n;
  const X = 4n;
  const mmap = (prot: string): string => `mmap(NULL, 1, ${prot}, MAP_PRIVATE, -1, 0) = 0x1`;

  it('never allow writable and executable memory unless it was seen', () => {
    const profile = made(strace(mmap('PROT_READ|PROT_WRITE'), mmap('PROT_READ|PROT_EXEC')));
    assert.ok(allows(profile, 'x86_64', 'mmap', 0n, 1n, W) && allows(profile, 'x86_64', 'mmap', 0n, 1n, X));
    assert.ok(!allows(profile, 'x86_64', 'mmap', 0n, 1n, W | X));
    assert.ok(allows(made(strace(mmap('PROT_WRITE|PROT_EXEC'))), 'x86_64', 'mmap', 0n, 1n, W | X));
  });

  it('never allow it if arguments were not recorded, and report that', () => {
    const counted = strace(' 50.00    0.000030          30         1           mprotect');
    const { profile, uncertain } = generateProfile([counted]);
    assert.ok(!allows(profile, 'x86_64', 'mprotect', 0n, 1n, W | X));
    assert.deepEqual(
      uncertain.map(({ syscall }) => syscall),
      ['mprotect'],
    );
  });

  it('report calls that are allowed with any arguments because none were recorded', () => {
    const counted = strace(' 50.00    0.000030          30         1           socket');
    const { profile, unlimited } = generateProfile([counted, strace('socket(AF_UNIX, SOCK_STREAM, 0) = 3')]);
    assert.ok(allows(profile, 'x86_64', 'socket', 40n));
    assert.deepEqual(unlimited, [
      { syscall: 'socket', why: 'some values of domain were not recorded: any is allowed' },
    ]);
    assert.ok(
      profile.syscalls?.some(({ comment }) => comment?.endsWith('; any domain, as some were not recorded')),
    );
    assert.deepEqual(generateProfile([counted], { arguments: 'none' }).unlimited, []);
    assert.deepEqual(generateProfile([strace('socket(AF_UNIX, SOCK_STREAM, 0) = 3')]).unlimited, []);
  });

  it('report that a 32-bit ABI has them in memory, which no filter can read', () => {
    const recording = strace('[ Process PID=1 runs in 32 bit mode. ]', '1 getuid32() = 0');
    assert.deepEqual(
      generateProfile([recording]).unlimited.map(({ syscall, why }) => `${syscall} ${why}`),
      ['mmap on x86 its arguments are in memory, where a filter cannot see them'],
    );
  });

  it('are kept if one recording has them and another one does not', () => {
    const counted = strace(' 50.00    0.000030          30         1           mmap');
    const profile = made(mergeRecordings(counted, strace(mmap('PROT_WRITE|PROT_EXEC'))));
    assert.ok(allows(profile, 'x86_64', 'mmap', 0n, 1n, W | X));
  });

  it('never allow it in added mmap and mprotect', () => {
    const profile = made(strace('clone(child_stack=NULL, flags=SIGCHLD) = 3'));
    for (const name of ['mmap', 'mprotect']) assert.ok(!allows(profile, 'x86_64', name, 0n, 1n, W | X), name);
  });

  const clone = (flags: string): string =>
    `clone(child_stack=NULL, flags=${flags}|SIGCHLD, child_tidptr=0x1) = 3`;
  const NEWUSER = 0x10000000n;
  const NEWNET = 0x40000000n;
  for (const [what, lines] of [
    ['clone', [clone('CLONE_VM')]],
    ['fork', ['fork() = 3']],
    ['clone3', ['clone3({flags=CLONE_VM}, 88) = 3']],
    ['vfork, on arm64', ['vfork() = 3']],
  ] as const)
    it(`allow no namespaces of a program that calls ${what}`, () => {
      const profile = made(strace(...lines));
      for (const abi of ['x86_64', 'aarch64'] as const) {
        assert.ok(allows(profile, abi, 'clone', 17n));
        assert.ok(!allows(profile, abi, 'clone', NEWUSER | 17n));
        assert.equal(answer(profile, abi, 'clone3'), ENOSYS);
      }
    });

  it('allow the namespaces that were seen, and no others', () => {
    const profile = made(strace(clone('CLONE_NEWUSER'), clone('CLONE_VM')));
    assert.ok(allows(profile, 'x86_64', 'clone', NEWUSER | 17n));
    assert.ok(!allows(profile, 'x86_64', 'clone', NEWNET | 17n));
  });

  it('allow prlimit64 only for the caller, unless others were seen', () => {
    const own = made(strace('prlimit64(0, RLIMIT_NOFILE, NULL, 0x1) = 0'));
    assert.ok(allows(own, 'x86_64', 'prlimit64', 0n, 7n) && !allows(own, 'x86_64', 'prlimit64', 1n, 7n));
    const others = made(strace('prlimit64(12, RLIMIT_NOFILE, NULL, 0x1) = 0'));
    assert.ok(allows(others, 'x86_64', 'prlimit64', 12n, 7n));
  });

  it("restrict all calls with 'all'", () => {
    const profile = made(strace('openat(AT_FDCWD, "/a", O_RDONLY|O_DIRECTORY|O_CLOEXEC) = 3'), {
      arguments: 'all',
    });
    assert.ok(allows(profile, 'x86_64', 'openat', 0n, 0n, 0x80000n));
    assert.ok(!allows(profile, 'x86_64', 'openat', 0n, 0n, 1n));
    // O_DIRECTORY on arm64.
    assert.ok(allows(profile, 'aarch64', 'openat', 0n, 0n, 0x4000n));
    // openat2 has its flags in memory, and creat always writes.
    for (const name of ['creat', 'openat2']) assert.ok(!allows(profile, 'x86_64', name), name);
    assert.ok(!allows(profile, 'x86_64', 'open', 0n, 1n));
  });

  it('are compared as the kernel reads them if they are negative', () => {
    const profile = made(strace('personality(0xffffffff) = 0'));
    for (const value of [0xffffffffn, 0xffffffffffffffffn])
      assert.ok(allows(profile, 'x86_64', 'personality', value));
    assert.ok(!allows(profile, 'x86_64', 'personality', 0x40000n));
  });

  describe('with protection keys, which depend on the processor', () => {
    const WRITABLE_CODE = 7n;
    const alloc = 'pkey_alloc(0, PKEY_DISABLE_ACCESS) = -1 EINVAL (Invalid argument)';
    const mprotect = 'mprotect(0x1, 4096, PROT_READ|PROT_WRITE|PROT_EXEC) = 0';
    const withKey = 'pkey_mprotect(0x1, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, 1) = 0';

    for (const [what, seen, syscall] of [
      ['recorded without them, pkey_mprotect has those of mprotect', [alloc, mprotect], 'pkey_mprotect'],
      ['recorded with them, mprotect has those of pkey_mprotect', [alloc, withKey], 'mprotect'],
    ] as const)
      it(`${what}`, () => {
        const profile = made(strace(...seen));
        for (const abi of ['x86_64', 'aarch64'] as const)
          assert.ok(allows(profile, abi, syscall, 1n, 4096n, WRITABLE_CODE));
      });

    it('never allow writable and executable memory in either call unless it was seen', () => {
      const profile = made(strace(alloc, 'mprotect(0x1, 4096, PROT_READ) = 0'));
      assert.ok(allows(profile, 'x86_64', 'pkey_mprotect', 1n, 4096n, 1n));
      assert.ok(!allows(profile, 'x86_64', 'pkey_mprotect', 1n, 4096n, WRITABLE_CODE));
    });

    it('do not add pkey_mprotect to a program without keys', () => {
      assert.ok(!allows(made(strace(mprotect)), 'x86_64', 'pkey_mprotect', 1n, 4096n, 1n));
    });
  });

  it('allow only seen bits if there were too many values to list', () => {
    const lines = [...Array(65).keys()].map(n => `personality(${n}) = 0`);
    const profile = made(strace(...lines));
    assert.ok(allows(profile, 'x86_64', 'personality', 3n));
    assert.ok(!allows(profile, 'x86_64', 'personality', 0x40000n));
  });

  it('do not become hundreds of rules', () => {
    const lines = [...Array(20).keys()].map(n => `socket(${n}, ${n % 10}, ${n}) = 3`);
    const rules = made(strace(...lines), { arguments: 'all' }).syscalls?.filter(({ names }) =>
      (names as readonly string[]).includes('socket'),
    );
    assert.ok(rules !== undefined && rules.length > 0 && rules.length <= 32, String(rules?.length));
  });
});

describe('What a generated profile leaves out', () => {
  it('are calls that were seen in too few runs', () => {
    const recordings = [strace(GETPID, 'mount("a") = 0'), strace(GETPID)];
    const { profile, leftOut } = generateProfile(recordings, { minRuns: 2 });
    assert.ok(!allows(profile, 'x86_64', 'mount'));
    assert.deepEqual(leftOut, [{ syscall: 'mount', why: 'seen in 1 of 2 runs' }]);
  });

  it('are calls that the base refuses', () => {
    const { profile, leftOut } = generateProfile(
      [strace('reboot(0x1, 0x2, LINUX_REBOOT_CMD_HALT) = 0', GETPID)],
      { base: 'docker-default' },
    );
    assert.ok(!allows(profile, 'x86_64', 'reboot'));
    assert.deepEqual(leftOut, [{ syscall: 'reboot', why: 'the base refuses it' }]);
  });

  it('are arguments that the base refuses', () => {
    const profile = made(
      strace('socket(AF_VSOCK, SOCK_STREAM, 0) = 3', 'socket(AF_UNIX, SOCK_STREAM, 0) = 3'),
      { base: 'docker-default' },
    );
    assert.ok(allows(profile, 'x86_64', 'socket', 1n) && !allows(profile, 'x86_64', 'socket', 40n));
  });

  it('are calls without a name, calls of other phases, and calls that the kernel lacks', () => {
    const start = readLog('mount("a") = 0', { arch: 'x86_64', phase: 'start' }).recording;
    const work = readLog('getpid() = 1\nsyscall_0x7d0() = 0\nstatx(1, "", 0, 0, 0x1) = -1 ENOSYS (x)', {
      arch: 'x86_64',
      phase: 'work',
    }).recording;
    const { profile, leftOut } = generateProfile([start, work], { phase: 'work' });
    assert.equal(answer(profile, 'x86_64', 'mount'), EPERM);
    assert.equal(answer(profile, 'x86_64', 'statx'), ENOSYS);
    assert.deepEqual(
      leftOut.map(({ syscall }) => syscall),
      ['2000'],
    );
  });

  it('must not be everything: it is an error if nothing was recorded', () => {
    assert.throws(() => generateProfile([]), { code: 'nothing-recorded' });
    assert.throws(() => generateProfile([strace(GETPID)], { phase: 'none' }), { code: 'nothing-recorded' });
    assert.throws(() => generateProfile([strace(GETPID)], { minRuns: 2 }), {
      code: 'nothing-recorded',
      message: /no call was made in 2 runs: the recordings have 1\./,
    });
    const start = readLog(GETPID, { arch: 'x86_64', phase: 'start' }).recording;
    assert.throws(() => generateProfile([start], { phase: 'work' }), /The phases are "start"/);
  });

  for (const options of [
    { arguments: 'some' },
    { minRuns: 0 },
    { minRuns: 1.5 },
    { for: 'podman' },
    { other: 1 },
  ])
    it(`refuses the options ${JSON.stringify(options)}`, () => {
      assert.throws(() => generateProfile([strace(GETPID)], options as GenerateOptions), {
        code: 'bad-option',
      });
    });

  it('does not restrict calls of a launcher by the arguments of the program', () => {
    const recording = strace('prctl(PR_SET_NAME, "a") = 0');
    const NO_NEW_PRIVS = 38n;
    assert.ok(!allows(made(recording, { arguments: 'all' }), 'x86_64', 'prctl', NO_NEW_PRIVS));
    assert.ok(allows(made(recording, { arguments: 'all', for: 'runc' }), 'x86_64', 'prctl', NO_NEW_PRIVS));
  });

  for (const [engine, runtimes] of [
    ['docker', ['runc']],
    ['kubernetes', ['runc', 'crun']],
  ] as const)
    it(`does not include calls that ${runtimes.join(' and ')} needs, with for: ${engine}`, () => {
      const recording = strace(GETPID);
      const namesOf = (launcher: 'runc' | 'crun' | typeof engine): readonly (string | number)[] =>
        (made(recording, { for: launcher }).syscalls ?? [])
          .filter(({ action }) => action === 'SCMP_ACT_ALLOW')
          .flatMap(({ names }) => names ?? []);
      assert.deepEqual(new Set(namesOf(engine)), new Set(runtimes.flatMap(namesOf)));
    });

  it('does not include calls that Node needs, with for: node', () => {
    const profile = made(strace(GETPID), { for: 'node' });
    for (const name of ['epoll_pwait', 'read', 'write', 'rseq'])
      assert.ok(allows(profile, 'x86_64', name), name);
    assert.ok(!allows(made(strace(GETPID)), 'x86_64', 'epoll_pwait'));
  });
});
