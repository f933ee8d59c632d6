// Logs of others: what is read from the lines that strace, the kernel, this package and the operator write.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatRecording,
  mergeRecordings,
  readLog,
  RecordingError,
  type ReadLogOptions,
  type Recording,
} from 'seccomp';
import { property } from '../support/property.js';

const read = (text: string, options: ReadLogOptions = {}): ReturnType<typeof readLog> =>
  readLog(text, { arch: 'x86_64', ...options });

/** `socket(1; 1; 0) x1`: what a recording has, for short. */
const summary = ({ calls }: Recording): readonly string[] =>
  calls.map(
    ({ abi, syscall, count, args }) =>
      `${abi === 'x86_64' ? '' : `${abi}:`}${syscall}(${args.map(({ values, unknown }) => values.join(' ') + (unknown ? ' ?' : '')).join('; ')}) x${count}`,
  );

describe('Logs of strace', () => {
  for (const [what, lines, expected] of [
    ['a plain line', 'socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3', ['socket(1; 524289; 0) x1']],
    ['-f on a terminal', '[pid 12] getpid() = 12', ['getpid() x1']],
    ['-f with names of threads', '[pid 12<node>] getpid() = 12', ['getpid() x1']],
    ['-f -o', '12  getpid()  = 12', ['getpid() x1']],
    ['-t', '22:50:53 getpid() = 12', ['getpid() x1']],
    ['-tt and -T', '12 22:50:53.008091 getpid() = 12 <0.000011>', ['getpid() x1']],
    ['-ttt', '1700000000.123456 getpid() = 12', ['getpid() x1']],
    ['-r, -n and -i', '12      0.000123 [  39] [00007f05446a1b47] getpid() = 12', ['getpid() x1']],
    ['-y with a comma in a path', 'ioctl(1</tmp/a,b>, TCGETS, 0x1) = 0', ['ioctl(21505) x1']],
    ['-yy with a connection', 'ioctl(3<TCP:[1.2.3.4:5->6.7.8.9:10]>, TCGETS, 0x1) = 0', ['ioctl(21505) x1']],
    [
      'shifts that are no paths',
      'capget({version=3}, {effective=1<<CAP_CHOWN|1<<CAP_KILL}) = 0',
      ['capget() x1'],
    ],
    [
      'strings with parentheses and quotes',
      'openat(AT_FDCWD, "a\\"), 1) = 3 (", O_RDONLY) = 3',
      ['openat(0) x1'],
    ],
    ['raw arguments', 'openat(0xffffff9c, 0x7f0000000000, 0x80000, 0) = 3', ['openat(524288) x1']],
    [
      '-c',
      '% time     seconds  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- --------- ----------------\n 17.54    0.000140           4        31        13 openat\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.000844           3       215        17 total',
      ['openat() x31'],
    ],
    [
      '-c of programs of two interfaces',
      'System call usage summary for 32 bit mode:\n 17.54    0.000140           4        31           getuid32',
      ['x86:getuid32() x31'],
    ],
    ['-k', 'getpid() = 1\n > /usr/lib/libc.so.6(getpid+0x7) [0x1]', ['getpid() x1']],
    [
      'a call that another process cuts in two',
      '1 read(3,  <unfinished ...>\n2 getpid() = 2\n1 <... read resumed>"", 1) = 0',
      ['getpid() x1', 'read() x1'],
    ],
    ['a call that began before strace came', '<... read resumed>"", 1) = 0', ['read() x1']],
    [
      'a line that strace itself cuts in two',
      'clone(child_stack=NULL, flags=CLONE_VM|SIGCHLDstrace: Process 3 attached\n[pid 3] getpid() = 3\n, child_tidptr=0x1) = 3',
      ['clone(273) x1', 'getpid() x1'],
    ],
    [
      'flags of clone by name',
      'clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD, child_tidptr=0x1) = 3',
      ['clone(273) x1'],
    ],
    ['commands that have several names', 'ioctl(3, BTRFS_IOC_CLONE or FICLONE, 4) = 0', ['ioctl() x1']],
    ['commands in parts', 'ioctl(3, _IOC(_IOC_READ, 0x45, 0x18, 0x10), 0x1) = 0', ['ioctl(2148549912) x1']],
    [
      'values with a remark',
      'socket(0x2a /* AF_??? */, SOCK_STREAM, 0) = -1 EAFNOSUPPORT (Address family not supported)',
      ['socket(42; 1; 0) x1'],
    ],
    ['values that are not known', 'socket(AF_FUTURE, SOCK_STREAM, 0) = 3', ['socket(1; 0) x1']],
    [
      'some values that are not known',
      'socket(AF_FUTURE, SOCK_STREAM, 0) = 3\nsocket(AF_UNIX, SOCK_STREAM, 0) = 3',
      ['socket(1 ?; 1; 0) x2'],
    ],
    [
      'a call without a name',
      'syscall_0x7d0(0x1, 0x2) = -1 ENOSYS (Function not implemented)',
      ['2000() x1'],
    ],
    [
      'a 32-bit program',
      'strace: [ Process PID=7 runs in 32 bit mode. ]\nmmap2(NULL, 1, PROT_READ, MAP_PRIVATE, -1, 0) = 0x1',
      ['x86:mmap2(1; 2) x1'],
    ],
    [
      'signals, ends and attached processes',
      '--- SIGCHLD {si_signo=SIGCHLD} ---\n+++ exited with 0 +++\nstrace: Process 3 attached\ngetpid() = 1',
      ['getpid() x1'],
    ],
  ] as const) {
    it(`are read with ${what}`, () => {
      const { recording, skipped, examples } = read(lines);
      assert.deepEqual(summary(recording), expected);
      assert.equal(skipped, 0, JSON.stringify(examples));
    });
  }

  it('say which program a process is, and its children', () => {
    const { recording } = read(
      [
        '1 execve("/bin/sh", ["sh"], 0x1 /* 3 vars */) = 0',
        '1 vfork( <unfinished ...>',
        '2 execve("/bin/missing", [], 0x1) = -1 ENOENT (No such file or directory)',
        '1 <... vfork resumed>) = 3',
        '3 getppid() = 1',
        '3 execve("/bin/ls", ["ls"], 0x1 <unfinished ...>',
        '3 <... execve resumed>) = 0',
        '3 getuid() = 0',
      ].join('\n'),
    );
    const programs = new Map(recording.calls.map(call => [call.syscall, call.programs]));
    assert.deepEqual(programs.get('getppid'), ['/bin/sh']);
    assert.deepEqual(programs.get('getuid'), ['/bin/ls']);
  });

  it('tell calls that the kernel does not have', () => {
    const { recording } = read(
      '1 statx(1, "", 0, 0, 0x1 <unfinished ...>\n1 <... statx resumed>) = -1 ENOSYS (Function not implemented)\nclone3({}, 88) = -1 ENOSYS (Function not implemented)\nclone3({}, 88) = 4',
    );
    assert.deepEqual(
      recording.calls.map(({ syscall, count, unavailable }) => [syscall, count, unavailable]),
      [
        ['clone3', 2, 1],
        ['statx', 1, 1],
      ],
    );
  });

  for (const [what, line] of [
    ['a call that no interface has', 'frobnicate(1) = 0'],
    ['a line that was cut off', 'openat(AT_FDCWD, "/etc/pas'],
    ['output of the program', 'Hello, world'],
    ['a call in the middle of a line', 'hello getpid() = 1'],
    ['a call without an end', 'mount("a", "b"'],
  ] as const) {
    it(`count ${what}, and go on`, () => {
      const { recording, skipped, examples, lines } = read(`${line}\ngetpid() = 1\n`);
      assert.deepEqual(summary(recording), ['getpid() x1']);
      assert.equal(skipped, 1);
      assert.equal(lines, 2);
      assert.deepEqual(examples, [{ line: 1, text: line }]);
    });
  }
});

describe('Audit records', () => {
  const kernel =
    'audit: type=1326 audit(1795898891.570:4101): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=31937 comm="probe" exe="/usr/bin/probe" sig=0 arch=c000003e syscall=110 compat=0 ip=0x55583bc933e2 code=0x7ffc0000';
  for (const [what, line, expected] of [
    ['dmesg', `[20792.226111] ${kernel}`, 'getppid'],
    ['the journal', `Nov 28 22:00:00 host kernel: ${kernel}`, 'getppid'],
    [
      'journald itself',
      `Nov 28 22:00:00 host audit[31937]: SECCOMP ${kernel.slice(kernel.indexOf('auid'))}`,
      'getppid',
    ],
    [
      'auditd',
      `type=SECCOMP msg=audit(1795898891.570:4101): ${kernel.slice(kernel.indexOf('auid'))}`,
      'getppid',
    ],
    [
      'auditd, enriched',
      `type=SECCOMP msg=audit(1.5:1): ${kernel.slice(kernel.indexOf('auid'))}\x1dARCH=x86_64 SYSCALL=mount AUID="unset"`,
      'getppid',
    ],
    [
      'ausearch -i',
      'type=SECCOMP msg=audit(11/28/2026 22:00:00.000:45) : auid=unset uid=root gid=root ses=unset pid=7 comm=probe exe=/usr/bin/probe sig=SIGSYS arch=x86_64 syscall=getppid compat=0 ip=0x7f code=kill',
      'getppid',
    ],
    [
      'a 32-bit caller',
      kernel.replace('c000003e syscall=110 compat=0', '40000003 syscall=64 compat=1'),
      'x86:getppid',
    ],
    ['an x32 caller', kernel.replace('syscall=110', 'syscall=1073741934'), 'x32:getppid'],
    ['an arm64 machine', kernel.replace('c000003e syscall=110', 'c00000b7 syscall=173'), 'aarch64:getppid'],
    ['a number without a name', kernel.replace('syscall=110', 'syscall=5000'), '5000'],
  ] as const) {
    it(`are read from ${what}`, () => {
      const { recording, skipped } = read(line);
      assert.deepEqual(summary(recording), [`${expected}() x1`]);
      assert.equal(skipped, 0);
      assert.deepEqual(recording.calls[0]?.programs, ['/usr/bin/probe']);
    });
  }

  it('have programs in hexadecimal digits', () => {
    const hex = Buffer.from('/tmp/a "b').toString('hex').toUpperCase();
    const [call] = read(kernel.replace('"/usr/bin/probe"', hex)).recording.calls;
    assert.deepEqual(call?.programs, ['/tmp/a "b']);
  });

  it('are not believed what a program calls itself', () => {
    const evil = kernel
      .replace('comm="probe"', 'comm=x sig=0 arch=c000003e syscall=165 compat=0 ip=0x1 code=0x0')
      .replace('"/usr/bin/probe"', '/x sig=0 arch=c000003e syscall=165 compat=0 ip=0x1 code=0x0 A=');
    assert.deepEqual(summary(read(evil).recording), ['getppid() x1']);
  });

  for (const [what, line] of [
    ['one that was cut off', kernel.slice(0, kernel.indexOf(' compat'))],
    ['one of an unknown architecture', kernel.replace('c000003e', 'c0000099')],
  ] as const) {
    it(`count ${what} as not understood`, () => {
      assert.equal(read(`${line}\ngetpid() = 1`).skipped, 1);
      assert.throws(() => read(line), { code: 'empty-log' });
    });
  }
});

describe('Reports of this package', () => {
  const report = {
    syscall: 'socket',
    number: 41,
    abi: 'x86_64',
    arch: 0xc000003e,
    args: ['38', '5', '0', '1', '2', '3'],
    count: 1,
    program: '/usr/bin/a',
  };
  it('are read with their arguments', () => {
    const [socket] = read(JSON.stringify(report)).recording.calls;
    assert.deepEqual(
      socket?.args.map(({ values }) => values),
      [[38n], [5n], [0n]],
    );
    assert.deepEqual(socket.programs, ['/usr/bin/a']);
  });

  it('have the arguments of the first call alone where they stand for several', () => {
    const { recording } = read(`${JSON.stringify(report)}\n${JSON.stringify({ ...report, count: 7 })}`);
    assert.deepEqual(summary(recording), ['socket(38 ?; 5 ?; 0 ?) x8']);
  });

  for (const wrong of [
    { number: -1 },
    { number: '41' },
    { arch: 7 },
    { count: 0 },
    { count: 1e300 },
    { args: [{}, null] },
  ])
    it(`are not believed ${JSON.stringify(wrong)}`, () => {
      const { recording, skipped } = read(`getpid() = 1\n${JSON.stringify({ ...report, ...wrong })}`);
      if ('args' in wrong) assert.deepEqual(summary(recording), ['getpid() x1', 'socket() x1']);
      else assert.deepEqual([summary(recording), skipped], [['getpid() x1'], 1]);
    });
});

describe('Recorded profiles', () => {
  const yaml = `---
apiVersion: security-profiles-operator.x-k8s.io/v1
kind: SeccompProfile
metadata:
  name: nginx
  annotations:
    spo.x-k8s.io/syscall-coverage: '{"version":"v1","total":3,"syscalls":{"read":3,"mknod":1}}'
spec:
  defaultAction: SCMP_ACT_ERRNO
  architectures:
  - SCMP_ARCH_X86_64
  syscalls:
  - action: SCMP_ACT_ALLOW
    names:
    - read
    - mknod
    - frobnicate
  - action: SCMP_ACT_ERRNO
    names:
    - mount
  - names: [getpid, getuid]
    action: SCMP_ACT_ALLOW
    args:
    - index: 0
      op: SCMP_CMP_EQ
      value: 1
status:
  names:
  - reboot
`;
  it('of the operator are read, with N of M runs', () => {
    const { recording, skipped } = read(yaml);
    assert.equal(recording.runs, 3);
    assert.deepEqual(
      recording.calls.map(({ syscall, runs }) => [syscall, runs]),
      [
        ['getpid', 1],
        ['getuid', 1],
        ['mknod', 1],
        ['read', 3],
      ],
    );
    assert.equal(skipped, 1);
  });

  it('of the operator are read as JSON too, alone and in a list', () => {
    const object = {
      kind: 'SeccompProfile',
      spec: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ action: 'SCMP_ACT_ALLOW', names: ['read'] }] },
    };
    for (const text of [JSON.stringify(object), JSON.stringify({ items: [object] }, null, 2)])
      assert.deepEqual(summary(read(text).recording), ['read() x1']);
  });

  it('in the format of Docker are read', () => {
    const text = JSON.stringify(
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        architectures: ['SCMP_ARCH_AARCH64'],
        syscalls: [
          { names: ['read'], action: 'SCMP_ACT_ALLOW' },
          { names: ['mount'], action: 'SCMP_ACT_ERRNO' },
        ],
      },
      null,
      2,
    );
    assert.deepEqual(summary(read(text).recording), ['aarch64:read() x1']);
  });
});

describe('A hostile log', () => {
  it('is an error where nothing in it is understood', () => {
    for (const text of ['', '\n\n', 'nothing', '{"a":', '{}', '['.repeat(100_000), '---\nkind: Pod'])
      assert.throws(() => read(text), { code: 'empty-log' });
  });

  it('fills no recording with numbers of calls', () => {
    const lines = Array.from(
      { length: 5000 },
      (_, index) => `syscall_0x${(10_000 + index).toString(16)}() = 0`,
    );
    const { recording, skipped } = readLog(lines, { arch: 'x86_64' });
    assert.equal(recording.calls.length, 64);
    assert.equal(skipped, 5000 - 64);
  });

  it('with lines without an end is read in time', function () {
    this.timeout(20_000);
    for (const line of [
      `openat(${'('.repeat(1 << 20)}`,
      `openat("${'\\'.repeat(1 << 20)}`,
      `${'[pid 1] '.repeat(1 << 16)}getpid() = 1`,
      `audit: type=1326 ${' sig='.repeat(1 << 18)}`,
      `openat(${'1<'.repeat(1 << 19)}`,
      `${' '.repeat(1 << 20)}x`,
      'a('.repeat(1 << 19),
      `${'a('.repeat(1 << 14)}strace: Process 1 attache`,
      `audit: type=1326 sig=0 arch=c000003e syscall=1 compat=0 ip=0x1 code=0x0${' '.repeat(60_000)}x`,
      `12 ${'0'.repeat(1 << 20)}.1 x`,
    ])
      assert.equal(read(`${line}\ngetpid() = 1`).recording.calls.length, 1);
  });

  const piece = fc.oneof(
    fc.constantFrom(
      ...'1 |[pid 1] |openat(|clone(|<unfinished ...>|<... read resumed>|) = 0|, |"|\\|{|}|[|]|O_RDONLY|flags=|type=1326 | sig=| arch=c000003e| syscall=1| compat=0 ip=1 code=0|\n|---\n|kind: SeccompProfile\n|spec:\n|  syscalls:\n|  - names:\n|    - read\n|{"arch":3221225534,"number":1}|1<|>|strace: Process 1 attached|execve("/a", [], 0x1) = 0'.split(
        '|',
      ),
    ),
    fc.string({ maxLength: 4 }),
  );
  property('ends in a recording or an error', fc.array(piece, { maxLength: 30 }), 500, pieces => {
    try {
      const { recording, lines, skipped } = read(pieces.join(''));
      assert.ok(skipped <= lines + 30);
      formatRecording(mergeRecordings(recording, recording));
    } catch (error) {
      assert.ok(error instanceof RecordingError, String(error));
    }
  });
});
