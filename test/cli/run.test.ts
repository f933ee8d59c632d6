// seccomp run with a process that watches the command: reports, time limits, and exit codes as in shells.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHILD_LIMIT, cli } from '../support/child.js';
import { skip } from '../support/skip.js';

const SYSKILL = 159;

const CLI = fileURLToPath(new URL('../../../bundle/cli.js', import.meta.url));

describe('seccomp run', () => {
  let directory = '';
  let profile = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-run-'));
    profile = join(directory, 'profile.json');
    writeFileSync(
      profile,
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [
          { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EROFS' },
          { names: ['rmdir', 'unlinkat'], action: 'SCMP_ACT_KILL_PROCESS' },
        ],
      }),
    );
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const run = (options: readonly string[], ...command: readonly string[]) =>
    cli(['run', ...options, profile, '--', ...command]);

  it('--report prints refused calls, with the program and the line, and refuses them', () => {
    const { code, stderr } = run(['--report'], 'mkdir', join(directory, 'new'));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^seccomp: mkdir(?:at)?\(.*\) on \w+ by \/\S+ \(\d+\) got ERRNO\(EROFS\), by \S+profile\.json:1:\d+\. To allow it, remove "mkdir/m,
    );
  });

  it('passes blocking standard streams to the command, unlike those of Node', () => {
    const { stdout } = run(
      [],
      'sh',
      '-c',
      'for stream in 0 1 2; do grep ^flags: /proc/$$/fdinfo/$stream; done',
    );
    const flags = [...stdout.matchAll(/^flags:\s+([0-7]+)$/gm)].map(([, digits = '']) => parseInt(digits, 8));
    assert.equal(flags.length, 3, stdout);
    assert.deepEqual(
      flags.map(each => each & 0o4000),
      [0, 0, 0],
    );
  });

  it('--report-only prints refused calls and allows them', () => {
    const { code, stderr } = run(['--report-only'], 'mkdir', join(directory, 'new'));
    assert.equal(code, 0);
    assert.match(stderr, /was allowed, although the profile has ERRNO\(EROFS\)/);
  });

  it('ends as after SIGSYS if the profile kills the command, but not if it kills a child of the command', () => {
    for (const options of [['--report'], ['--timeout', '30']]) {
      assert.equal(run(options, 'rmdir', directory).code, SYSKILL, options[0]);
    }
    const { code } = run(['--report'], 'sh', '-c', `rmdir ${directory}; exit 3`);
    assert.equal(code, 3);
  });

  for (const [how, script, expected] of [
    ['its exit code', 'exit 7', 7],
    ['the signal that ended it', 'kill -TERM $$', 143],
  ] as const) {
    it(`ends with ${how}`, () => {
      for (const options of [['--report'], ['--report-only'], ['--timeout', '30']]) {
        assert.equal(run(options, 'sh', '-c', script).code, expected, options[0]);
      }
    });
  }

  it('--timeout kills the command', () => {
    const { code, stderr } = run(['--timeout', '0.2'], 'sleep', '60');
    assert.deepEqual([code, stderr], [137, 'seccomp: killed after 0.2 s\n']);
  });

  it('reports a refused start', () => {
    const strict = join(directory, 'strict.json');
    writeFileSync(
      strict,
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['execve'], action: 'SCMP_ACT_ERRNO' }],
      }),
    );
    const refused = cli(['run', '--report', strict, '--', 'true']);
    assert.equal(refused.code, 126);
    assert.match(refused.stderr, /execve\(.*before the exec of true got ERRNO\(EPERM\)/);
    assert.match(refused.stderr, /true was not run/);
    assert.equal(cli(['run', '--report-only', strict, '--', 'true']).code, 0);
  });

  for (const options of [['--report'], ['--report-only'], ['--timeout', '60']])
    it(`${options[0] ?? ''} reports why no process could be created for the command`, () => {
      const preload = join(directory, 'no-process.cjs');
      writeFileSync(
        preload,
        `const processes = require('child_process');
         const { spawn } = processes;
         processes.spawn = (file, words, options) => spawn(file, words, { ...options, cwd: '/nowhere' });`,
      );
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--require', preload, CLI, 'run', ...options, profile, '--', 'true'],
        { encoding: 'utf8' },
      );
      assert.deepEqual([status, stderr], [126, 'seccomp: error: spawn true ENOENT: true was not run\n']);
    });

  it('--report names the call that failed to send the listener', () => {
    const outer = join(directory, 'outer.json');
    writeFileSync(
      outer,
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['sendmsg'], action: 'SCMP_ACT_ERRNO' }],
      }),
    );
    const command = [process.execPath, CLI, 'run', '--report', profile, '--', 'true'];
    const { code, stderr } = cli(['run', outer, '--', ...command]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^seccomp: error: the listener of the filter cannot be handed over \(sendmsg: EPERM\)/,
    );
  });

  it('--json prints one report per line', () => {
    const { stderr } = run(['--report-only', '--json'], 'sh', '-c', `mkdir ${directory}/one 2>&-`);
    const [first] = stderr
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { syscall: string; allowed: boolean; args: string[] });
    assert.match(first?.syscall ?? '', /^mkdir/);
    assert.deepEqual([first?.allowed, first?.args.length], [true, 6]);
  });

  it('prints one line for each call, program and action, with a count', () => {
    const script = `i=0; while [ $i -lt 100 ]; do i=$((i+1)); mkdir ${directory}/$i 2>/dev/null; done; exit 0`;
    for (const options of [['--report'], ['--report-only']]) {
      const { stderr } = run(options, 'sh', '-c', script);
      const lines = stderr.trim().split('\n');
      assert.equal(lines.length, 1, stderr);
      assert.match(
        lines[0] ?? '',
        /^seccomp: mkdir(?:at)?\(.* by \/\S*mkdir \(\d+\) (?:got|was) .*, 100 times, by /,
      );
    }
  });

  it('--report-file and --report-fd separate the report from the output of the command', () => {
    const file = join(directory, 'report.txt');
    writeFileSync(file, 'of last time\n');
    const script = `mkdir ${directory}/apart; echo said >&2`;
    const toFile = run(['--report-only', '--report-file', file], 'sh', '-c', script);
    assert.equal(toFile.stderr, 'said\n');
    assert.match(readFileSync(file, 'utf8'), /^seccomp: mkdir(?:at)?\([^\n]*\n$/);
    const cliFile = fileURLToPath(new URL('../../../bundle/cli.js', import.meta.url));
    const command = [cliFile, 'run', '--report', '--report-fd', '3', profile, '--', 'sh', '-c', script];
    const { stderr, output } = spawnSync(process.execPath, command, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    assert.match(stderr, /^mkdir: .*\nsaid\n$/);
    assert.match(output[3] ?? '', /^seccomp: mkdir(?:at)?\([^\n]*\n$/);
  });

  it('omits ENOSYS unless --report-fallbacks is given', () => {
    const detour = join(directory, 'detour.json');
    const rules = [
      { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' },
      { names: ['umask'], action: 'SCMP_ACT_ERRNO' },
    ];
    writeFileSync(detour, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: rules }));
    const names = (...options: string[]): unknown =>
      [
        ...cli([
          'run',
          ...options,
          detour,
          '--',
          'sh',
          '-c',
          `umask 0; mkdir ${directory}/detour`,
        ]).stderr.matchAll(/^seccomp: (\w+)\(/gm),
      ].map(([, name]) => name?.replace(/at$/, ''));
    assert.deepEqual(names('--report'), ['umask']);
    assert.deepEqual(names('--report-only'), ['umask']);
    assert.deepEqual(names('--report', '--report-fallbacks'), ['umask', 'mkdir']);
  });

  it('reports that calls newer than the profile are omitted', () => {
    const old = join(directory, 'old.json');
    writeFileSync(
      old,
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [{ names: ['getpid'], action: 'SCMP_ACT_ALLOW' }],
      }),
    );
    const { code, stderr } = cli(['run', '--report-only', old, '--', 'true']);
    assert.equal(code, 0);
    assert.match(stderr, /^seccomp: not listed: \d+ calls newer .*--report-fallbacks lists them$/m);
  });

  it('reports a command that was killed by SIGSYS', () => {
    const trap = join(directory, 'trap.json');
    writeFileSync(
      trap,
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_TRAP' }],
      }),
    );
    const enforced = cli(['run', '--report', trap, '--', 'mkdir', join(directory, 'trap')]);
    assert.equal(enforced.code, SYSKILL);
    assert.match(enforced.stderr, /^seccomp: mkdir(?: |\().*(?:ended by SIGSYS|TRAP)/m);
    const { code, stderr } = cli(['run', '--report-only', trap, '--', 'mkdir', join(directory, 'trap')]);
    assert.equal(code, 0);
    assert.match(stderr, /^seccomp: mkdir(?:at)?\(.*although the profile has TRAP/m);
  });

  it('reports which actions a report does not cover, such as those that end a child of the command', () => {
    const actions = { mkdir: 'TRAP', mkdirat: 'TRAP', setuid: 'NOTIFY', setgid: 'TRACE' };
    const syscalls = Object.entries(actions).map(([name, action]) => ({
      names: [name],
      action: `SCMP_ACT_${action}`,
    }));
    const mixed = join(directory, 'mixed.json');
    writeFileSync(mixed, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }));
    const { code, stderr } = cli(['run', '--report', mixed, '--', 'sh', '-c', `mkdir ${directory}/m; true`]);
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^seccomp: not in this report: calls with NOTIFY or TRACE or TRAP, .*--report-only/m,
    );
    assert.doesNotMatch(run(['--report'], 'true').stderr, /not in this report/);
  });

  it('does not write a report to a descriptor that Node uses itself', () => {
    const script = `mkdir ${directory}/fd; echo ran`;
    const own = readdirSync('/proc/self/fd')
      .map(Number)
      .filter(fd => fd > 2)
      .sort((a, b) => a - b);
    for (const fd of own.slice(0, 3)) {
      const { code, stdout, stderr } = run(['--report', '--report-fd', String(fd)], 'sh', '-c', script);
      assert.deepEqual([code, stdout], [2, ''], `descriptor ${fd}: ${stderr}`);
      assert.match(stderr, /cannot be written to descriptor \d+: /);
    }
  });

  it('--report-only ends with the command, and reports running processes', () => {
    const marker = join(directory, 'go');
    const { code, stderr } = run(
      ['--report-only'],
      'sh',
      '-c',
      `(until [ -e ${marker} ]; do sleep 0.01; done) </dev/null >/dev/null 2>&1 & exit 5`,
    );
    writeFileSync(marker, '');
    assert.equal(code, 5);
    assert.match(stderr, /still running are no longer reported/);
  });

  it('--report-only ends with code 2 if the command traces other processes', function () {
    if (spawnSync('which', ['strace']).status !== 0) skip(this, 'there is no strace');
    const { code, stderr } = run(['--report-only'], 'strace', '-o', '/dev/null', 'true');
    assert.equal(code, 2);
    assert.match(stderr, /strace \(\d+\) called ptrace\(\w+\), but .* \[traces-itself\]/);
  });

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGUSR1', 138],
  ] as const)
    it(`is ended by ${signal} between the load of the filter and the exec, without running a handler`, function () {
      if (spawnSync('which', ['strace']).status !== 0) skip(this, 'there is no strace');
      const strict = join(directory, 'strict.json');
      // A handler of Node makes some of these calls, and every handler returns by the first.
      writeFileSync(
        strict,
        JSON.stringify({
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['rt_sigreturn', 'tgkill'], action: 'SCMP_ACT_KILL_PROCESS' }],
        }),
      );
      const log = join(directory, 'strace.log');
      const traced = (...inject: readonly string[]) =>
        spawnSync(
          'strace',
          [
            ...['-f', '-o', log, '-e', 'trace=seccomp', ...inject],
            ...[process.execPath, CLI, 'run', strict, '--', 'true'],
          ],
          { encoding: 'utf8' },
        );
      assert.equal(traced().status, 0);
      // The last call of seccomp loads the filter.
      const calls = readFileSync(log, 'utf8').match(/ seccomp\(/g)?.length ?? 0;
      // strace ends in the same way as the command.
      const ended = traced('-e', `inject=seccomp:signal=${signal}:when=${calls}`);
      assert.equal(ended.signal === null ? ended.status : 128 + constants.signals[ended.signal], code);
    });

  it('rejects contradicting options with exit code 2', () => {
    for (const options of [
      ['--report', '--report-only'],
      ['--report-file', '/tmp/x'],
      ['--report-fallbacks'],
      ['--report', '--report-file', '/no/such/directory/x'],
      ['--report', '--report-fd', '99'],
      ['--report', '--report-fd', '-1'],
      ['--report', '--report-fd', '2', '--report-file', '/tmp/x'],
      ['--timeout', '0'],
      ['--timeout', 'soon'],
    ]) {
      assert.equal(run(options, 'true').code, 2, options.join(' '));
    }
    assert.equal(run(['--report'], '/no/such/command').code, 2);
    const { code, stderr } = run([]);
    assert.equal(code, 2);
    assert.match(stderr, /there is no command \[bad-option\]\. Write it after --/);
  });

  for (const signal of [
    ...(['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM'] as const),
    ...(['SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGXCPU', 'SIGABRT'] as const),
  ])
    it(`passes ${signal} on to a command that it waits for`, async () => {
      const command = `trap 'echo got it; exit 5' ${constants.signals[signal]}; echo ready; while :; do sleep 0.05; done`;
      const child = spawn(
        process.execPath,
        [CLI, 'run', '--timeout', '20', 'docker-default', '--', 'sh', '-c', command],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let [output, errors] = ['', ''];
      child.stderr.on('data', data => (errors += String(data)));
      child.stdout.on('data', data => {
        // Waits, because the command may be faster than the process that started it.
        if (output === '') setTimeout(() => child.kill(signal), 300);
        output += String(data);
      });
      await once(child, 'close');
      assert.deepEqual([output, errors, child.exitCode], ['ready\ngot it\n', '', 5]);
    });

  const ACCOMPANIED = [
    ['run --timeout', ['run', '--timeout', '20', 'docker-default']],
    ['run --report', ['run', '--report', 'docker-default']],
    ['run --report-only', ['run', '--report-only', 'docker-default']],
    ['record', ['record', '--output', '/dev/null']],
  ] as const;

  for (const [kind, words] of ACCOMPANIED)
    for (const signal of ['SIGKILL', 'SIGPROF'] as const)
      it(`${kind} leaves no command running if ${signal} ends it`, async () => {
        // Sleeps longer than a test may take: the test waits for the end of the command too, because both hold the pipe.
        const child = spawn(
          process.execPath,
          [CLI, ...words, '--', 'sh', '-c', 'echo ready; exec sleep 90'],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
          },
        );
        const closed = once(child, 'close');
        await once(child.stdout, 'data');
        child.kill(signal);
        assert.deepEqual(await closed, [null, signal]);
      });

  for (const [kind, words] of ACCOMPANIED)
    for (const [what, signal, code, send] of [
      ['SIGTERM', 'SIGTERM', 143, "process.kill(process.pid, 'SIGTERM'); return start();"],
      [
        'SIGTERM',
        'SIGTERM',
        143,
        "const child = start(); process.kill(process.pid, 'SIGTERM'); return child;",
      ],
      ['the SIGINT of a terminal', 'SIGINT', 130, "process.kill(process.pid, 'SIGINT'); return start();"],
      [
        'the SIGINT of a terminal',
        'SIGINT',
        130,
        "const child = start(); for (const { pid } of [child, process]) process.kill(pid, 'SIGINT'); return child;",
      ],
    ] as const)
      it(`${kind} does not leave a command running for ${what} ${send.startsWith('const') ? 'just after' : 'just before'} its start`, () => {
        const patch = join(directory, 'signal.cjs');
        writeFileSync(
          patch,
          `const children = require('node:child_process');
          const { spawn } = children;
          children.spawn = (...args) => { const start = () => spawn(...args); ${send} };`,
        );
        const outcome = spawnSync(
          process.execPath,
          ['--require', patch, CLI, ...words, '--', 'sleep', '1000'],
          { encoding: 'utf8', timeout: CHILD_LIMIT },
        );
        assert.deepEqual(
          [outcome.status, outcome.signal, outcome.stderr],
          [code, null, ''],
          `${signal}: ${outcome.stderr}`,
        );
      });

  it('does not mistake an option after the profile for a command', () => {
    const { code, stderr } = cli(['run', 'docker-default', '--report', '--', 'true']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /the option "--report" is after the profile \[bad-option\]\. Write options before the profile/,
    );
    assert.match(
      cli(['run', 'docker-default', '--', '--report']).stderr,
      /"--report" is not an executable file/,
    );
  });
});
