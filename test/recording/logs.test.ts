// Logs of strace, perf, the kernel, this package and the operator.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatRecording, mergeRecordings, readLog, RecordingError } from 'seccomp';
import { property } from '../support/property.js';
import { read, summary } from '../support/read-log.js';

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
      '-c of programs of two ABIs',
      'System call usage summary for 32 bit mode:\n 17.54    0.000140           4        31           getuid32',
      ['x86:getuid32() x31'],
    ],
    [
      '-c and -U, which chooses columns',
      'syscall     calls    errors % time\n------- --------- --------- ------\nopenat         31        13  17.54\nread            2            0.20\n------- --------- --------- ------\ntotal          33        13 100.00',
      ['openat() x31', 'read() x2'],
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
      'data of -e read=all',
      'read(3, "\\n", 1) = 1\n | 00000  0a                                                .                |',
      ['read() x1'],
    ],
    [
      'the output of the program in a call, on a terminal',
      'write(1, "a\\nb\\n", 4a\nb\n)      = 4',
      ['write() x1'],
    ],
    [
      'lines that were wrapped',
      'mmap(NULL, 8192, PROT_READ|PROT_WRITE,\nMAP_PRIVATE|MAP_ANONYMOUS,\n-1, 0) = 0x7f',
      ['mmap(3; 34) x1'],
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

  // Output of strace 6.1 -f on a terminal, with its own messages in between.
  for (const [call, lines] of [
    [
      'vfork',
      'vfork(strace: Process 3 attached\n <unfinished ...>\n[pid 3] getpid() = 3\n<... vfork resumed>) = 3',
    ],
    [
      'clone3',
      'clone3({flags=CLONE_VM}strace: Process 3 attached\n => {parent_tid=[3]}, 88) = 3\n[pid 3] getpid() = 3',
    ],
    ['pause', '[pid 2] 13:02:24.183282 pause(strace: Process 2 detached\n <detached ...>\ngetpid() = 3'],
    ['wait4', 'wait4(-1, strace: Process 3 attached\nNULL, 0, NULL) = 3\n[pid 3] getpid() = 3'],
  ] as const)
    it(`have ${call} even if a message of strace interrupts its line`, () => {
      const { recording, skipped, examples } = read(lines);
      assert.deepEqual(summary(recording), ['getpid() x1', `${call}() x1`].sort());
      assert.equal(skipped, 0, JSON.stringify(examples));
    });

  it('do not treat a parent as 32-bit because its child is', () => {
    const { recording } = read(
      '[pid 8] [ Process PID=8 runs in 32 bit mode. ]\n[pid 8] getuid32() = 0\n[pid 8] +++ exited with 0 +++\ngetuid() = 0',
    );
    assert.deepEqual(summary(recording), ['x86:getuid32() x1', 'getuid() x1']);
  });

  it('do not mistake a path for the notice of a 32-bit process', () => {
    const { recording } = read(
      '7 openat(AT_FDCWD, "/[ Process PID=7 runs in 32 bit mode. ]", O_RDONLY) = 3\n7 getpid() = 7',
    );
    assert.deepEqual(summary(recording), ['getpid() x1', 'openat(0) x1']);
  });

  it('have the program of a process and its children', () => {
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

  it('show which calls the kernel lacks', () => {
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
    ['a call that no ABI has', 'frobnicate(1) = 0'],
    ['a line that was cut off', 'openat(AT_FDCWD, "/etc/pas'],
    ['output of the program', 'Hello, world'],
    ['a call in the middle of a line', 'hello getpid() = 1'],
    ['a call without an end', 'mount("a", "b"'],
    ['a quotation', '> and it hangs here:'],
  ] as const) {
    it(`count ${what}, and continue`, () => {
      const { recording, skipped, examples, lines } = read(`${line}\ngetpid() = 1\n`);
      assert.deepEqual(summary(recording), ['getpid() x1']);
      assert.equal(skipped, 1);
      assert.equal(lines, 2);
      assert.deepEqual(examples, [{ line: 1, text: line }]);
    });
  }
});

describe('Logs of perf trace', () => {
  for (const [what, lines, expected] of [
    [
      'plain',
      '     3.105 ( 0.015 ms): ls/31039 mmap(len: 8192, prot: READ|WRITE, flags: PRIVATE|ANONYMOUS)           = 0x7fc4004ed000',
      ['mmap(3; 34) x1'],
    ],
    [
      '-T, whose times are long',
      '40197753.684 ( 0.013 ms): sh/31043 openat(dfd: CWD, filename: 0xa8f90b1, flags: RDONLY|CLOEXEC)          = 4',
      ['openat(524288) x1'],
    ],
    [
      'without names of threads',
      '     2.463 ( 0.019 ms): 31597 brk()             = 0x555e908d8000',
      ['brk() x1'],
    ],
    [
      'paths of descriptors',
      '    11.339 ( 0.011 ms): a/2 ioctl(fd: 2</tmp/a, b>, cmd: TCGETS, arg: 0x7ffe94c00524) = -1 ENOTTY (Inappropriate ioctl for device)',
      ['ioctl(21505) x1'],
    ],
    [
      'arguments that are 0 and left out',
      '     0.100 ( 0.010 ms): a/2 socket(family: INET, type: STREAM|CLOEXEC)                  = 3',
      ['socket(2; 524289; 0) x1'],
    ],
    [
      'flags without names',
      '    11.810 ( 0.475 ms): bash/31362 clone(clone_flags: CHILD_CLEARTID|CHILD_SETTID|0x11, child_tidptr: 0x7fdc4e4d1a10) = 31363 (bash)',
      ['clone(18874385) x1'],
    ],
    [
      'signals',
      '     1.000 ( 0.001 ms): a/2 kill(pid: 2, sig: CHLD)                                        = 0',
      ['kill(17) x1'],
    ],
    [
      'an end that is not told',
      '    41.817 (         ): sh/31463 exit_group()                                                          = ?',
      ['exit_group() x1'],
    ],
    [
      'a call that began before perf came, and a new process',
      '         ? (         ): ls/31039  ... [continued]: execve())                                           = 0\n         ? (         ): sh/31045  ... [continued]: clone())                                            = ',
      ['execve() x1'],
    ],
    [
      'a call that another thread interrupts',
      '    19.154 (         ): bash/31364 getpid()                                                           ...\n    19.154 ( 0.090 ms): bash/31364  ... [continued]: getpid())                                           = 31364',
      ['getpid() x1'],
    ],
    [
      '-s',
      '\n Summary of events:\n\n sh (31052), 158 events, 18.4%\n\n   syscall            calls  errors  total       min       avg       max       stddev\n                                     (msec)    (msec)    (msec)    (msec)        (%)\n   --------------- --------  ------ -------- --------- --------- ---------     ------\n   wait4                  4      2    27.878     0.009     6.970    15.220     58.15%\n',
      ['wait4() x4'],
    ],
    [
      '-S, which lists calls and sums them up',
      '     0.100 ( 0.010 ms): a/2 socket(family: INET, type: STREAM)           = 3\n Summary of events:\n   socket                 1      0     0.010     0.010     0.010     0.010      0.00%',
      ['socket(2; 1; 0) x1'],
    ],
    [
      'callchains and page faults',
      '     7.433 ( 0.315 ms): ls/31525 brk()                                                                 = 0x55d5c269d000\n                                       brk (/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2)\n     0.000 ( 0.000 ms): ls/31495 minfault [elf_load+0x28a] => 0x564a1f7395c0 (?k)',
      ['brk() x1'],
    ],
  ] as const)
    it(`are read with ${what}`, () => {
      const { recording, skipped, examples } = read(lines);
      assert.deepEqual(summary(recording), expected);
      assert.equal(skipped, 0, JSON.stringify(examples));
    });

  it('show programs, calls that the kernel lacks, and lost events', () => {
    const { recording } = read(
      '     0.100 ( 0.010 ms): node/2 statx(dfd: CWD, filename: 0x1)   = -1 ENOSYS (Function not implemented)\nLOST 12 events!',
    );
    const [call] = recording.calls;
    assert.deepEqual([call?.programs, call?.unavailable, recording.sources[0]?.lost], [['node'], 1, 12]);
  });

  for (const [what, line] of [
    ['the name of a thread', '     0.100 ( 0.010 ms): x/1 reboot(/31039 getpid()             = 3'],
    [
      'the path of a descriptor',
      '     0.100 ( 0.010 ms): a/1 read(fd: 3</1 reboot()>, count: 1)           = 3',
    ],
  ] as const)
    it(`count a possible call in ${what}`, () => {
      const { recording, skipped } = read(`getuid() = 0\n${line}`);
      assert.deepEqual([summary(recording), skipped], [['getuid() x1'], 1]);
    });

  // perf does not escape names of threads, which may have line breaks.
  for (const [what, lines] of [
    [
      'the lines',
      '     0.100 ( 0.010 ms): x\nmount() = 1/10835 getppid()     = 0\n     0.200 ( 0.010 ms): a/2 getuid()     = 0',
    ],
    [
      'the summary',
      ' Summary of events:\n\n x\nmount() = 1 (10895), 2 events, 98.5%\n\n   getuid              1      0     0.010     0.010     0.010     0.010      0.00%',
    ],
  ] as const)
    it(`do not mistake the name of a thread in ${what} for a line of strace`, () => {
      const { recording, skipped } = read(lines);
      assert.deepEqual([summary(recording), skipped], [['getuid() x1'], 2]);
    });

  for (const line of [
    'ioctl(fd: 3</a>, cmd: TIOCSTI, x: </b>, cmd: TCGETS) = 0',
    'ioctl(fd: 3</a>, cmd: TIOCSTI>, cmd: TCGETS) = 0',
    'ioctl(fd: 3, cmd: TIOCSTI, cmd: TCGETS) = 0',
    'ioctl(fd: 3, other: "a", cmd: "b", cmd: TCGETS) = 0',
  ])
    it(`do not believe arguments that a path may hold: ${line}`, () => {
      const [call] = read(`     0.100 ( 0.010 ms): a/1 ${line}`).recording.calls;
      assert.deepEqual(call?.args, []);
    });
});

describe('Logs of the enrichers of the Security Profiles Operator', () => {
  const line =
    'I0705 12:08:18.729660 1843190 enricher.go:136] log-enricher "msg"="audit"  "container"="redis" "executable"="/usr/local/bin/redis-server" "namespace"="default" "node"="127.0.0.1" "pid"=1847839 "pod"="my-pod" "syscallID"=232 "syscallName"="epoll_wait" "timestamp"="1625486870.273:187492" "type"="seccomp"';
  const newer =
    'I0705 12:08:18.729660 1843190 enricher.go:445] "audit" logger="log-enricher" timestamp="1625486870.273:187492" type="seccomp" node="n" namespace="d" pod="p" container="c" executable="/bin/a \\"b" pid=1 syscallID=232 syscallName="epoll_wait"';
  const json = {
    auditID: 'a1b2c3d4-e5f6-7890-abcd-111111111111',
    cmdLine: 'mkdir /tmp/audittest ',
    executable: '/bin/bash',
    gid: 0,
    node: { name: 'worker-1' },
    pid: 27184,
    resource: { container: 'nginx', namespace: 'default', pod: 'my-pod' },
    syscalls: ['getpid', 'execve'],
    timestamp: '2026-02-16T06:34:53.000Z',
    uid: 0,
    version: 'spo/v1_alpha',
  };
  const both = ['execve() x1', 'getpid() x1'];
  for (const [what, text, expected, program] of [
    ['the log enricher', line, ['epoll_wait() x1'], '/usr/local/bin/redis-server'],
    ['the log enricher since klog 2.100', newer, ['epoll_wait() x1'], '/bin/a "b'],
    ['the JSON enricher', JSON.stringify(json), both, '/bin/bash'],
    ['the JSON enricher, laid out by a person', JSON.stringify(json, null, 2), both, '/bin/bash'],
    [
      'the JSON enricher, several of them laid out',
      `${JSON.stringify(json, null, 4)}\n${JSON.stringify(json, null, 4)}\n`,
      ['execve() x2', 'getpid() x2'],
      '/bin/bash',
    ],
  ] as const)
    it(`are read from ${what}`, () => {
      const { recording, skipped } = read(text);
      assert.deepEqual(summary(recording), expected);
      assert.equal(skipped, 0);
      assert.deepEqual(recording.calls[0]?.programs, [program]);
    });

  for (const [what, text] of [
    ['a line that was cut off', line.slice(0, line.indexOf(' "syscallName"'))],
    ['a line of SELinux', line.replace('"seccomp"', '"selinux"')],
    ['a line of another machine, whose numbers differ', line.replace('=232', '=22')],
    ['a field that is there twice', `${line} "syscallName"="reboot"`],
    ['a field in the name of a program', line.replace('redis-server"', 'x" syscallName=reboot y="')],
    ['a call that no ABI has', JSON.stringify({ ...json, syscalls: ['getpid', 'frobnicate'] })],
    ['names that are no texts', JSON.stringify({ ...json, syscalls: ['getpid', 7] })],
    [
      'the setup of the operator',
      'I0705 12:08:18.729660 1 enricher.go:136] log-enricher "msg"="Setting up caches"',
    ],
  ] as const)
    it(`count ${what}`, () => {
      const { recording, skipped } = read(`getuid() = 0\n${text}`);
      assert.deepEqual([summary(recording), skipped], [['getuid() x1'], 1]);
    });
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
      'dmesg on a terminal',
      `\x1b[32m[20792.226111] \x1b[0m\x1b[33maudit: \x1b[0m${kernel.slice(7)}`,
      'getppid',
    ],
    ['dmesg --json', `         "msg": ${JSON.stringify(kernel)}`, 'getppid'],
    [
      'all of dmesg --json',
      JSON.stringify({ dmesg: [{ pri: 5, time: 1, msg: kernel }] }, null, 3),
      'getppid',
    ],
    ['journalctl -o json', JSON.stringify({ MESSAGE: kernel, _TRANSPORT: 'kernel' }), 'getppid'],
    ['journalctl -o json-pretty', JSON.stringify({ MESSAGE: kernel }, null, 8), 'getppid'],
    [
      'journalctl -o json of its own',
      JSON.stringify({ MESSAGE: `SECCOMP ${kernel.slice(kernel.indexOf('auid'))}` }),
      'getppid',
    ],
    ['journalctl -o cat of its own', `SECCOMP ${kernel.slice(kernel.indexOf('auid'))}`, 'getppid'],
    [
      'ausearch',
      `----\ntime->Sun Nov 29 13:07:52 2026\ntype=SECCOMP msg=audit(1.5:1): ${kernel.slice(kernel.indexOf('auid'))}`,
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

  // Records of one program from the kernel, from auditd in its enriched format, and from ausearch -i.
  for (const line of [
    '[41614.672502] audit: type=1326 audit(1795919714.014:24432): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=6626 comm=6D6B206469722278 exe=2F746D702F6C6F67732F6D6B206469722278 sig=31 arch=c000003e syscall=83 compat=0 ip=0x7f583abc1f37 code=0x80000000',
    'type=SECCOMP msg=audit(1795919715.414:24435): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=6669 comm=6D6B206469722278 exe=2F746D702F6C6F67732F6D6B206469722278 sig=31 arch=c000003e syscall=83 compat=0 ip=0x7feaa4cf2f37 code=0x80000000\x1dAUID="unset" UID="root" GID="root" ARCH=x86_64 SYSCALL=unknown-syscall(-1)',
    'type=SECCOMP msg=audit(11/29/26 02:35:15.414:24435) : auid=unset uid=root gid=root ses=unset pid=6669 comm=mk dir"x exe=/tmp/logs/mk dir"x sig=SIGSYS arch=x86_64 syscall=mkdir compat=0 ip=0x7feaa4cf2f37 code=kill ',
  ])
    it(`name a program with a space and a quote: ${line.slice(0, 30)}`, () => {
      const [call] = read(line).recording.calls;
      assert.deepEqual([call?.syscall, call?.programs], ['mkdir', ['/tmp/logs/mk dir"x']]);
    });

  it('have programs in hexadecimal digits', () => {
    const hex = Buffer.from('/tmp/a "b').toString('hex').toUpperCase();
    const [call] = read(kernel.replace('"/usr/bin/probe"', hex)).recording.calls;
    assert.deepEqual(call?.programs, ['/tmp/a "b']);
  });

  it('do not trust the name of a program', () => {
    const evil = kernel
      .replace('comm="probe"', 'comm=x sig=0 arch=c000003e syscall=165 compat=0 ip=0x1 code=0x0')
      .replace('"/usr/bin/probe"', '/x sig=0 arch=c000003e syscall=165 compat=0 ip=0x1 code=0x0 A=');
    assert.deepEqual(summary(read(evil).recording), ['getppid() x1']);
  });

  const forged = 'type=1326 sig=0 arch=c000003e syscall=165 compat=0 ip=0x1 code=0x0 A=';
  for (const [what, line] of [
    ['a path in a log of strace', `1 read(3</tmp/${forged}>, "", 5) = 0`],
    ['an argument in another record', `type=EXECVE msg=audit(1.1:2): argc=1 a0="${forged}"`],
    [
      'a command line in JSON behind a prefix',
      `pod-1 | ${JSON.stringify({ version: 'spo/v1', cmdLine: forged, syscalls: ['read'] })}`,
    ],
    ['a name in JSON behind a prefix that is not known', `pod container ${JSON.stringify({ comm: forged })}`],
  ] as const)
    it(`are not ${what}`, () => {
      assert.ok(!summary(read(`getpid() = 1\n${line}`).recording).includes('mount() x1'));
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

  it('have only the arguments of the first call if they cover several calls', () => {
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

describe('A hostile log', () => {
  const reboot = (indent: string): string =>
    `${indent}syscalls:\n${indent}- action: SCMP_ACT_ALLOW\n${indent}  names:\n${indent}  - reboot\n`;
  const allowed = '  syscalls:\n  - action: SCMP_ACT_ALLOW\n    names:\n    - read\n';
  for (const [what, text] of [
    [
      'a text in block style before the rules',
      `kind: SeccompProfile\nspec:\n  note: |\n${reboot('    ')}${allowed}`,
    ],
    ['a folded text', `kind: SeccompProfile\nspec:\n  note: >-\n\n${reboot('    ')}${allowed}`],
    ['a text in quotes', `kind: SeccompProfile\nspec:\n  note: "a\n${reboot('    ')}   b"\n${allowed}`],
    [
      'an annotation',
      `kind: SeccompProfile\nmetadata:\n  annotations:\n    note: |2\n      spec:\n${reboot('        ')}spec:\n${allowed}`,
    ],
    [
      'a comment',
      `kind: SeccompProfile\nspec:\n${allowed}  - action: SCMP_ACT_ERRNO # action: SCMP_ACT_ALLOW\n    names:\n    - reboot\n`,
    ],
  ] as const)
    it(`allows nothing more by ${what} in YAML`, () => {
      assert.deepEqual(summary(read(`---\n${text}`).recording), ['read() x1']);
    });

  it('does not parse text in other objects as a profile of the operator', () => {
    const text = `---\nkind: ConfigMap\ndata:\n  x: |\n    kind: SeccompProfile\n    spec:\n${reboot('      ')}`;
    assert.throws(() => read(text), { code: 'empty-log' });
  });

  for (const [where, text] of [
    [
      '<log>:1:65',
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"names":["reboot"],"action":"SCMP_ACT_ALLOW"}]}',
    ],
    [
      '<log>:11:5',
      `---\nkind: SeccompProfile\nspec:\n${allowed}  - action: SCMP_ACT_ERRNO\n    names:\n    - reboot\n    action: SCMP_ACT_ALLOW\n`,
    ],
    [
      '<log>:6:12',
      `---\nkind: SeccompProfile\nspec: &a\n${allowed.replace('    - read\n', '')}`.replace(
        'names:',
        'names: *a',
      ),
    ],
  ] as const)
    it(`is refused if parsers disagree about it: ${where}`, () => {
      assert.throws(
        () => read(text),
        (error: unknown) =>
          error instanceof RecordingError && error.code === 'empty-log' && error.message.includes(where),
      );
    });

  for (const [what, text] of [
    ['lines that end by \\r\\n', 'getpid() = 1\r\ngetuid() = 0\r\n'],
    ['lines that end by \\r', 'getpid() = 1\rgetuid() = 0\r'],
    ['a byte order mark', '\ufeffgetpid() = 1\ngetuid() = 0\n'],
  ] as const)
    it(`loses nothing with ${what}`, () => {
      const { recording, skipped } = read(text);
      assert.deepEqual([summary(recording), skipped], [['getpid() x1', 'getuid() x1'], 0]);
    });

  it('of a million lines that do not begin an object is read in time', function () {
    this.timeout(60_000);
    assert.throws(() => read(`{\n${'}\n'.repeat(1_000_000)}`), { code: 'empty-log' });
  });

  it('of endless empty lines is an error if it begins as a document', function () {
    this.timeout(60_000);
    function* lines(): Generator<string> {
      yield '---';
      for (;;) yield '';
    }
    assert.throws(() => readLog(lines()), { code: 'recording-too-large' });
  });

  it('is an error if a document has a line that is too long', () => {
    const profile = 'kind: SeccompProfile\nspec:\n  syscalls:\n  - names: [read]\n    action: SCMP_ACT_ALLOW';
    assert.deepEqual(summary(read(profile).recording), ['read() x1']);
    assert.throws(() => read(`${profile}${' '.repeat(70_000)}x`), {
      code: 'recording-too-large',
      message: /^line 5 of the document <log> has 65536 characters or more/,
    });
  });

  it('is an error if no line can be parsed', () => {
    for (const text of ['', '\n\n', 'nothing', '{"a":', '{}', '['.repeat(100_000), '---\nkind: Pod'])
      assert.throws(() => read(text), { code: 'empty-log' });
  });

  it('does not fill a recording with numbers of calls', () => {
    const lines = Array.from(
      { length: 5000 },
      (_, index) => `syscall_0x${(10_000 + index).toString(16)}() = 0`,
    );
    const { recording, skipped } = readLog(lines, { arch: 'x86_64' });
    assert.equal(recording.calls.length, 64);
    assert.equal(skipped, 5000 - 64);
  });

  it('with endless lines is read in time', function () {
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
      `     0.100 ( 0.010 ms): ${'a/1 b('.repeat(1 << 18)}`,
      `     0.100 ( 0.010 ms): a/1 read(${') = 1'.repeat(1 << 17)}`,
      `     0.100 ( 0.010 ms): a/1 read(${') ='}${' '.repeat(60_000)}`,
      `   ${'-'.repeat(1 << 20)}x`,
      `I0705 12:08:18.729660 1 e.go:1] log-enricher "msg"="audit" "x"="${'\\'.repeat(60_000)}`,
      `I0705 12:08:18.729660 1 e.go:1] log-enricher "msg"="audit"${' '.repeat(60_000)}x`,
      `${'`'.repeat(60_000)}x`,
      '\u001b]x'.repeat(20_000),
      ` > ${' [0x1'.repeat(12_000)}`,
      `"msg": "${'\\a'.repeat(30_000)}`,
      `${'> '.repeat(30_000)}x`,
      `openat(${'x'.repeat(4000)}\n`.repeat(1000),
      `     0.100 (${' '.repeat(60_000)}x\n`.repeat(10),
      `I0705 12:08:18.729660 1 e.go:1] log-enricher "msg"="audit"${Array.from({ length: 5000 }, (_, index) => ` a${index}=`).join('')}${' '.repeat(25_000)}\n`.repeat(
        400,
      ),
      `${'\r'.repeat(1 << 19)}x`,
    ])
      assert.equal(read(`getpid() = 1\n${line}\ngetpid() = 1`).recording.calls.length, 1);
  });

  const piece = fc.oneof(
    fc.constantFrom(
      ...'1 |[pid 1] |openat(|clone(|<unfinished ...>|     0.100 ( 0.010 ms): a/1 read(|fd: 3</a>|... [continued]: | ...|I0705 12:08:18.729660 1 e.go:1] log-enricher "msg"="audit" "syscallName"="read" "syscallID"=0|"type"="seccomp"|<... read resumed>|) = 0|, |"|\\|{|}|[|]|O_RDONLY|flags=|type=1326 | sig=| arch=c000003e| syscall=1| compat=0 ip=1 code=0|\n|---\n|kind: SeccompProfile\n|spec:\n|  syscalls:\n|  - names:\n|    - read\n|{"arch":3221225534,"number":1}|1<|>|strace: Process 1 attached|execve("/a", [], 0x1) = 0'.split(
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
