// `seccomp simulate`: actions, reasons, layers, files of calls, exit codes.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/filter/compile-profile.js';
import { cli, type Outcome } from '../support/child.js';

const simulate = (...args: readonly string[]): Outcome => cli(['simulate', '--arch', 'x86_64', ...args]);
const replay = (input: string, ...args: readonly string[]): Outcome =>
  cli(['simulate', '--arch', 'x86_64', 'docker-default', '--events', '-', ...args], input);

describe('seccomp simulate', () => {
  let directory = '';
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };
  before(() => (directory = mkdtempSync(join(tmpdir(), 'seccomp-simulate-'))));
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('reports an allowed call with the line that allows it, and exits with 0', () => {
    const { code, stdout } = simulate('docker-default', 'socket', 'AF_UNIX', 'SOCK_STREAM|SOCK_CLOEXEC');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^x86_64 socket \(41\): domain = AF_UNIX \(0x1\), type = SOCK_STREAM\|SOCK_CLOEXEC \(0x80001\)/,
    );
    assert.match(stdout, /^ALLOW: the call is executed$/m);
    assert.match(stdout, /^ {2}by .*docker-default\.json:\d+:\d+ \/syscalls\/\d+\/names\/0$/m);
  });

  it('reports a refused call with the rules that do not match, and exits with 1', () => {
    const { code, stdout } = simulate('docker-default', 'socket', 'AF_VSOCK');
    assert.equal(code, 1);
    assert.match(stdout, /^ERRNO\(EPERM\): the call is not executed/m);
    assert.match(stdout, /by default, because none of these rules matches\n {4}.*docker-default\.json:\d+/);
  });

  it('lists the executed instructions with the loaded values', () => {
    const { stdout } = simulate('docker-default', 'socket', 'AF_VSOCK');
    assert.match(stdout, /^ 0000: .* A = arch +; A = 0xc000003e \(x86_64\)$/m);
    assert.match(stdout, /A = sys_number +; A = 0x29 \(socket\)$/m);
    assert.match(stdout, /A = args\[0\] +; A = 0x28$/m);
    assert.match(stdout, /return ERRNO\(EPERM\)\n$/);
    assert.doesNotMatch(stdout, /return ALLOW/, 'the other way did not run');
  });

  const reasons: readonly (readonly [what: string, call: readonly string[], text: RegExp])[] = [
    [
      'the line of a call without conditions',
      ['read'],
      /^ {2}by .*docker-default\.json:\d+:\d+ \/syscalls\/\d+/m,
    ],
    [
      "that the kernel's cache answers",
      ['read'],
      /^ALLOW: .* from the kernel's cache, without running a filter$/m,
    ],
    [
      'that the profile does not name the call',
      ['mount'],
      /by default, because the profile does not name the call/,
    ],
    ['that a call is newer than the profile', ['5000'], /because the call is newer/],
    ['that the ABI is not covered', ['aarch64:read'], /KILL_THREAD\n {2}because the profile does not cover/],
    ['which argument was looked at and not given', ['socket'], /argument 0 is missing and counts as 0/],
    ['an x86 call by its own number', ['x86:socket', 'AF_ALG'], /^x86 socket \(359\): domain = AF_ALG/],
    [
      'a negative argument in the width of its type',
      ['openat', '-100', '0'],
      /dfd = AT_FDCWD \(0xffffff9c\)/,
    ],
  ];
  for (const [what, call, text] of reasons) {
    it(`reports ${what}`, () => {
      assert.match(simulate('docker-default', ...call).stdout, text);
    });
  }

  it('composes layers, oldest first, and reports which one decides', () => {
    const [a, b] = ['EACCES', 'ENOENT'].map(errno =>
      file(
        `${errno}.json`,
        JSON.stringify({
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ name: 'mkdir', action: 'SCMP_ACT_ERRNO', errno }],
        }),
      ),
    );
    assert.ok(a !== undefined && b !== undefined);
    const { code, stdout } = simulate(a, '--layer', b, '-l', 'docker-default', 'mkdir');
    assert.equal(code, 1);
    assert.match(stdout, /^ERRNO\(ENOENT\):/m);
    assert.match(stdout, /^layer 1 of 3, .*EACCES\.json: ERRNO\(EACCES\)$/m);
    assert.match(stdout, /^layer 2 of 3, .*ENOENT\.json, decides: ERRNO\(ENOENT\)$/m);
    assert.match(stdout, /^layer 3 of 3, docker-default: ALLOW$/m);
    assert.match(simulate(b, '-l', a, 'mkdir').stdout, /^ERRNO\(EACCES\):/m);
  });

  it('accepts a raw program, which has no rules', () => {
    const path = file('filter.bpf', compile('docker-default', { arch: 'x86_64' }).bpf);
    const { code, stdout } = simulate(path, 'mount');
    assert.equal(code, 1);
    assert.match(stdout, /filter\.bpf: ERRNO\(EPERM\)\n 0000:/);
  });

  it('reports the same as JSON', () => {
    const { code, stdout } = simulate('docker-default', 'socket', 'AF_VSOCK', '--json');
    assert.equal(code, 1);
    const { call, action, permitted, layers } = JSON.parse(stdout) as {
      call: { name: string; args: string[] };
      action: string;
      permitted: boolean;
      layers: { reason: { kind: string; unmet: { at: { line: number } }[] }; path: { index: number }[] }[];
    };
    assert.deepEqual([call.name, call.args[0], action, permitted], ['socket', '40', 'ERRNO(EPERM)', false]);
    assert.equal(layers[0]?.reason.kind, 'default');
    assert.equal(layers[0].reason.unmet.length, 3);
    assert.equal(layers[0].path[0]?.index, 0);
  });

  const wrong: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
    ['no call', ['docker-default'], /there is no system call/],
    ['a call and a file of calls', ['docker-default', 'read', '--events', 'x'], /both/],
    ['a name that there is not', ['docker-default', 'opn'], /Did you mean "open"\?/],
    ['a constant that there is not', ['docker-default', 'socket', 'AF_UNX'], /Did you mean "AF_UNIX"\?/],
    [
      'a file that there is not',
      ['docker-default', '--events', '/no/such/file'],
      /there is no file "\/no\/such\/file"/,
    ],
    ['a folder of calls', ['docker-default', '--events', '/'], /EISDIR/],
    ['a filter that there is not', ['./no-such.json', 'read'], /no-such\.json/],
  ];
  for (const [what, args, message] of wrong) {
    it(`exits with 2 for ${what}`, () => {
      const { code, stderr } = simulate(...args);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }
});

describe('seccomp simulate --events', () => {
  it('simulates one call per line and exits with 0 if all are permitted', () => {
    const { code, stdout } = replay('read\n\n# a comment\nsocket AF_UNIX\n');
    assert.deepEqual([code, stdout], [0, 'ALLOW            read\nALLOW            socket AF_UNIX\n']);
  });

  it('exits with 1 if one is refused', () => {
    const { code, stdout } = replay('read\nx86:socket AF_ALG\nwrite');
    assert.equal(code, 1);
    assert.match(stdout, /^ERRNO\(EPERM\) +x86:socket AF_ALG$/m);
    assert.match(stdout, /^ALLOW +write$/m);
  });

  it('exits with 2 at a line that is not a call, and names it', () => {
    const { code, stdout, stderr } = replay('read\n\nnonsense\nwrite\n');
    assert.deepEqual([code, stdout], [2, 'ALLOW            read\n']);
    assert.match(stderr, /<stdin>:3: x86_64 has no system call "nonsense"/);
  });

  it('writes one object per line with --json', () => {
    const { stdout } = replay('read\n#\nmount\n', '--json');
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as unknown),
      [
        { line: 1, call: 'read', action: 'ALLOW', permitted: true },
        { line: 3, call: 'mount', action: 'ERRNO(EPERM)', permitted: false },
      ],
    );
  });

  it('reads the output of strace -e raw=all', () => {
    const log = [
      '71 execve(0x7ffe, 0x7ffd, 0x7ffc) = 0',
      '71 clone(0x10000011, 0, 0, 0, 0 <unfinished ...>',
      '72 close(0x3)                        = 0',
      '71 <... clone resumed>)              = -1 EPERM (Operation not permitted)',
      '[pid    71] --- SIGCHLD {si_signo=SIGCHLD} ---',
      'exit_group(0)                        = ?',
      '71 +++ exited with 0 +++',
      '',
    ].join('\n');
    const { code, stdout } = replay(log);
    assert.equal(code, 1);
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'ALLOW            execve 0x7ffe 0x7ffd 0x7ffc',
      'ERRNO(EPERM)     clone 0x10000011 0 0 0 0',
      'ALLOW            close 0x3',
      'ALLOW            exit_group 0',
    ]);
  });

  it('does not mistake the number of a call for a process ID', () => {
    assert.match(replay('41 38 0\n').stdout, /^ERRNO\(EPERM\) +41 38 0$/m);
  });

  it('refuses an endless line', () => {
    const { code, stderr } = replay('x'.repeat(300_000));
    assert.equal(code, 2);
    assert.match(stderr, /<stdin>:1: the line has 65536 characters or more/);
  });

  it('replays thousands of calls', () => {
    const { code, stdout } = replay('socket AF_UNIX\nsocket AF_ALG\n'.repeat(10_000));
    assert.equal(code, 1);
    assert.equal(stdout.split('\n').length, 20_001);
    assert.equal(stdout.split('\n').filter(line => line.startsWith('ALLOW')).length, 10_000);
  });
});
