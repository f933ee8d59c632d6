// Report-only: the command runs as if there were no profile, and its calls are reported as strace sees them.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { features, spawn, supervise, type ReportedViolation, type SupervisionError } from 'seccomp';
import { inChild, told } from '../support/child.js';
import { NATIVE, numberOf } from '../support/native.js';
import { written } from '../support/written.js';
import type { SeccompProfile } from '#lib/profile/seccomp-profile.js';
import { skip } from '../support/skip.js';

const refusing = (...names: string[]): SeccompProfile =>
  written({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
  });

/** Refuses all calls; it names one call, like a typical profile. */
const nothing: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [{ names: ['getpid'], action: 'SCMP_ACT_ALLOW' }],
};

interface Run {
  readonly stdout: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly violations: readonly ReportedViolation[];
}

async function report(
  profile: SeccompProfile,
  command: string,
  args: readonly string[],
  options: object = {},
): Promise<Run> {
  const violations: ReportedViolation[] = [];
  const { child, finished } = supervise(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    unknownSyscalls: 'default',
    ...options,
    profile,
    reportOnly: true,
    onViolation: violation => violations.push(violation),
  });
  let stdout = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  await finished;
  return { stdout, code, signal, violations };
}

function plain(command: string, args: readonly string[]): Pick<Run, 'stdout' | 'code' | 'signal'> {
  const { stdout, status, signal } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { stdout, code: status, signal };
}

/** The signal that ends a child. `once` would reject at its error event. */
const ending = (child: ChildProcess): Promise<string | null> =>
  new Promise(resolve =>
    child.on('exit', (_, signal) => {
      resolve(signal);
    }),
  );

const has = (command: string): boolean => spawnSync('which', [command]).status === 0;

/** Pipelines whose shell gets a SIGCHLD for each process, with a handler that has no SA_RESTART. */
const pipelines = (count: number): readonly [string, readonly string[]] => [
  'sh',
  ['-c', `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo $i | cat; done; echo $?`],
];

const PYTHON = `
import os, signal, time
rung = 0
def ring(*_):
    global rung
    rung += 1
children = 0
def child(*_):
    global children
    children += 1
signal.signal(signal.SIGALRM, ring)
signal.signal(signal.SIGCHLD, child)
signal.siginterrupt(signal.SIGALRM, True)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for i in range(10):
    pid = os.fork()
    if pid == 0:
        os._exit(i)
    assert os.waitpid(pid, 0)[1] == i << 8
for i in range(200):
    fd = os.open('/dev/null', os.O_RDONLY)
    os.close(fd)
while rung < 200:
    time.sleep(0.001)
signal.setitimer(signal.ITIMER_REAL, 0)
assert children > 0
print('done')
`;

/** Twenty rounds are promised; three are enough to find an existing fault. */
const ROUNDS = Number(process.env['REPORT_ONLY_ROUNDS'] ?? 3);

describe('reportOnly', function () {
  this.timeout(300_000);
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-report-only-'));
    execFileSync('chmod', ['755', directory]);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  describe('changes nothing', () => {
    const makefile = (): string => {
      const path = join(directory, 'Makefile');
      writeFileSync(
        path,
        `all: a b c d\n\t@cat $^ | wc -l\n${['a', 'b', 'c', 'd'].map(name => `${name}:\n\t@echo ${name} | cat > ${join(directory, name)}; echo ${name} >> ${join(directory, name)}\n`).join('')}.PHONY: all a b c d\nVPATH=${directory}\n`,
      );
      return path;
    };
    const cases: readonly (readonly [
      what: string,
      profile: SeccompProfile,
      command: () => readonly [string, readonly string[]],
    ])[] = [
      [
        'for pipelines of a shell that may not fork',
        refusing('clone', 'clone3', 'fork', 'vfork'),
        () => pipelines(5),
      ],
      ['for 60 pipelines of a shell that may not close', refusing('close'), () => pipelines(60)],
      [
        'for scripts of npm with pipes',
        refusing('clone', 'close', 'read', 'write', 'wait4'),
        () => {
          writeFileSync(
            join(directory, 'package.json'),
            JSON.stringify({
              name: 'x',
              version: '1.0.0',
              scripts: { pipes: 'echo one | cat | tr o 0 && exit 3' },
            }),
          );
          return ['npm', ['run', '--silent', '--prefix', directory, 'pipes']];
        },
      ],
      ['for make -j2', nothing, () => ['make', ['-s', '-j2', '-C', directory, '-f', makefile()]]],
      ['for 1,000 signals a second', nothing, () => ['python3', ['-c', PYTHON]]],
      ['for a command that ends by a signal', nothing, () => ['sh', ['-c', 'echo x; kill -TERM $$']]],
    ];
    for (const [what, profile, command] of cases) {
      it(what, async function () {
        const [file, args] = command();
        if (!has(file)) skip(this, `there is no ${file}`);
        const expected = plain(file, args);
        for (let round = 0; round < ROUNDS; round++) {
          const { stdout, code, signal, violations } = await report(profile, file, args);
          assert.deepEqual({ stdout, code, signal }, expected, `round ${round}`);
          assert.ok(violations.length > 0);
        }
      });
    }

    it('for a process that ignores a signal and waits in a call which is never restarted', async function () {
      // The tracer can restart the call only on x86_64.
      if (process.arch !== 'x64' || !has('python3')) skip(this, 'this needs Python, and x86_64');
      const code = `
import ctypes, os, select, signal, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
poll = select.epoll()
assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
child = subprocess.Popen(['sh', '-c', 'sleep 0.2'])
events = ctypes.create_string_buffer(12)
got = libc.epoll_wait(poll.fileno(), events, 1, 1000)
print(got, ctypes.get_errno())
`;
      const expected = plain('python3', ['-c', code]);
      assert.equal(expected.stdout, '0 0\n');
      // Other tracers do not restart it.
      const strace = ['-f', '-o', '/dev/null', '-e', 'trace=none', 'python3', '-c', code];
      if (has('strace')) assert.equal(plain('strace', strace).stdout, '-1 4\n');
      const { stdout } = await report(refusing('chmod'), 'python3', ['-c', code]);
      assert.equal(stdout, expected.stdout);
    });

    it('for job control: a stop is seen by the parent, and the process continues afterwards', async () => {
      const script =
        'sleep 1 & pid=$!; kill -STOP $pid; for i in $(seq 50); do grep -q "^State:.[tT]" /proc/$pid/status && echo stopped && break; sleep 0.01; done; kill -CONT $pid; wait $pid; echo $?';
      const { stdout } = await report(nothing, 'bash', ['-c', script]);
      assert.equal(stdout, 'stopped\n0\n');
    });

    it('for processes that the command leaves running, even after this process has ended', () => {
      const file = join(directory, 'late');
      const outcome = inChild(`
        const { child } = s.supervise('sh', ['-c', 'echo; read line; echo $line > ${file}; close=1'], {
          profile: ${JSON.stringify(nothing)}, reportOnly: true, onViolation: () => {}, stdio: ['pipe', 'pipe', 'inherit'],
        });
        child.stdout.once('data', () => { child.stdin.end('late\\n'); process.exit(0); });`);
      assert.equal(outcome.code, 0, outcome.stderr);
      execFileSync('sh', ['-c', `until [ -s ${file} ]; do sleep 0.01; done`], { timeout: 30_000 });
      assert.equal(readFileSync(file, 'utf8'), 'late\n');
    });
  });

  it('reports the names that strace sees', async function () {
    if (!has('strace')) skip(this, 'there is no strace');
    for (const [file, args] of [
      ['true', []],
      ['ls', ['-l', '/etc']],
      pipelines(3),
      ['python3', ['-c', 'import json, os; os.listdir("/")']],
    ] as const) {
      if (!has(file)) continue;
      const log = join(directory, 'strace.log');
      execFileSync('strace', ['-f', '-qq', '-o', log, file, ...args], { stdio: 'ignore' });
      const expected = new Set(
        readFileSync(log, 'utf8')
          .split('\n')
          .map(line => /^\d+ +(?:<\.\.\. )?(\w+)[( ]/.exec(line)?.[1])
          // Excludes calls before the filter would be in force, and restarted calls.
          .filter(name => name !== undefined && !['resumed', 'restart_syscall', 'getpid'].includes(name)),
      );
      const { violations } = await report(nothing, file, args);
      const seen = new Set(
        violations.map(({ syscall }) => syscall).filter(name => name !== 'restart_syscall'),
      );
      assert.deepEqual([...seen].sort(), [...expected].sort(), file);
    }
  });

  it('counts every call, with at most one event for each doubling', async () => {
    const { violations } = await report(refusing('chdir'), 'sh', [
      '-c',
      'i=0; while [ $i -lt 1000 ]; do i=$((i+1)); cd /; done',
    ]);
    assert.equal(
      violations.reduce((sum, { count }) => sum + count, 0),
      1000,
    );
    assert.ok(violations.length <= 11, String(violations.length));
    const [first] = violations;
    assert.deepEqual(
      [first?.syscall, first?.action, first?.allowed, first?.starting, first?.thread.name],
      ['chdir', 'ERRNO(EPERM)', true, false, 'sh'],
    );
  });

  it('reports every call before the exit of the command', async () => {
    let count = 0;
    const child = spawn('sh', ['-c', 'cd /; cd /; cd /'], {
      profile: refusing('chdir'),
      reportOnly: true,
      onViolation: ({ count: more }) => (count += more),
    });
    const [code] = (await once(child, 'exit')) as [number];
    assert.deepEqual([code, count], [0, 3]);
  });

  it('allows calls with the action NOTIFY if there are no handlers', async () => {
    const profile: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['chdir'], action: 'SCMP_ACT_NOTIFY' }],
    };
    const { code, violations } = await report(profile, 'sh', ['-c', 'cd /']);
    assert.deepEqual(
      [code, violations.map(({ syscall, action }) => `${syscall} ${action}`)],
      [0, ['chdir NOTIFY']],
    );
  });

  it('omits ENOSYS, which causes a fallback, except on request', async () => {
    const profile: SeccompProfile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['chdir'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' },
        { names: ['umask'], action: 'SCMP_ACT_ERRNO' },
      ],
    };
    const names = async (options: object): Promise<unknown> => [
      ...new Set(
        (await report(profile, 'sh', ['-c', 'cd / && umask 0'], options)).violations.map(
          ({ syscall }) => syscall,
        ),
      ),
    ];
    assert.deepEqual(await names({}), ['umask']);
    assert.deepEqual(await names({ reportFallbacks: true }), ['chdir', 'umask']);
  });

  describe('a program that traces others', () => {
    it('is killed, and the child has an error that reports why', async function () {
      if (!has('strace')) skip(this, 'there is no strace');
      const child = spawn('sh', ['-c', 'strace -o /dev/null true; echo never'], {
        profile: refusing('chdir'),
        reportOnly: true,
        onViolation: () => undefined,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let stdout = '';
      child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      const exit = ending(child);
      const error = await new Promise<SupervisionError>(resolve =>
        child.on('error', resolve as (e: Error) => void),
      );
      assert.equal(error.code, 'traces-itself');
      assert.match(error.message, /strace \(\d+\) called ptrace\(PTRACE_\w+\)/);
      assert.deepEqual([await exit, stdout], ['SIGKILL', '']);
    });
  });

  it('reports calls of processes of an unprivileged user', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can become an ordinary user');
    const outcome = inChild(`
      const seen = [];
      const { child, finished } = s.supervise('id', ['-u'], {
        profile: ${JSON.stringify(nothing)}, reportOnly: true, unknownSyscalls: 'default', uid: 65534, gid: 65534,
        onViolation: ({ syscall, program }) => seen.push(syscall + ' ' + program),
      });
      let out = '';
      child.stdout.on('data', chunk => out += chunk);
      await Promise.all([finished, new Promise(resolve => child.on('close', resolve))]);
      tell([out, seen.some(text => /^geteuid .*\\/id$|^getuid .*\\/id$/.test(text))]);`);
    assert.deepEqual(told(outcome), ['65534\n', true]);
  });

  it('works for an unprivileged user', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can become an ordinary user');
    const outcome = inChild(`
      process.setgroups([]); process.setgid(65534); process.setuid(65534);
      let count = 0;
      const { finished, child } = s.supervise('sh', ['-c', 'cd /; exit 4'], {
        profile: ${JSON.stringify(refusing('chdir'))}, reportOnly: true, onViolation: item => count += item.count,
      });
      const code = new Promise(resolve => child.on('exit', resolve));
      await finished;
      tell([count, await code]);`);
    assert.deepEqual(told(outcome), [1, 4]);
  });

  it('reads calls if the kernel lacks PTRACE_GET_SYSCALL_INFO, as before Linux 5.3', () => {
    // The tracer inherits the filter of the process that starts it.
    const outcome = inChild(`
      s.applyProfile({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['ptrace'], action: 'SCMP_ACT_ERRNO', errno: 'EIO', args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 0x420e }] }],
      });
      const seen = [];
      const { finished, child } = s.supervise('sh', ['-c', 'umask 0; exec cat /dev/null'], {
        profile: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['umask', 'openat'], action: 'SCMP_ACT_ERRNO' }] },
        reportOnly: true,
        onViolation: item => seen.push(item),
      });
      await finished;
      tell(seen.filter(({ syscall }) => syscall === 'umask').map(({ syscall, args, abi }) => [syscall, args[0], abi])[0]);`);
    assert.deepEqual(told(outcome), ['umask', '0', NATIVE]);
  });

  it('reports why the command cannot be traced', () => {
    const outcome = inChild(`
      s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['ptrace'], action: 'SCMP_ACT_ERRNO' }] });
      try {
        s.spawn('true', { profile: harmless, reportOnly: true, onViolation: () => {} });
      } catch ({ code, errno }) {
        tell([code, errno]);
      }`);
    assert.deepEqual(told(outcome), ['tracer-refused', 1]);
  });

  for (const [when, name] of [
    ['as it starts', 'setsid'],
    ['as it attaches', 'ptrace'],
  ] as const)
    it(`reports that the tracer ended if a filter of this process kills it ${when}`, () => {
      // The tracer inherits the filter of this process.
      const outcome = inChild(`
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['${name}'], action: 'SCMP_ACT_KILL_PROCESS' }] });
        const messages = [
          () => s.spawn('true', { profile: harmless, reportOnly: true, onViolation: () => {} }),
          () => s.record('true'),
          () => s.startRecording(),
        ].map(act => { try { act(); } catch ({ code, message }) { return code + ': ' + message; } });
        tell(messages);`);
      for (const message of told<readonly string[]>(outcome))
        assert.match(message, /^no-tracer: the tracer ended before it could begin\. Check for a filter/);
    });

  it('traces children even if they are started with CLONE_UNTRACED', async function () {
    if (!has('python3')) skip(this, 'there is no Python');
    const CLONE_UNTRACED = 0x00800000;
    const number = numberOf('clone');
    // Otherwise the calls of the child would fail with ENOSYS.
    const code = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
pid = libc.syscall(${number}, ${CLONE_UNTRACED} | 17, 0, 0, 0, 0)
if pid == 0:
    os._exit(7 if libc.chdir(b'/') == 0 else 1)
print(os.waitpid(pid, 0)[1] >> 8)
`;
    const { stdout, violations } = await report(refusing('chdir'), 'python3', ['-c', code]);
    assert.equal(stdout, '7\n');
    assert.ok(violations.some(({ syscall }) => syscall === 'chdir'));
  });

  it('ends the command if its tracer is killed, with an error', async () => {
    const child = spawn('sleep', ['60'], {
      profile: refusing('chdir'),
      reportOnly: true,
      onViolation: () => undefined,
      stdio: 'ignore',
    });
    const tracer = /^TracerPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    const error = new Promise<SupervisionError>(resolve => child.on('error', resolve as (e: Error) => void));
    const exit = ending(child);
    process.kill(Number(tracer), 'SIGKILL');
    assert.deepEqual([await exit, (await error).code], ['SIGKILL', 'tracer-ended']);
  });

  it('isolates the command as usual, and does not filter rings', async () => {
    const violations: (string | undefined)[] = [];
    const { child, isolation, finished } = supervise(
      'sh',
      ['-c', 'cd / && grep Seccomp_filters /proc/self/status'],
      {
        profile: refusing('chdir'),
        ringFilter: 'required',
        stdio: ['ignore', 'pipe', 'inherit'],
        reportOnly: true,
        onViolation: ({ syscall }) => violations.push(syscall),
      },
    );
    let stdout = '';
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    await once(child, 'close');
    await finished;
    assert.deepEqual([isolation, violations], [features().isolation, ['chdir']]);
    // The layer of isolation, and the filter that stops for the tracer.
    assert.equal(stdout, 'Seccomp_filters:\t2\n');
  });

  it('closes the listener of a command that cannot be started', async () => {
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const start = async (): Promise<number> => {
      const { child, finished } = supervise('/no/such/file', {
        profile: {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['chdir'], action: 'SCMP_ACT_NOTIFY' }],
        },
        handlers: { chdir: () => ({ errno: 'EPERM' }) },
        reportOnly: true,
        onViolation: () => undefined,
        stdio: 'ignore',
      });
      await once(child, 'error');
      await finished;
      return descriptors();
    };
    assert.equal(await start(), await start());
  });

  it('leaves no process behind if the command cannot be started', async () => {
    const { child, finished } = supervise('/no/such/file', {
      profile: refusing('chdir'),
      reportOnly: true,
      onViolation: () => undefined,
    });
    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ENOENT');
    await finished;
  });
});
