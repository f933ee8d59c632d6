// Checking profiles against recordings, and explaining audit records.
import assert from 'node:assert/strict';
import {
  checkProfile,
  explainAuditLine,
  formatAudit,
  parseRecording,
  readLog,
  type Recording,
  type SeccompProfile,
  type SeccompRule,
} from 'seccomp';

const strace = (...lines: string[]): Recording => readLog(lines, { arch: 'x86_64' }).recording;
const profile = (...syscalls: NonNullable<SeccompProfile['syscalls']>): SeccompProfile => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls,
});
const ALLOW = 'SCMP_ACT_ALLOW';

describe('checkProfile', () => {
  it('reports refused calls, how often they were seen, and a remedy', () => {
    const { refused } = checkProfile(profile({ names: ['read'], action: ALLOW }), [
      strace('1 execve("/bin/a", [], 0x1) = 0', '1 getpid() = 1', '1 read(3, "", 1) = 0'),
      strace('getpid() = 1'),
    ]);
    const getpid = refused.find(({ syscall }) => syscall === 'getpid');
    assert.deepEqual(
      { ...getpid },
      {
        abi: 'x86_64',
        syscall: 'getpid',
        phase: '',
        action: 'ERRNO(EPERM)',
        count: 2,
        runs: 2,
        programs: ['/bin/a'],
        arguments: [],
        remedy: 'add to "syscalls": {"names":["getpid"],"action":"SCMP_ACT_ALLOW"}',
        at: undefined,
      },
    );
    assert.deepEqual(
      refused.map(({ syscall }) => syscall),
      ['execve', 'getpid'],
    );
  });

  it('checks the calls of one phase and its parts; by default of all phases except that of container runtimes', () => {
    const recorded = (line: string, phase: string): Recording =>
      readLog(line, { arch: 'x86_64', phase }).recording;
    const recordings = [
      recorded('bind(3, 0x1, 16) = 0', 'start/main'),
      recorded('getpid() = 1', 'serving/main'),
      recorded('gettid() = 1', 'serving/pool'),
      recorded('mount(0x1, 0x2, 0x3, 0, 0) = 0', 'runtime'),
    ];
    const refused = (phase?: string): readonly string[] =>
      checkProfile(profile({ names: ['gettid'], action: ALLOW }), recordings, { phase }).refused.map(
        ({ syscall }) => syscall,
      );
    assert.deepEqual(refused(), ['bind', 'getpid']);
    assert.deepEqual(refused('serving'), ['getpid']);
    assert.deepEqual(refused('serving/pool'), []);
    assert.deepEqual(refused('runtime'), ['mount']);
    assert.throws(() => refused('serve'), {
      code: 'nothing-recorded',
      message: /The phases are "runtime", "serving\/main", /,
    });
  });

  const unix = profile({
    names: ['socket'],
    action: ALLOW,
    args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }],
  });
  it('reports the values of arguments that would be refused', () => {
    const { refused, uncertain } = checkProfile(unix, [
      strace('socket(AF_UNIX, 1, 0) = 3', 'socket(AF_INET, 1, 0) = 3'),
    ]);
    assert.deepEqual(
      refused.map(call => call.arguments),
      [['domain=AF_INET']],
    );
    assert.match(refused[0]?.remedy ?? '', /"value":2/);
    assert.deepEqual(uncertain, []);
  });

  it('does not make assumptions about arguments that were not recorded', () => {
    const { refused, uncertain } = checkProfile(unix, [
      strace(' 50.00    0.000030          30         1           socket'),
    ]);
    assert.deepEqual(refused, []);
    assert.deepEqual(
      uncertain.map(({ syscall }) => syscall),
      ['socket'],
    );
  });

  it('does not assume that recorded values occurred together', () => {
    const both = profile({
      names: ['socket'],
      action: ALLOW,
      args: [
        { index: 0, value: 1, op: 'SCMP_CMP_EQ' },
        { index: 1, value: 1, op: 'SCMP_CMP_EQ' },
      ],
    });
    const { refused } = checkProfile(both, [strace('socket(1, 1, 0) = 3', 'socket(2, 2, 0) = 3')]);
    assert.deepEqual(
      refused.map(call => call.arguments),
      [['domain=AF_INET'], ['type=SOCK_DGRAM']],
    );
    assert.equal(checkProfile(both, [strace('socket(2, 2, 0) = 3')]).refused.length, 1);
  });

  it('distinguishes fallbacks from refusals', () => {
    const old = profile(
      { names: ['clone'], action: ALLOW },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    );
    const { refused, fallbacks } = checkProfile(old, [strace('clone3({}, 88) = 3')]);
    assert.deepEqual([refused.length, fallbacks.map(({ syscall }) => syscall)], [0, ['clone3']]);
    const none = profile({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
    assert.equal(checkProfile(none, [strace('clone3({}, 88) = 3')]).refused.length, 1);
  });

  // Libraries make openat instead of an open that fails with ENOSYS, but not where it fails with EPERM.
  const WRITING = [{ index: 1, value: 1, op: 'SCMP_CMP_EQ' }] as const;
  const mixed = profile(
    { names: ['openat'], action: ALLOW },
    { names: ['open'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, args: [...WRITING] },
    {
      names: ['open'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 38,
      args: [{ index: 1, value: 1, op: 'SCMP_CMP_NE' }],
    },
  );
  for (const [what, result] of [
    ['worked', '= 3'],
    ['was not there', '= -1 ENOSYS (Function not implemented)'],
  ] as const)
    it(`takes no refusal for a fallback because other arguments have one, for a call that ${what}`, () => {
      const { refused } = checkProfile(mixed, [
        strace(`open("/a", O_RDONLY) ${result}`, `open("/a", O_WRONLY) ${result}`),
      ]);
      assert.deepEqual(
        refused.map(call => [call.syscall, call.action, ...call.arguments]),
        [['open', 'ERRNO(EPERM)', 'flags=O_WRONLY']],
      );
    });

  it('names an action that refuses a call that may be refused', () => {
    const { uncertain } = checkProfile(
      {
        defaultAction: ALLOW,
        syscalls: [
          {
            names: ['socket'],
            action: 'SCMP_ACT_KILL_PROCESS',
            args: [{ index: 0, value: 38, op: 'SCMP_CMP_EQ' }],
          },
        ],
      },
      [
        strace('socket(AF_UNIX, 1, 0) = 3'),
        strace(' 50.00    0.000030          30         1           socket'),
      ],
    );
    assert.deepEqual(
      uncertain.map(({ action }) => action),
      ['KILL_PROCESS'],
    );
  });

  it('reports allowed calls that were never used', () => {
    const wide = profile(
      { names: ['getpid', 'mount'], action: ALLOW },
      { names: ['socket'], action: ALLOW, args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
    );
    assert.deepEqual(checkProfile(wide, [strace('getpid() = 1')]).unused, [
      { abi: 'x86_64', syscall: 'mount', conditional: false },
      { abi: 'x86_64', syscall: 'socket', conditional: true },
    ]);
  });

  it('checks calls of other ABIs and architectures', () => {
    const x86 = readLog('[ Process PID=1 runs in 32 bit mode. ]\n1 getpid() = 1', {
      arch: 'x86_64',
    }).recording;
    const arm = readLog('getpid() = 1', { arch: 'aarch64' }).recording;
    const { refused } = checkProfile(profile({ names: ['getpid'], action: ALLOW }), [x86, arm]);
    assert.deepEqual(
      refused.map(({ abi, action }) => [abi, action]),
      [['x86', 'KILL_THREAD']],
    );
  });

  it('takes the same time for billions of events', () => {
    const counted = strace(' 50.00    0.000030          30 900000000000           getpid');
    assert.equal(checkProfile(profile(), [counted]).refused[0]?.count, 900_000_000_000);
  });

  describe('of a hostile recording', () => {
    const values = (from: number): string => [...Array(64).keys()].map(n => from + n).join(',');
    const calls = (count: number): readonly Recording[] => {
      const lines = [...Array(count).keys()].map(
        n =>
          `{"abi":"x86_64","call":"socket","phase":"${n}","count":1,"runs":1,"args":{"0":[${values(n % 7)}],"1":[${values(0)}]}}`,
      );
      const parts: Recording[] = [];
      while (lines.length > 0)
        parts.push(
          parseRecording(
            `{"kind":"seccomp recording","version":1,"runs":1,"sources":[],"calls":[${lines.splice(0, 2048).join(',')}]}`,
          ),
        );
      return parts;
    };
    const pairs = (length: number): SeccompProfile =>
      profile(
        ...Array.from({ length }, (_, n): SeccompRule => ({
          names: ['socket'],
          action: ALLOW,
          args: [
            { index: 0, value: n, op: 'SCMP_CMP_EQ' },
            { index: 1, value: n, op: 'SCMP_CMP_EQ' },
          ],
        })),
      );

    it('ends soon, with as many values as calls can have', () => {
      const { refused, uncertain } = checkProfile(pairs(32), calls(4096));
      assert.equal(new Set([...refused, ...uncertain].map(({ phase }) => phase)).size, 4096);
      assert.ok(refused.length > 128);
    });

    it('lists the values of the first calls, and one of each other', () => {
      const one = profile({
        names: ['socket'],
        action: ALLOW,
        args: [{ index: 0, value: 99, op: 'SCMP_CMP_EQ' }],
      });
      const { refused } = checkProfile(one, calls(1024));
      assert.equal(refused.length, 256 * 64 + 768);
      assert.equal(refused[63]?.arguments.length, 1);
      assert.equal(new Set(refused.map(({ phase }) => phase)).size, 1024);
    });
  });
});

describe('explainAuditLine', () => {
  const record = (call: number, code: string, arch = 'c000003e'): string =>
    `audit: type=1326 audit(1.5:1): auid=1 uid=0 gid=0 ses=1 pid=7 comm="p" exe="/bin/p" sig=31 arch=${arch} syscall=${call} compat=0 ip=0x1 code=${code}`;

  for (const [what, line, given, expected] of [
    [
      'without a profile',
      record(165, '0x80000000'),
      undefined,
      'mount on x86_64 by /bin/p (7): KILL_PROCESS',
    ],
    [
      'by the default action',
      record(39, '0x80000000'),
      { defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [{ names: ['mount'], action: ALLOW }] },
      'getpid on x86_64 by /bin/p (7): KILL_PROCESS; the profile has KILL_PROCESS by the default action, because no rule names it. To allow it, add to "syscalls": {"names":["getpid"],"action":"SCMP_ACT_ALLOW"}',
    ],
    [
      'of another filter',
      record(165, '0x0'),
      profile({ names: ['mount'], action: ALLOW }),
      'mount on x86_64 by /bin/p (7): KILL_THREAD; the profile has ALLOW by the rule at <object>:6:9; the record comes from another filter',
    ],
    [
      'of an ABI that is not covered',
      record(20, '0x0', '40000003'),
      profile(),
      'getpid on x86 by /bin/p (7): KILL_THREAD; the profile has KILL_THREAD because the profile does not cover its ABI. To allow it, add SCMP_ARCH_X86 to the architectures',
    ],
    [
      'with an action that is not known',
      record(165, '0x12340000'),
      profile({ names: ['mount'], action: ALLOW }),
      'mount on x86_64 by /bin/p (7): unknown action 0x12340000; the profile has ALLOW by the rule at <object>:6:9; the record comes from another filter',
    ],
    [
      'in the words of auditd, whose separator a pager shows as ^]',
      `${record(165, '0x50001')}^]ARCH=x86_64 SYSCALL=mount AUID="root"`,
      undefined,
      'mount on x86_64 by /bin/p (7): ERRNO(EPERM)',
    ],
    [
      'of the number -1, which is no x32 call',
      record(-1, '0x50026'),
      profile(),
      'call -1 on x86_64 by /bin/p (7): ERRNO(ENOSYS); the profile has ERRNO(EPERM) by the default action, because no rule names it',
    ],
    [
      'without an action',
      record(165, '').replace(' code=', ''),
      undefined,
      'mount on x86_64 by /bin/p (7): logged',
    ],
  ] as const)
    it(`explains a record ${what}`, () => {
      const explained = explainAuditLine(line, given);
      assert.ok(explained !== undefined);
      assert.equal(formatAudit(explained), expected);
    });

  it('does not guess whether ausearch -i means a thread or a process', () => {
    const line =
      'type=SECCOMP msg=audit(11/29/26 02:35:15.414:24435) : auid=unset uid=root gid=root ses=unset pid=6669 comm=mk dir"x exe=/tmp/my logs/mk dir"x sig=SIGSYS arch=x86_64 syscall=mkdir compat=0 ip=0x7feaa4cf2f37 code=kill ';
    for (const [action, fits] of [
      ['SCMP_ACT_KILL_PROCESS', true],
      ['SCMP_ACT_KILL_THREAD', true],
      ['SCMP_ACT_TRAP', false],
    ] as const) {
      const explained = explainAuditLine(line, {
        defaultAction: ALLOW,
        syscalls: [{ names: ['mkdir'], action }],
      });
      assert.deepEqual(
        [explained?.actionName, explained?.action, explained?.program],
        ['KILL', undefined, '/tmp/my logs/mk dir"x'],
      );
      assert.equal(explained?.profile?.fits, fits);
    }
  });

  it('does not guess if arguments decide', () => {
    const unix = profile({
      names: ['socket'],
      action: ALLOW,
      args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }],
    });
    const verdict = explainAuditLine(record(41, '0x50001'), unix)?.profile;
    assert.equal(verdict?.action, undefined);
    assert.equal(verdict?.remedy, undefined);
    assert.equal(verdict?.fits, true);
  });

  it('writes no control characters to a terminal', () => {
    const hex = Buffer.from('/tmp/\u001b[2J x').toString('hex').toUpperCase();
    const explained = explainAuditLine(record(39, '0x0').replace('"/bin/p"', hex));
    assert.ok(explained !== undefined);
    assert.ok(!formatAudit(explained).includes('\u001b'));
  });

  for (const [what, wrap] of [
    ['dmesg in colours', (line: string) => `\x1b[32m[1.5] \x1b[0m\x1b[33maudit: \x1b[0m${line.slice(7)}`],
    ['dmesg --json', (line: string) => `   "msg": ${JSON.stringify(line)}`],
    ['journalctl -o json', (line: string) => JSON.stringify({ MESSAGE: line })],
  ] as const)
    it(`reads records of ${what}`, () => {
      const plain = record(39, '0x80000000');
      assert.deepEqual(explainAuditLine(wrap(plain)), explainAuditLine(plain));
    });

  it('is undefined for other lines', () => {
    assert.equal(explainAuditLine('audit: type=1300 audit(1.5:1): arch=c000003e syscall=59'), undefined);
  });
});
